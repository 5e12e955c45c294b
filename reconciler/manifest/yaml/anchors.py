"""Anchors and aliases, which are allowed within a limit on their expansion. Tags are refused here too."""

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.errors import ManifestError, error, refused
from reconciler.manifest.yaml.event_source import ParserMark
from reconciler.manifest.yaml.limits import YamlLimits
from reconciler.model.diagnostic import Diagnostic, RelatedPosition
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position

_WEIGHT = 64
"""Characters of an anchored text that count as one more value."""


class AnchorTable:
    """Anchors of one document, and the values of its aliases."""

    def __init__(
        self,
        limits: YamlLimits,
        problems: list[Diagnostic],
        where: Callable[[int, int], Position],
        earlier: Mapping[str, Position] | None = None,
    ) -> None:
        self.places: dict[str, Position] = {}
        self._earlier = earlier or {}
        self.aliases: dict[int, int] = {}
        self._limits = limits
        self._problems = problems
        self._where = where
        self._named: dict[str, tuple[Json, int, int, int]] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self._open: set[str] = set()
        self._spent = 0

    def scalar(self, event: Any) -> None:
        """Check a scalar's tag."""
        if event.tag is not None:
            self._tag(event)

    def opened(self, event: Any) -> None:
        """Check the start of a collection."""
        if event.tag is not None:
            self._tag(event)
        if event.anchor is not None:
            self._open.add(event.anchor)
            self.places.setdefault(event.anchor, self._place(event.start_mark))

    def closed(self, anchor: str, value: Json, mark: ParserMark, *, number: int) -> None:
        """Record the anchor of a completed collection."""
        self._open.discard(anchor)
        self.name(anchor, value, mark, number=number)

    def name(self, anchor: str, value: Json, mark: ParserMark, *, number: int) -> None:
        """Record the anchor of the node with this number; a later one of the same name replaces it, as in YAML."""
        self._named[anchor] = (value, number, *self._weigh(value))
        self.places.setdefault(anchor, self._place(mark))
        if len(self._named) > self._limits.anchors:
            raise refused("E_YAML_SIZE", f"the file has more than {self._limits.anchors} anchors", self._place(mark))

    def use(self, anchor: str, mark: ParserMark, *, number: int, depth: int) -> Json:
        """Return the anchored value and add its size to the budget. Raises ManifestError (E_YAML_LIMIT)."""
        if anchor in self._open:
            raise refused("E_YAML_ALIAS", f"alias *{anchor} refers to a node that contains it", self._place(mark))
        if anchor not in self._named:
            raise self._unnamed(anchor, mark)
        value, named, weight, levels = self._named[anchor]
        self._spent += weight
        if self._spent > self._limits.shared:
            message = f"the aliases expand to more than {self._limits.shared} values"
            raise refused("E_YAML_LIMIT", message, self._place(mark))
        if depth + levels > self._limits.depth:
            message = f"with `*{anchor}`, nesting is deeper than {self._limits.depth} levels"
            raise refused("E_YAML_DEPTH", message, self._place(mark))
        self.aliases[number] = named
        return value

    def _unnamed(self, anchor: str, mark: ParserMark) -> ManifestError:
        first = self._earlier.get(anchor)
        if first is None:
            hint = f"define the anchor &{anchor} before this line"
            return refused("E_YAML_SYNTAX", f"undefined alias *{anchor}", self._place(mark), hint=hint)
        message = f"anchor &{anchor} is defined in an earlier document, at line {first.line}: anchors end at `---`"
        hint = "write the value again, or use a template's {% set %}"
        related = (RelatedPosition(message="defined here", position=first),)
        problem = error("E_YAML_SYNTAX", message, self._place(mark), hint=hint, related=related)
        return ManifestError(message, [problem], code="E_YAML_SYNTAX", hint=hint)

    def _weigh(self, value: Json) -> tuple[int, int]:
        """Return the number of values in it, and its depth."""
        if isinstance(value, str):
            return 1 + len(value) // _WEIGHT, 0
        if not isinstance(value, (dict, list)):
            return 1, 0
        if id(value) not in self._sizes:
            parts = [self._weigh(part) for part in (value.values() if isinstance(value, dict) else value)]
            weight = 1 + len(parts) * isinstance(value, dict) + sum(each for each, _ in parts)
            self._sizes[id(value)] = (weight, 1 + max((levels for _, levels in parts), default=0))
        return self._sizes[id(value)]

    def _tag(self, event: Any) -> None:
        message = f"tag `{event.tag}` is not supported"
        hint = "remove the tag; the field determines the type"
        self._problems.append(error("E_YAML_TAG", message, self._place(event.start_mark), hint=hint))

    def _place(self, mark: ParserMark) -> Position:
        return self._where(mark.line + 1, mark.column + 1)

"""Checks keys of mappings: text, unique, and merge keys."""

from collections.abc import Callable
from typing import Any

from reconciler.errors import ManifestError, ProblemList, error, refused
from reconciler.manifest.yaml import characters, pyyaml
from reconciler.manifest.yaml.document import Document, MergeKey
from reconciler.manifest.yaml.event_source import ParserMark
from reconciler.manifest.yaml.scalars import Scalars
from reconciler.model.diagnostic import Diagnostic, RelatedPosition
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position
from reconciler.strings import normalize_name

MERGE = "\0<<"
"""Placeholder of a plain `<<` while a mapping is parsed; no text can hold U+0000, so it never equals a key."""

_INTERNAL = "\0"
_NO_TEXTS = frozenset({"true", "false", "null"})


class MappingKeys:
    """Checks the keys of one file.

    An invalid or repeated key is recorded under a name that no text can have, and removed once its position is known.
    """

    def __init__(self, problems: list[Diagnostic], where: Callable[[int, int], Position], most: int) -> None:
        self._most = most
        self.known: dict[str, str] = {}
        self._problems = problems
        self._where = where
        self._scalars = Scalars(ProblemList(), where)
        self._odd: list[tuple[int, dict[str, Json], str, str]] = []
        self._refused = False
        self._merges: dict[int, MergeKey] = {}
        self._first_merge: dict[int, ParserMark] = {}
        self._made = 0
        self._levels: dict[int, int] = {}

    def key(self, event: Any, inside: dict[str, Json]) -> str:
        """Return the NFC key in `inside` for a scalar."""
        text: str = event.value
        if event.implicit[0]:
            if text == "<<":
                return self._merge_key(event.start_mark, inside)
            if is_plain_key(text):
                self.known[text] = text
                return text
            if not isinstance(self._scalars.resolve(text, event.start_mark), str):
                return self._refuse(event.start_mark, f"the key `{text}` is not text")
        verdict = characters.forbidden_character(text)
        if verdict:
            self._problems.append(error(*verdict, self._place(event.start_mark)))
        key = normalize_name(text)
        if event.implicit[0]:
            self.known[text] = key
        return key

    def _refuse(self, mark: ParserMark, message: str) -> str:
        place = self._place(mark)
        self._problems.append(error("E_YAML_KEYTYPE", message, place, hint="put it in quotes if it is meant as text"))
        return self._unwritable()

    def _merge_key(self, mark: ParserMark, inside: dict[str, Json]) -> str:
        """Return the key for `<<`; a second one in a mapping is reported, and recorded under another name."""
        if MERGE not in inside:
            self._first_merge[id(inside)] = mark
            return MERGE
        first = self._place(self._first_merge[id(inside)])
        self._problems.append(_twice("<<", self._place(mark), first, "write one `<<: [*a, *b]`"))
        return self._unwritable()

    def _unwritable(self) -> str:
        """Return a new key that no text can hold; `settle` removes it."""
        self._refused = True
        self._made += 1
        return f"{_INTERNAL}{self._made}"

    def not_text(self, event: Any) -> ManifestError:
        """Return the error for a key that is a list, a mapping or an alias."""
        place = self._place(event.start_mark)
        if type(event) is pyyaml.AliasEvent:
            message = f"the key is the alias `*{event.anchor}`; a key is written out, so that a reader sees it"
            return refused("E_YAML_KEYTYPE", message, place, hint="write the text it stands for, in quotes")
        what = "list" if type(event) is pyyaml.SequenceStartEvent else "mapping"
        hint = "put it in quotes if it is meant as text: `{` and `[` begin a mapping or a list"
        return refused("E_YAML_KEYTYPE", f"the key is a {what}; a key must be text", place, hint=hint)

    def repeated(self, number: int, inside: dict[str, Json], key: str) -> str:
        """Return the name under which a repeated key of the mapping with this number is recorded until `settle`."""
        name = f"{_INTERNAL}{len(self._odd)}:{key}"
        self._odd.append((number, inside, key, name))
        return name

    def merge(self, inside: dict[str, Json], number: int, mark: ParserMark) -> None:
        """Apply the merge key of a completed mapping: its own keys win, then earlier sources."""
        ordinal = list(inside).index(MERGE)
        source = inside.pop(MERGE)
        sources = source if isinstance(source, list) else [source]
        parts = [part for part in sources if isinstance(part, dict)]
        if len(parts) != len(sources):
            place = self._place(self._first_merge[id(inside)])
            hint = "write <<: *name, where &name is a mapping"
            raise refused("E_YAML_MERGE", "`<<` merges mappings only", place, hint=hint)
        self._merges[number] = MergeKey(len(inside), ordinal, source)
        self._count(inside, parts, mark)
        for part in parts:
            for key, value in part.items():
                inside.setdefault(key, value)

    def _count(self, inside: dict[str, Json], parts: list[dict[str, Json]], mark: ParserMark) -> None:
        """Limit the nesting of merged mappings: each level can double the work."""
        level = 1 + max((self._levels.get(id(part), 0) for part in parts), default=0)
        self._levels[id(inside)] = level
        if level > self._most:
            raise refused("E_YAML_LIMIT", f"`<<` goes through more than {self._most} mappings", self._place(mark))

    def finished(self) -> dict[int, MergeKey]:
        """Return the merges of the document that ended."""
        merges, self._merges = self._merges, {}
        self._levels.clear()
        self._first_merge.clear()
        return merges

    def settle(self, document: Document, where: Callable[[int, int], Position]) -> None:
        """Report the repeated keys of a document with both positions, and remove placeholder keys.

        `where` takes the document's own places, which are those of the whole text.
        """
        self._refused = self._refused or bool(self._odd and document.merges)  # a merge copies placeholder keys too
        if self._refused or self._odd:
            document.start_index()
        for number, inside, key, name in self._odd:
            first, second = (where(*document.key_place(number, inside, each)) for each in (key, name))
            self._problems.append(_twice(key, second, first, "remove one of the two"))
        for _number, inside, _key, name in self._odd:
            inside.pop(name, None)
        self._odd.clear()
        if self._refused:
            self._refused = False
            _clean(document.value)

    def _place(self, mark: ParserMark) -> Position:
        return self._where(mark.line + 1, mark.column + 1)


def is_plain_key(text: str) -> bool:
    """Tell whether a plain scalar is a key as it is: a name in ASCII, which no one takes for another value."""
    return text.isascii() and text.isidentifier() and text not in _NO_TEXTS


def _twice(key: str, second: Position, first: Position, hint: str) -> Diagnostic:
    related = (RelatedPosition(message="first defined here", position=first),)
    return error("E_YAML_DUPKEY", f"duplicate key {key!r}", second, hint=hint, related=related)


def _clean(value: Json) -> None:
    """Remove placeholder keys; each container is visited at least once, shared ones too."""
    if isinstance(value, list):
        for item in value:
            _clean(item)
    if isinstance(value, dict):
        for key in [key for key in value if key.startswith(_INTERNAL)]:
            del value[key]
        for item in value.values():
            _clean(item)

"""Content of an object that a plan creates or destroys, as the human formats list it.

Documented defaults are counted, not listed, unless the options request them. Of a destroyed object only what a manifest
can declare is listed: identifiers, states and times that the service assigns are not lost content.
"""

from collections.abc import Iterator, Mapping

from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change, FieldChange, FieldOp, NoValue, Value
from reconciler.model.field_tree import Dropped, Visit, map_parts
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import is_default
from reconciler.semantics.equality import is_empty
from reconciler.strings import count


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectContent:
    """Listed values of an object by path, and the number of documented defaults that are not listed."""

    values: tuple[tuple[str, Value], ...] = ()
    hidden: int = 0

    @property
    def note(self) -> str:
        """`14 defaults hidden`, or nothing."""
        return f"{count(self.hidden, 'default')} hidden" if self.hidden else ""

    def fields(self, op: FieldOp) -> list[FieldChange]:
        """Return the values as differences, for formats that show both sides."""
        if op is FieldOp.REMOVE:
            return [FieldChange(path=path, op=op, before=value) for path, value in self.values]
        return [FieldChange(path=path, op=op, after=value) for path, value in self.values]


def object_content(change: Change, *, defaults: bool) -> ObjectContent:
    """Return the content that a create or a delete is about; `defaults` lists the documented ones too."""
    if change.action is Action.DELETE:
        return _lost(change, defaults=defaults)
    hidden: frozenset[str] = frozenset() if defaults else frozenset(change.defaults)
    unknown = frozenset(change.unknown)
    found = leaves(change.after, without=hidden) if change.after else ()
    values = tuple((path, NoValue.UNKNOWN if path in unknown else value) for path, value in found)
    return ObjectContent(values=values, hidden=len(hidden))


def _lost(change: Change, *, defaults: bool) -> ObjectContent:
    before = change.before if isinstance(change.before, Mapping) else {}
    kind = all_kinds().get(change.kind)
    if kind is None:
        return ObjectContent(values=tuple(leaves(before)) if before else ())
    field = compiled(kind)
    declarable = _declarable(field, before)
    stated = _declarable(field, before, without_defaults=True)
    every, shown = (tuple(leaves(one)) if one else () for one in (declarable, stated))
    return ObjectContent(values=every) if defaults else ObjectContent(values=shown, hidden=len(every) - len(shown))


def _declarable(field: CompiledField, value: Json, *, without_defaults: bool = False) -> Json:
    """Return the writable part of a live value that is not empty; `without_defaults` removes documented defaults."""

    def part_of(child: CompiledField | None, part: Json) -> Json | Dropped:
        if child is None or (without_defaults and is_default(child, part)):
            return Visit.DROP
        return _declarable(child, part, without_defaults=without_defaults)

    kept = map_parts(field, value, part_of)
    return {name: part for name, part in kept.items() if not is_empty(part)} if isinstance(kept, dict) else kept


def leaves(value: Json, path: str = "", *, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, Json]]:
    """Yield every scalar and empty list, with its path as in plans; nothing at or below the paths of `without`."""
    if path in without:
        return
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key), without=without)
    elif isinstance(value, (list, tuple)) and value and any(isinstance(item, (Mapping, list)) for item in value):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]", without=without)
    else:
        yield path, value

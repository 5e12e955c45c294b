"""Unknown fields of a response: kept unchanged, and reported once for each path.

The API grows: ten enumerations gained values in eighteen months (api.md §11). None of this is an error.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import chain, islice
from typing import TypeVar
from weakref import WeakKeyDictionary

from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.field_tree import child_at
from reconciler.model.json_types import Json

MOST = 20
"""Most paths that are reported one by one; the rest are counted."""

_AT_ONCE = 100
"""Rows that are looked at together: a processor's cache holds them while one field after another is looked at."""

_PYTHON: Mapping[FieldType, tuple[type, ...]] = {
    FieldType.TEXT: (str,),
    FieldType.INTEGER: (int,),
    FieldType.NUMBER: (int, float),
    FieldType.BOOLEAN: (bool,),
    FieldType.OBJECT: (dict,),
    FieldType.LIST: (list,),
}

_NULL = frozenset({type(None)})

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _KnownField:
    """A field of a kind's table, and the types of which nothing needs to be looked at but that a value has one."""

    field: Field
    plain: frozenset[type]


_Known = dict[int, dict[str, _KnownField]]
"""Known fields of the objects met, by the identity of the object's table and by name."""

_KNOWN_FIELDS: WeakKeyDictionary[Kind, _Known] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnknownFieldSet:
    """Unknown fields so far, unknown values by path, and by path the type of the last unexpected value."""

    known: _Known
    fields: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    types: dict[str, tuple[FieldType, str]] = field(default_factory=dict)


def find_unknown_fields(kind: Kind, rows: Iterable[Mapping[str, Json]]) -> tuple[Diagnostic, ...]:
    """Return one diagnostic for each unknown field, unknown value or unexpected type, wherever it occurs."""
    found, left = _UnknownFieldSet(known=_KNOWN_FIELDS.setdefault(kind, {})), iter(rows)
    while some := [*islice(left, _AT_ONCE)]:
        _objects(kind.root, some, found)
    return tuple(_told(kind, found))


def _objects(table: Field, objects: Sequence[Mapping[str, Json]], found: _UnknownFieldSet) -> None:
    known = found.known.setdefault(id(table), {})
    for name, values in _columns(objects):
        one = known.get(name) or _known_field(known, table, name)
        if one is None:
            found.fields.add(f"{table.path}.{name}" if table.path else name)
        elif not one.plain.issuperset(map(type, values)):
            _values(one.field, values, found, skipped=_NULL)


def _known_field(known: dict[str, _KnownField], table: Field, name: str) -> _KnownField | None:
    child = child_at(table, name)
    if child is None:
        return None
    inside = child.enum or child.type in {FieldType.OBJECT, FieldType.LIST}
    known[name] = one = _KnownField(field=child, plain=_NULL if inside else _NULL.union(_PYTHON[child.type]))
    return one


def _columns(objects: Sequence[Mapping[str, Json]]) -> Iterable[tuple[str, Sequence[Json]]]:
    """Return the values of each field, in the order of the objects; nearly always all have the same fields."""
    names = [*map(tuple, objects)]
    if names and names.count(names[0]) == len(names):
        return zip(names[0], zip(*[each.values() for each in objects], strict=True), strict=True)
    found: dict[str, list[Json]] = defaultdict(list)
    for each in objects:
        for name, value in each.items():
            found[name].append(value)
    return found.items()


def _values(
    table: Field, values: Sequence[Json], found: _UnknownFieldSet, *, skipped: frozenset[type] = frozenset()
) -> None:
    """Look at the values of one field of many objects, in their order, without those of the types to skip."""
    types = {*map(type, values)} - skipped
    if not types.issubset(_PYTHON[table.type]):
        for value in values:
            if type(value) not in skipped and not _fits(table.type, value):
                found.types[table.path] = (table.type, type(value).__name__)
    if table.type is FieldType.OBJECT:
        _objects(table, _distinct(values, dict), found)
    elif table.type is FieldType.LIST and table.item is not None:
        _values(table.item, [*chain.from_iterable(_distinct(values, list))], found)
    elif table.type is FieldType.TEXT and table.enum:
        unknown = {value for value in values if isinstance(value, str)}.difference(table.enum, ("",))
        if unknown:
            found.values.setdefault(table.path, set()).update(unknown)


def _distinct(values: Sequence[Json], of: type[T]) -> list[T]:
    """Return the values of a type in the order in which they come last, each once: many objects share it."""
    last = {id(value): value for value in reversed(values) if isinstance(value, of)}
    return [*last.values()][::-1]


def _fits(expected: FieldType, value: Json) -> bool:
    if isinstance(value, bool):
        return expected is FieldType.BOOLEAN
    if isinstance(value, float) and value.is_integer():
        return expected in {FieldType.INTEGER, FieldType.NUMBER}
    return isinstance(value, _PYTHON[expected])


def _told(kind: Kind, found: _UnknownFieldSet) -> Iterator[Diagnostic]:
    unknown = sorted(found.fields)
    for path in unknown[:MOST]:
        yield _note(kind, "N_UNKNOWN_FIELD", path, "the service sends a field this version does not know; it is kept")
    if len(unknown) > MOST:
        text = f"the service sends {len(unknown) - MOST} more fields this version does not know; they are kept"
        yield _note(kind, "N_UNKNOWN_FIELD", "", text)
    for path, values in sorted(found.values.items()):
        named = ", ".join(repr(value[:60]) for value in sorted(values)[:5])
        yield _note(kind, "N_UNKNOWN_VALUE", path, f"the service sends a value this version does not know: {named}")
    for path, (expected, got) in sorted(found.types.items()):
        text = f"the service sends {got} where {expected} is documented; equal values are still taken as equal"
        yield _note(kind, "W_READ_TYPE", path, text, Severity.WARNING)


def _note(kind: Kind, code: str, path: str, message: str, severity: Severity = Severity.NOTE) -> Diagnostic:
    where = f"{kind.name} {path}: " if path else f"{kind.name}: "
    return Diagnostic(severity=severity, code=code, message=where + message, path=path)

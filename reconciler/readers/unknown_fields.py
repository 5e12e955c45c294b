"""Unknown fields of a response: kept unchanged, and reported once for each path.

The API grows: ten enumerations gained values in eighteen months (api.md §11). None of this is an error.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from weakref import WeakKeyDictionary

from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.field_tree import child_at
from reconciler.model.json_types import Json

MOST = 20
"""Most paths that are reported one by one; the rest are counted."""

_MOST_SEEN = 2_000
"""Parts of rows that are remembered."""

_PYTHON: Mapping[FieldType, tuple[type, ...]] = {
    FieldType.TEXT: (str,),
    FieldType.INTEGER: (int,),
    FieldType.NUMBER: (int, float),
    FieldType.BOOLEAN: (bool,),
    FieldType.OBJECT: (dict,),
    FieldType.LIST: (list,),
}


_EXACT: Mapping[FieldType, type] = {
    FieldType.TEXT: str,
    FieldType.INTEGER: int,
    FieldType.NUMBER: float,
    FieldType.BOOLEAN: bool,
}


_Shape = tuple[object, ...]
"""Identity of an object's table, names of its fields, and the types of their values."""

_Open = tuple[tuple[str, frozenset[Json] | None, Field], ...]
"""Fields of a shape whose values are looked at: the known values of a text with some, and the field's table."""

_Shapes = dict[_Shape, tuple[frozenset[str], _Open]]
"""Unknown fields of each shape, and those to look into."""

_KNOWN_SHAPES: WeakKeyDictionary[Kind, _Shapes] = WeakKeyDictionary()
"""Shapes of earlier reads, without those with unknown fields."""

_MOST_SHAPES = 500
"""Shapes of a kind that are kept for later reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnknownFieldSet:
    """Unknown fields so far, and the shapes of objects.

    Thousands of objects have a few shapes, and nearly every field of a shape has the type of the table. `seen` are the
    first parts that were looked at, by the identities of table and part: rows share equal parts.
    """

    shapes: _Shapes
    seen: dict[tuple[int, int], Json] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    types: dict[str, tuple[FieldType, str]] = field(default_factory=dict)


def find_unknown_fields(kind: Kind, rows: Iterable[Mapping[str, Json]]) -> tuple[Diagnostic, ...]:
    """Return one diagnostic for each unknown field, unknown value or unexpected type, wherever it occurs."""
    known = _KNOWN_SHAPES.setdefault(kind, {})
    found = _UnknownFieldSet(shapes=known.copy())
    for row in rows:
        _object(kind.root, row, found)
    if len(known) < len(found.shapes) <= _MOST_SHAPES:
        known.update({shape: each for shape, each in found.shapes.items() if not each[0]})
    return tuple(_told(kind, found))


def _object(table: Field, value: Mapping[str, Json], found: _UnknownFieldSet) -> None:
    shape = (id(table), *value, *map(type, value.values()))
    known = found.shapes.get(shape)
    if known is None:
        known = found.shapes[shape] = _unknown(table, value), tuple(_open(table, value))
        found.unknown.update(known[0])
    for name, choices, child in known[1]:
        item = value[name]
        if choices is not None:
            if item in choices:
                continue
        elif item.__class__ is dict:
            key = (id(child), id(item))
            if key in found.seen:
                continue
            if len(found.seen) < _MOST_SEEN:
                found.seen[key] = item  # keeps its identity
        _value(child, item, found)


def _unknown(table: Field, value: Mapping[str, Json]) -> frozenset[str]:
    path = f"{table.path}." if table.path else ""
    return frozenset(path + name for name in value if child_at(table, name) is None)


def _open(table: Field, value: Mapping[str, Json]) -> Iterator[tuple[str, frozenset[Json] | None, Field]]:
    """Yield the fields of an object with values of this object's types that may be unknown, or hold what is unknown."""
    for name, item in value.items():
        child = child_at(table, name)
        if child is None or item is None or (type(item) is _EXACT.get(child.type) and not child.enum):
            continue
        yield name, frozenset(child.enum) if isinstance(item, str) and child.enum else None, child


def _value(table: Field, value: Json, found: _UnknownFieldSet) -> None:
    if isinstance(value, dict) and table.type is FieldType.OBJECT:
        _object(table, value, found)
    elif not _fits(table.type, value):
        found.types[table.path] = (table.type, type(value).__name__)
    elif isinstance(value, list) and table.item is not None:
        exact = _EXACT.get(table.item.type) if not table.item.enum else None
        if exact is None or not {exact}.issuperset(map(type, value)):
            for item in value:
                _value(table.item, item, found)
    elif table.enum and value not in table.enum and isinstance(value, str) and value:
        found.values.setdefault(table.path, set()).add(value)


def _fits(expected: FieldType, value: Json) -> bool:
    if isinstance(value, bool):
        return expected is FieldType.BOOLEAN
    if isinstance(value, float) and value.is_integer():
        return expected in {FieldType.INTEGER, FieldType.NUMBER}
    return isinstance(value, _PYTHON[expected])


def _told(kind: Kind, found: _UnknownFieldSet) -> Iterator[Diagnostic]:
    unknown = sorted(found.unknown)
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

"""Unknown fields of a response: kept unchanged, and reported once for each path.

The API grows: ten enumerations gained values in eighteen months (api.md §11). None of this is an error.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.field_tree import child_at
from reconciler.model.json_types import Json

MOST = 20
"""Most paths that are reported one by one; the rest are counted."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnknownFieldSet:
    """Unknown fields so far, and for each object of the table what `_expected` returns."""

    expected: dict[int, "_Expected"] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    types: dict[str, tuple[FieldType, str]] = field(default_factory=dict)


def find_unknown_fields(kind: Kind, rows: Iterable[Mapping[str, Json]]) -> tuple[Diagnostic, ...]:
    """Return one diagnostic for each unknown field, unknown value or unexpected type, wherever it occurs."""
    found = _UnknownFieldSet()
    for row in rows:
        _object(kind.root, row, found)
    return tuple(_told(kind, found))


def _object(table: Field, value: Mapping[str, Json], found: _UnknownFieldSet) -> None:
    expected = found.expected.get(id(table))
    if expected is None:
        expected = found.expected[id(table)] = _expected(table)
    plain, choices = expected
    for name, item in value.items():
        if type(item) is plain.get(name):
            continue  # nearly every field of nearly every object: checked first
        if type(item) is str and item in choices.get(name, ()):
            continue
        child = child_at(table, name)
        if child is None:
            found.unknown.add(f"{table.path}.{name}" if table.path else name)
        elif item is not None:
            _value(child, item, found)


_Expected = tuple[Mapping[str, type], Mapping[str, frozenset[Json]]]


def _expected(table: Field) -> _Expected:
    """Return the exact types of the fields with one value of an open set, and the known values of texts with some."""
    fields = table.children.items()
    plain = {name: _EXACT[child.type] for name, child in fields if child.type in _EXACT and not child.enum}
    return plain, {name: frozenset(child.enum) for name, child in fields if child.type is FieldType.TEXT and child.enum}


def _value(table: Field, value: Json, found: _UnknownFieldSet) -> None:
    if not _fits(table.type, value):
        found.types[table.path] = (table.type, type(value).__name__)
    elif isinstance(value, dict):
        _object(table, value, found)
    elif isinstance(value, list) and table.item is not None:
        exact = _EXACT.get(table.item.type) if not table.item.enum else None
        for item in value:
            if type(item) is not exact:
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

"""Semantics of absent, null, empty and default values, on the declared and on the live side.

An absent or null live field with a documented default has that default. A declared null clears: to the default where
there is one, else to absent. A declared field that is left out has its default only where the field table sets that
(`Field.defaulted`); otherwise it is not managed.
"""

from collections.abc import Callable, Mapping

from reconciler.kinds.base.field import FieldType
from reconciler.kinds.base.kind import Kind
from reconciler.model.change import NoValue
from reconciler.model.field_tree import Dropped, Visit, child_at, map_parts
from reconciler.model.json_types import Json, as_object
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.equality import equivalent, is_empty
from reconciler.semantics.known_parts import KnownParts


def holds_secret(value: Json) -> bool:
    """Return whether a sensitive field has a value; a list of empty texts has none."""
    return any(map(holds_secret, value)) if isinstance(value, list) else not is_empty(value)


def is_default(field: CompiledField, value: Json) -> bool:
    """Return whether a value is equivalent to the field's documented default."""
    return field.documented and equivalent(field, field.default, value)


def is_unchanged(
    field: CompiledField, declared: Mapping[str, Json], live: Mapping[str, Json], known: KnownParts
) -> bool:
    """Tell at once that a comparison of two objects has nothing to tell, as of nearly every object of a plan.

    The live one has what is declared, and no default that is left out. Where this is false, only the comparison tells.
    """
    absent = field.absent_defaults(declared)
    return absent is not None and known.holds(live, declared) and absent.isdisjoint(live)


def are_unchanged(field: CompiledField, declared: list[Json], live: list[Json], known: KnownParts) -> bool:
    """Tell whether two keyed lists have unchanged items in one order, each with all of its keys: the common case."""
    if len(declared) != len(live) or not field.each.exact:
        return False
    items = known.keyed_objects(field, declared)
    return items is not None and all(
        isinstance(had, dict) and known.holds(had, wanted) and absent.isdisjoint(had)
        for (wanted, absent), had in zip(items, live, strict=True)
    )


def effective(field: CompiledField, value: Json | NoValue, *, creating: bool = False) -> Json | NoValue:
    """Return the effective value of a field: ABSENT where it has none, or is not managed.

    `value` is ABSENT for a declared field that is left out (`creating`: of an object that is new), None for a null or
    for a live field that is absent.
    """
    if value is NoValue.ABSENT:
        counts = field.field.defaulted or (creating and field.counts_on_create)
        return field.default if counts else NoValue.ABSENT
    if value is None:
        return field.default if field.documented else NoValue.ABSENT
    return value


def effective_field(kind: Kind, name: str, spec: Mapping[str, Json]) -> Json | NoValue:
    """Return the effective value of a field at the top of an object; ABSENT where the kind has no such field."""
    field = child_at(compiled(kind), name)
    return NoValue.ABSENT if field is None else effective(field, spec.get(name))


def cleared_value(field: CompiledField) -> Json | NoValue:
    """Return the value sent for a cleared field; ABSENT where its key is left out of the request."""
    if field.documented:
        return field.default
    return {FieldType.TEXT: "", FieldType.LIST: []}.get(field.type, NoValue.ABSENT)


def fill_defaults(
    field: CompiledField,
    value: Json,
    *,
    creating: bool = False,
    secret: Callable[[Json], Json] = lambda value: value,
) -> Json:
    """Return the writable part of a value with documented defaults wherever their parent object is present.

    `creating` adds the defaults that count for a new object only. `secret` is applied to each sensitive value.
    """
    if field.sensitive:
        return secret(value)
    if value is None:
        return field.default if field.documented else None

    def filled(part_field: CompiledField | None, part: Json) -> Json | Dropped:
        if part_field is None:
            return Visit.DROP
        if part is not None and part_field.plain:
            return part  # nearly every field of nearly every object: checked first
        return fill_defaults(part_field, part, creating=creating, secret=secret)

    if field.type is FieldType.OBJECT and isinstance(value, Mapping):
        absent = field.creation_defaults if creating else field.defaulted
        given = as_object(map_parts(field, value, filled))
        return {**given, **{child.name: child.default for child in absent if child.name not in value}}
    return map_parts(field, value, filled) if field.type is FieldType.LIST and isinstance(value, list) else value

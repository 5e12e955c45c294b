"""Which objects an environment looks after: by the start of their names, and by their room type."""

from collections.abc import Mapping

from reconciler.kinds.base.kind import Kind
from reconciler.model.options import ResourceScope
from reconciler.model.resource import Json
from reconciler.semantics.compiled_field import compiled
from reconciler.semantics.defaults import effective
from reconciler.strings import normalize_name


def outside_scope_reason(kind: Kind, name: str, spec: Mapping[str, Json], scope: ResourceScope) -> str:
    """Return why an object, declared or live, is outside a scope; empty where it is inside."""
    if not normalize_name(name).startswith(normalize_name(scope.name_prefix)):
        return f"its name does not start with {scope.name_prefix}"
    return wrong_type_reason(kind, spec, scope.room_types)


def wrong_type_reason(kind: Kind, spec: Mapping[str, Json], room_types: frozenset[str]) -> str:
    """Return why an object has none of the room types; a kind without types has every one of them.

    An object without a type has the documented default.
    """
    field = compiled(kind).children.get("room_type")
    if field is None or not room_types:
        return ""
    room_type = effective(field, spec.get("room_type"))
    return "" if room_type in room_types else f"its type is {room_type}"

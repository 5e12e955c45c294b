"""The scope of an environment: which objects it manages, by the start of the name and the values of scope fields."""

from collections.abc import Mapping

from reconciler.kinds.base.kind import Kind
from reconciler.model.json_types import Json
from reconciler.model.options import ResourceScope
from reconciler.semantics.defaults import effective_field
from reconciler.strings import normalize_name

ScopeFields = Mapping[str, frozenset[str]]
"""The values that are inside a scope, by the field that has them."""


def outside_scope_reason(kind: Kind, name: str, spec: Mapping[str, Json], scope: ResourceScope) -> str:
    """Return why an object, declared or live, is outside a scope; empty where it is inside."""
    if scope.name_prefix and not normalize_name(name).startswith(normalize_name(scope.name_prefix)):
        return f"its name does not start with {scope.name_prefix}"
    field = outside_field(kind, spec, scope.fields) if scope.fields else ""
    return f"its {field} is {effective_field(kind, field, spec)}" if field else ""


def outside_field(kind: Kind, spec: Mapping[str, Json], fields: ScopeFields) -> str:
    """Return the scope field whose value is outside; empty where none is.

    A field that is absent has its documented default. A kind without a field is inside whatever the field's values.
    """
    outside = (
        name
        for name, inside in fields.items()
        if name in kind.scope_fields and effective_field(kind, name, spec) not in inside
    )
    return next(outside, "")

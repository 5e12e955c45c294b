"""Makes raw objects safe to store: secrets are redacted by path, signatures of addresses removed.

A redacted value keeps its presence, which is all that comparison needs: an empty secret stays empty.
"""

from collections.abc import Mapping

from reconciler.kinds.base.field import Field
from reconciler.kinds.base.kind import Kind
from reconciler.model.field_tree import Visit, rewrite
from reconciler.model.json_types import Json, as_object
from reconciler.redaction import redact_fields


def safe(kind: Kind, spec: Mapping[str, Json]) -> dict[str, Json]:
    """Return a copy of a raw object that is safe to store; fields that are in no table are kept, as in a plan."""
    return dict(as_object(rewrite(kind.root, redact_fields(kind.root, spec), _storable)))


def _storable(field: Field | None, value: Json) -> Json | Visit:
    if field is None:
        return value
    if field.volatile_url and isinstance(value, str):
        return value.partition("?")[0].partition("#")[0]
    return Visit.INTO

"""Makes raw objects safe to store: secrets are redacted by path, signatures of addresses removed.

A redacted value keeps its presence, which is all that comparison needs: an empty secret stays empty.
"""

from collections.abc import Mapping

from reconciler.kinds.base.field import Field
from reconciler.kinds.base.kind import Kind
from reconciler.model.resource import Json
from reconciler.redaction import redact_fields


def safe(kind: Kind, spec: Mapping[str, Json]) -> dict[str, Json]:
    """Return a copy of a raw object that is safe to store; fields that are in no table are kept, as in a plan."""
    return _object(kind.root, redact_fields(kind.root, spec))


def _object(table: Field, value: Mapping[str, Json]) -> dict[str, Json]:
    known = table.children
    return {name: _value(known[name], item) if name in known else item for name, item in value.items()}


def _value(table: Field, value: Json) -> Json:
    if isinstance(value, dict):
        return _object(table, value)
    if isinstance(value, list):
        return [_value(table.item, item) if table.item else item for item in value]
    if table.volatile_url and isinstance(value, str):
        return value.partition("?")[0].partition("#")[0]
    return value

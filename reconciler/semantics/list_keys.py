"""Keys that identify the items of a list."""

import re
from collections.abc import Sequence

from reconciler.kinds.base.field import FieldType
from reconciler.model.field_tree import field_at
from reconciler.model.json_types import Json, is_blank
from reconciler.semantics.compiled_field import CompiledField
from reconciler.strings import normalize_name

KeyValues = tuple[Json, ...]
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)


def parts_of(field: CompiledField, item: Json) -> KeyValues | None:
    """Return the keys of a keyed list's item; None where a required one is missing or not a scalar.

    An absent, cleared and empty optional key are the same.
    """
    if not isinstance(item, dict):
        return None
    parts: list[Json] = []
    for index, path in enumerate(field.keys):
        value: Json = item
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if is_blank(value) and index in field.optional:
            value = None
        elif isinstance(value, str):
            value = _spelled(field, path, value)
        elif not isinstance(value, (int, float)):
            return None
        parts.append(value)
    return tuple(parts)


def _spelled(field: CompiledField, path: Sequence[str], text: str) -> Json:
    """Return a key's text in NFC; where the key is an integer, as that number."""
    if not _INTEGER.fullmatch(text):
        return normalize_name(text)
    at = field_at(field, (0, *path))
    return int(text) if at is not None and at.type is FieldType.INTEGER else text


def all_parts(field: CompiledField, items: Sequence[Json]) -> list[KeyValues] | None:
    """Return the keys of every item; None where any item has none."""
    found: list[KeyValues] = []
    for item in items:
        parts = parts_of(field, item)
        if parts is None:
            return None
        found.append(parts)
    return found


def has_keys(field: CompiledField, items: Sequence[Json]) -> bool:
    """Return whether every item of a list has its keys, so that the order of the list has no meaning."""
    return all(parts_of(field, item) is not None for item in items)

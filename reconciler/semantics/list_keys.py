"""Keys that identify the items of a list."""

import re
from collections.abc import Sequence

from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json, is_blank
from reconciler.semantics.compiled_field import CompiledField
from reconciler.strings import normalize_name

KeyValues = tuple[Json, ...]
_INTEGER = late_pattern(r"-?(0|[1-9]\d{0,17})", re.ASCII)


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
            value = _as_integer(value) if index in field.integer_keys else normalize_name(value)
        elif not isinstance(value, (int, float)):
            return None
        parts.append(value)
    return tuple(parts)


def _as_integer(text: str) -> Json:
    """Return the number of a text in an integer's place; any other text in NFC."""
    return int(text) if _INTEGER.fullmatch(text) else normalize_name(text)


def all_parts(field: CompiledField, items: Sequence[Json]) -> list[KeyValues] | None:
    """Return the keys of every item; None where any item has none."""
    found: list[KeyValues] = []
    for item in items:
        parts = parts_of(field, item)
        if parts is None:
            return None
        found.append(parts)
    return found


def has_keys_of_their_own(field: CompiledField, items: Sequence[Json]) -> bool:
    """Return whether every item of a list has all of its keys, optional ones too, and no other item has the same."""
    keys = all_parts(field, items)
    return keys is not None and len(set(keys)) == len(keys) and not any(None in key for key in keys)


def has_keys(field: CompiledField, items: Sequence[Json]) -> bool:
    """Return whether every item of a list has its keys, so that the order of the list has no meaning."""
    return all(parts_of(field, item) is not None for item in items)

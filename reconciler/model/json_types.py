"""JSON values, and which of them are empty."""

from typing import Any

Json = Any
"""JSON value: None, bool, int, float, str, or a list or str-keyed dict of these."""

_EMPTY: tuple[Json, ...] = (None, "", [], {})


def is_empty(value: Json) -> bool:
    """Return whether a value is null, an empty text, an empty list or an empty object; 0 and false are not empty."""
    return value in _EMPTY


def is_blank(value: object) -> bool:
    """Return whether a value is null or an empty text; an empty list or object is not blank."""
    return value is None or value == ""

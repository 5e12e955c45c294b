"""JSON values: their type, and access to untrusted ones."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""JSON value. Its lists and objects are read-only; code that builds one has a list or a dict of Json."""

JsonObject: TypeAlias = Mapping[str, Json]


def is_blank(value: object) -> bool:
    """Return whether a value is null or an empty text; an empty list or object is not blank."""
    return value is None or value == ""


def as_object(value: object) -> JsonObject:
    """Return an object, or an empty one for anything else."""
    return value if isinstance(value, (dict, Mapping)) else {}


def as_list(value: object) -> list[Json]:
    """Return a list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def require_object(value: object) -> JsonObject:
    """Return an object. Raises ValueError for anything else."""
    if not isinstance(value, (dict, Mapping)):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the text is wrong, not the argument
    return value


def require_list(value: object) -> list[Json]:
    """Return a list. Raises ValueError for anything else."""
    if not isinstance(value, list):
        raise ValueError("not a JSON list")  # noqa: TRY004 - the text is wrong, not the argument
    return value


def require_text(value: object) -> str:
    """Return a text. Raises ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - the text is wrong, not the argument
    return value


def child_of(value: Json, step: str | int) -> Json:
    """Return a field of an object or an item of a list. Raises LookupError where there is none."""
    if isinstance(step, str):
        return as_object(value)[step]
    return as_list(value)[step]

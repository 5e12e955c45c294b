"""What is wrong with one field, in words: the code, the message and what to do next."""

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.kinds.table import Field, Type
from reconciler.manifest.checking import Complaint
from reconciler.model.resource import Json
from reconciler.model.source import Path
from reconciler.strings import did_you_mean

_LONGEST = 60
_WANTED = {
    "string_type": "a text",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_LENGTHS = {
    "string_too_long": ("is {found} characters long", "at most {max_length}"),
    "string_too_short": ("is {found} characters long", "at least {min_length}"),
    "too_long": ("has {found} items", "at most {max_length}"),
    "too_short": ("has {found} items", "at least {min_length}"),
}
_NO_LITERALS = frozenset({"missing", "extra_forbidden", "list_type", "too_long", "too_short"})
"""Complaints about a sensitive field that are not about a literal standing there."""

_RANGES = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
}


class Words(NamedTuple):
    """A code, a message, a hint, and whether the key is the place rather than the value."""

    code: str
    message: str
    hint: str = ""
    at_key: bool = False


def words(complaint: Complaint, field: Field | None, siblings: Iterable[str]) -> Words:
    """Say what a complaint means; `field` is what is known of the place, `siblings` the keys that may stand there."""
    name = _name(complaint.path)
    if field is not None and field.sensitive and complaint.type not in _NO_LITERALS:
        return _secret(name, complaint)
    if complaint.type == "missing":
        return Words("E_FIELD_REQUIRED", f"`{name}` is missing", "add it")
    if complaint.type == "extra_forbidden":
        return _unknown(name, field, siblings)
    if complaint.type in ("literal_error", "enum"):
        return _choice(name, complaint, field)
    if complaint.type in _LENGTHS:
        return _length(name, complaint)
    if complaint.type in _RANGES:
        limit = _RANGES[complaint.type].format(**complaint.limits)
        return Words("E_FIELD_RANGE", f"`{name}` is {shown(complaint.value)}; it must be {limit}")
    if complaint.type == "string_pattern_mismatch":
        message = f"`{name}` is {shown(complaint.value)}, which has not the form {complaint.limits.get('pattern')}"
        return Words("E_FIELD_PATTERN", message)
    return _type(name, complaint, field)


def shown(value: Json) -> str:
    """Spell a value for a message, shortened."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _name(path: Path) -> str:
    steps = [step for step in path if isinstance(step, str)]
    return steps[-1] if steps else "the document"


def _secret(name: str, complaint: Complaint) -> Words:
    if complaint.type == "string_pattern_mismatch":
        hint = "capitals, digits and underscores: {secret: STREAM_KEY} is read from RECONCILER_SECRET_STREAM_KEY"
        return Words("E_FIELD_PATTERN", f"`{name}` is no name of a secret", hint)
    hint = "write {secret: NAME} and give the value as RECONCILER_SECRET_NAME when applying"
    return Words("E_SECRET_LITERAL", f"`{name}` is sensitive and must not stand in a manifest", hint)


def _unknown(name: str, field: Field | None, siblings: Iterable[str]) -> Words:
    if field is not None and not field.writable:
        return Words(
            "E_FIELD_READONLY", f"`{name}` is set by the service and cannot be declared", "leave it out", at_key=True
        )
    known = sorted(siblings)
    listed = f"the fields here are {', '.join(known)}" if len(known) <= 12 else ""
    return Words("E_FIELD_UNKNOWN", f"there is no field `{name}` here", did_you_mean(name, known, listed), at_key=True)


def _choice(name: str, complaint: Complaint, field: Field | None) -> Words:
    known = [str(each) for each in field.enum] if field else _expected(complaint)
    message = f"`{name}` is {shown(complaint.value)}; it must be one of {', '.join(known)}"
    return Words("E_FIELD_ENUM", message, did_you_mean(str(complaint.value), known))


def _expected(complaint: Complaint) -> list[str]:
    said = str(complaint.limits.get("expected", ""))
    return [part.strip("' ") for part in said.replace(" or ", ", ").split(",")]


def _length(name: str, complaint: Complaint) -> Words:
    has, limit = _LENGTHS[complaint.type]
    found = len(complaint.value) if isinstance(complaint.value, (str, list, dict)) else 0
    return Words(
        "E_FIELD_LENGTH", f"`{name}` {has.format(found=found)}; it may have {limit.format(**complaint.limits)}"
    )


def _type(name: str, complaint: Complaint, field: Field | None) -> Words:
    wanted = _WANTED.get(complaint.type, "something else")
    message = f"`{name}` is {shown(complaint.value)}, but takes {wanted}"
    return Words("E_YAML_TYPE", message, _type_hint(complaint, field))


def _type_hint(complaint: Complaint, field: Field | None) -> str:
    value = complaint.value
    if isinstance(value, str) and complaint.type == "int_type":
        if value.lstrip("-").isascii() and value.lstrip("-").isdigit():
            return "write it without quotes and without leading zeros"
        return "write plain digits: 5, never 0x5, 5.0 or 1_000"
    if isinstance(value, str) and complaint.type == "bool_type":
        return "only true and false are booleans, in lower case and without quotes"
    if field is not None and field.type is Type.LIST and not isinstance(value, (dict, list)):
        return "put it into a list: [...]"
    return ""

"""Messages about one field: the code, the message and the hint."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import cache
from operator import is_
from typing import Any, NamedTuple, get_args

from reconciler.errors import ENOUGH
from reconciler.kinds.base.field import Field, FieldType
from reconciler.kinds.base.plain_check import plain_check
from reconciler.kinds.base.spec_model import CheckedModel, is_model
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml.scalars import typed
from reconciler.model.json_types import Json, as_list, child_of
from reconciler.model.source_map import DocumentPath
from reconciler.strings import did_you_mean

_NUMBER = late_pattern(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
"""Number with a point, which is text until its field is known."""


_CUT = ENOUGH + 1
"""Number of invalid items or unknown keys from which a value is no longer checked one by one."""


class ModelError(NamedTuple):
    """Error of pydantic at one path: its type, the value, and its limits."""

    path: DocumentPath
    type: str
    value: Json
    limits: Mapping[str, Json]


IsPlainScalar = Callable[[DocumentPath], bool]
"""Tells whether the scalar at a path is written without quotes."""


def check(
    model: CheckedModel, value: Json, plain: IsPlainScalar = lambda _path: True, *, widest: int | None = None
) -> tuple[Json, list[ModelError]]:
    """Return the value with its texts and numbers as typed, and its problems, up to the limit.

    `widest` is the most entries of a list or mapping in it, where that is known.
    """
    accepts = _plain_check(model)
    if accepts is not None and accepts(value):
        return value, []
    is_short = widest <= _CUT if widest is not None else _is_short(value)
    few = value if is_short else _first_items(value, _names(model))
    if few is not value and len(complaints := _wrong(model, few)) > ENOUGH:
        return value, complaints
    complaints = list(_complaints(model, value))
    retyped = {each.path: meant for each in complaints if (meant := _meant(each, plain)) is not None}
    if not retyped:
        return value, complaints
    value = _with(value, retyped)
    return value, list(_complaints(model, value))


@cache
def _plain_check(model: CheckedModel) -> Callable[[Json], bool] | None:
    return plain_check(model)


def _wrong(model: CheckedModel, value: Json) -> list[ModelError]:
    """Return the errors that remain for any type of the plain scalars."""
    return [each for each in _complaints(model, value) if _meant(each, lambda _path: True) is None]


def _is_short(value: Json) -> bool:
    """Tell whether every list and mapping inside a value, and the value itself, is within the checked length."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if len(parts) > _CUT:
        return False
    for part in parts:  # noqa: SIM110 - a generator takes twice as long
        if isinstance(part, (dict, list)) and not _is_short(part):
            return False
    return True


def _first_items(value: Json, known: Set[str]) -> Json:
    """Return a value with its lists and mappings truncated to the checked length; the value itself if all fits.

    Each problem costs a microsecond and a kilobyte, and pydantic makes all of them at once. Keys that are `known` are
    kept, so that none is reported as missing.
    """
    if isinstance(value, list):
        items = [_first_items(item, known) for item in value[:_CUT]]
        return value if len(items) == len(value) and all(map(is_, items, value)) else items
    if isinstance(value, dict):
        kept = {key: item for number, (key, item) in enumerate(value.items()) if number < _CUT or key in known}
        fresh = {key: _first_items(item, known) for key, item in kept.items()}
        return value if len(fresh) == len(value) and all(fresh[key] is value[key] for key in value) else fresh
    return value


@cache
def _names(model: CheckedModel) -> Set[str]:
    """Return the names of all fields of a model and of the models in it."""
    found: set[str] = set()
    _collect(model, found, set())
    return frozenset(found)


def _collect(kind: Any, found: set[str], seen: set[Any]) -> None:
    if is_model(kind) and kind not in seen:
        seen.add(kind)
        for name, field in kind.model_fields.items():
            found.add(field.alias or name)
            _collect(field.annotation, found, seen)
    for part in get_args(kind):
        _collect(part, found, seen)


def _complaints(model: CheckedModel, value: Json) -> Iterator[ModelError]:
    from pydantic import ValidationError  # for start-up: documents that were checked before need no model

    try:
        model.model_validate(value)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            yield ModelError(tuple(each["loc"]), each["type"], each["input"], each.get("ctx", {}))


def _meant(complaint: ModelError, plain: IsPlainScalar) -> Json:
    """Return the value as typed for its field; None where the error remains."""
    if complaint.type == "float_type" and isinstance(complaint.value, str) and _NUMBER.fullmatch(complaint.value):
        return float(complaint.value) if plain(complaint.path) else None
    return typed(complaint.value) if _was_text(complaint) else None


def _was_text(complaint: ModelError) -> bool:
    if not isinstance(complaint.value, (bool, int)):
        return False
    if complaint.type == "string_type":
        return True
    return complaint.type == "literal_error" and f"'{typed(complaint.value)}'" in str(complaint.limits.get("expected"))


def _with(value: Json, changes: Mapping[DocumentPath, Json]) -> Json:
    """Return the value with some paths changed; unchanged parts are shared with the old one."""
    if () in changes:
        return changes[()]
    below: dict[str | int, dict[DocumentPath, Json]] = {}
    for path, new in changes.items():
        below.setdefault(path[0], {})[path[1:]] = new
    fresh = {step: _with(child_of(value, step), deeper) for step, deeper in below.items()}
    if isinstance(value, Mapping):
        return {name: fresh.get(name, part) for name, part in value.items()}
    return [fresh.get(index, part) for index, part in enumerate(as_list(value))]


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
"""Errors of a sensitive field that do not concern a literal value."""

_RANGES = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
}


class FieldMessage(NamedTuple):
    """Code, message, hint, and whether the position is that of the key rather than the value."""

    code: str
    message: str
    hint: str = ""
    at_key: bool = False


def describe_error(complaint: ModelError, field: Field | None, siblings: Iterable[str]) -> FieldMessage:
    """Return the message for an error; `field` is the known field, `siblings` the allowed keys."""
    name = _name(complaint.path)
    if field is not None and field.sensitive and complaint.type not in _NO_LITERALS:
        return _secret(name, complaint)
    if complaint.type == "missing":
        return FieldMessage("E_FIELD_REQUIRED", f"`{name}` is missing", "add it")
    if complaint.type == "extra_forbidden":
        return _unknown(name, field, siblings)
    if complaint.type in ("literal_error", "enum"):
        return _choice(name, complaint, field)
    if complaint.type in _LENGTHS:
        return _length(name, complaint)
    if complaint.type in _RANGES:
        limit = _RANGES[complaint.type].format(**complaint.limits)
        return FieldMessage("E_FIELD_RANGE", f"`{name}` is {display_value(complaint.value)}; it must be {limit}")
    if complaint.type == "string_pattern_mismatch":
        message = (
            f"`{name}`: {display_value(complaint.value)} does not match the pattern {complaint.limits.get('pattern')}"
        )
        return FieldMessage("E_FIELD_PATTERN", message)
    return _type(name, complaint, field)


def display_value(value: Json) -> str:
    """Format a value for a message, truncated."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _name(path: DocumentPath) -> str:
    steps = [step for step in path if isinstance(step, str)]
    return steps[-1] if steps else "the document"


def _secret(name: str, complaint: ModelError) -> FieldMessage:
    if complaint.type == "string_pattern_mismatch":
        hint = "capitals, digits and underscores: {secret: STREAM_KEY} is read from RECONCILER_SECRET_STREAM_KEY"
        return FieldMessage("E_FIELD_PATTERN", f"`{name}` is no name of a secret", hint)
    hint = "write {secret: NAME} and give the value as RECONCILER_SECRET_NAME when applying"
    return FieldMessage("E_SECRET_LITERAL", f"`{name}` is sensitive and must not stand in a manifest", hint)


def _unknown(name: str, field: Field | None, siblings: Iterable[str]) -> FieldMessage:
    if field is not None and not field.writable:
        return FieldMessage(
            "E_FIELD_READONLY", f"`{name}` is set by the service and cannot be declared", "leave it out", at_key=True
        )
    known = sorted(siblings)
    listed = f"the fields here are {', '.join(known)}" if len(known) <= 12 else ""
    return FieldMessage(
        "E_FIELD_UNKNOWN", f"there is no field `{name}` here", did_you_mean(name, known, listed), at_key=True
    )


def _choice(name: str, complaint: ModelError, field: Field | None) -> FieldMessage:
    known = [str(each) for each in field.enum] if field else _expected(complaint)
    message = f"`{name}` is {display_value(complaint.value)}; it must be one of {', '.join(known)}"
    return FieldMessage("E_FIELD_ENUM", message, did_you_mean(str(complaint.value), known))


def _expected(complaint: ModelError) -> list[str]:
    said = str(complaint.limits.get("expected", ""))
    return [part.strip("' ") for part in said.replace(" or ", ", ").split(",")]


def _length(name: str, complaint: ModelError) -> FieldMessage:
    has, limit = _LENGTHS[complaint.type]
    found = len(complaint.value) if isinstance(complaint.value, (str, list, dict)) else 0
    return FieldMessage(
        "E_FIELD_LENGTH", f"`{name}` {has.format(found=found)}; it may have {limit.format(**complaint.limits)}"
    )


def _type(name: str, complaint: ModelError, field: Field | None) -> FieldMessage:
    wanted = _WANTED.get(complaint.type, "another type")
    message = f"`{name}`: expected {wanted}, got {display_value(complaint.value)}"
    return FieldMessage("E_YAML_TYPE", message, _type_hint(complaint, field))


def _type_hint(complaint: ModelError, field: Field | None) -> str:
    value = complaint.value
    if isinstance(value, str) and complaint.type == "int_type":
        if value.lstrip("-").isascii() and value.lstrip("-").isdigit():
            return "write it without quotes and without leading zeros"
        return "write plain digits: 5, never 0x5, 5.0 or 1_000"
    if isinstance(value, str) and complaint.type == "bool_type":
        return "only true and false are booleans, in lower case and without quotes"
    if field is not None and field.type is FieldType.LIST and not isinstance(value, (dict, list)):
        return "put it into a list: [...]"
    return ""

"""Checks of plain values by a model's annotations, without pydantic: they accept what it would accept as it stands.

Loading pydantic and building its models takes longer than a few documents do. What is not accepted here is not refused:
pydantic decides about it, and words the problem. A model that says more than its annotations has no check here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Protocol, Union, get_args, get_origin

Accepts = Callable[[Any], bool]
"""Tells whether a value is surely valid, and stays as it is."""

_SAID = frozenset({"description", "examples"})


class NotPlainError(Exception):
    """A model says what only pydantic can check."""


class PlainField(NamedTuple):
    """A key of a mapping: the annotation of its value, its limits with pydantic's names, and whether it is required."""

    annotation: Any
    limits: Mapping[str, Any]
    required: bool


class PlainModel(Protocol):
    """Class of a mapping."""

    @classmethod
    def plain_fields(cls) -> Mapping[str, PlainField]:
        """Return its fields by key. Raises NotPlainError."""
        ...


class AnnotationMark(Protocol):
    """Mark inside `Annotated`."""

    def accepting(self, inner: Accepts) -> Accepts:
        """Return the check of a value with this mark, of the check without it. Raises NotPlainError."""
        ...


def plain_check(model: Any) -> Accepts | None:
    """Return the check of a model's values; None where only pydantic can check them."""
    try:
        return _of(model)
    except NotPlainError:
        return None


FEW = 50
"""Values of a model that are checked here in one process; of more, pydantic checks each faster."""


class FirstValues:
    """Check of the first values of a model."""

    def __init__(self, model: Any) -> None:
        self._check = plain_check(model)
        self._left = FEW

    def accept(self, value: Any) -> bool:
        """Tell whether a value is surely valid, and stays as it is."""
        self._left -= 1
        return self._check is not None and self._left >= 0 and self._check(value)


@cache
def first_values(model: Any) -> FirstValues:
    """Return the check of the first values of a model in this process."""
    return FirstValues(model)


def limited(inner: Accepts, limits: Mapping[str, Any]) -> Accepts:
    """Return a check with the limits of pydantic. Raises NotPlainError for another one."""
    checks = [inner, *(_limit(name, limit) for name, limit in limits.items() if name not in _SAID)]
    return inner if len(checks) == 1 else partial(_all, checks)


def _all(checks: Iterable[Accepts], value: Any) -> bool:
    return all(check(value) for check in checks)


def _limit(name: str, limit: Any) -> Accepts:
    if name == "min_length":
        return lambda value: len(value) >= limit
    if name == "max_length":
        return lambda value: len(value) <= limit
    if name == "ge":
        return lambda value: value >= limit
    if name == "gt":
        return lambda value: value > limit
    if name == "le":
        return lambda value: value <= limit
    if name == "pattern":
        return partial(_has_form, re.compile(limit, re.ASCII))
    raise NotPlainError(name)


def _has_form(pattern: re.Pattern[str], value: str) -> bool:
    """Tell whether a text has a form, in which the two languages of patterns agree: ASCII, on one line."""
    return value.isascii() and "\n" not in value and pattern.search(value) is not None


def _is_text(value: Any) -> bool:
    if type(value) is not str:
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def _is_number(value: Any) -> bool:
    """Tell whether a value is a finite number with a point: a whole one becomes another."""
    return type(value) is float and value - value == 0.0


_SCALARS: Mapping[Any, Accepts] = {
    Any: lambda _value: True,
    str: _is_text,
    int: lambda value: type(value) is int,
    float: _is_number,
    bool: lambda value: type(value) is bool,
}


def _of(annotation: Any) -> Accepts:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is None and annotation in _SCALARS:
        return _SCALARS[annotation]
    if origin is Literal:
        return partial(_is_one_of, frozenset((type(part), part) for part in parts))
    if origin is Annotated:
        check = _of(parts[0])
        for mark in parts[1:]:
            if not hasattr(mark, "accepting"):
                raise NotPlainError(mark)
            check = mark.accepting(check)
        return check
    if origin in (Union, UnionType):
        (inner,) = _single(part for part in parts if part is not NoneType)
        return partial(_is_absent_or, _of(inner)) if NoneType in parts else _of(inner)
    if origin is list:
        return partial(_is_list, _of(parts[0]))
    if origin is dict:
        return partial(_is_mapping, _of(parts[0]), _of(parts[1]))
    if isinstance(annotation, type) and hasattr(annotation, "plain_fields"):
        return _of_model(annotation)
    raise NotPlainError(annotation)


def _single(parts: Iterable[Any]) -> tuple[Any]:
    found = tuple(parts)
    if len(found) != 1:
        raise NotPlainError(found)
    return found


def _is_one_of(options: frozenset[tuple[type, Any]], value: Any) -> bool:
    return type(value) in (str, int, bool) and (type(value), value) in options


def _is_absent_or(inner: Accepts, value: Any) -> bool:
    return value is None or inner(value)


def _is_list(inner: Accepts, value: Any) -> bool:
    return type(value) is list and all(map(inner, value))


def _is_mapping(key: Accepts, inner: Accepts, value: Any) -> bool:
    return type(value) is dict and all(map(key, value)) and all(map(inner, value.values()))


def _of_model(model: type[PlainModel]) -> Accepts:
    fields = model.plain_fields()
    checks = {key: _of_field(field) for key, field in fields.items()}
    return partial(_is_object, checks, frozenset(key for key, field in fields.items() if field.required))


def _of_field(field: PlainField) -> Accepts:
    """Return the check of a field; its limits are those of a value that is not null."""
    origin, parts = get_origin(field.annotation), get_args(field.annotation)
    if origin in (Union, UnionType) and NoneType in parts:
        (inner,) = _single(part for part in parts if part is not NoneType)
        return partial(_is_absent_or, limited(_of(inner), field.limits))
    return limited(_of(field.annotation), field.limits)


def _is_object(checks: Mapping[str, Accepts], required: frozenset[str], value: Any) -> bool:
    if type(value) is not dict or not required <= value.keys():
        return False
    for key, item in value.items():
        check = checks.get(key)
        if check is None or not check(item):
            return False
    return True

"""Checks of plain values by a model's annotations, without pydantic: they accept what it would accept as it stands.

Loading pydantic and building its models takes longer than a few documents do. What is not accepted here is not refused:
pydantic decides about it, and words the problem. A model that has more to it than its annotations has no check here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from itertools import repeat
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Protocol, Union, get_args, get_origin

from reconciler.late_patterns import late_pattern

_UNUSED = frozenset({"description", "examples"})
_LIMITS = {"min_length": "least", "max_length": "most", "ge": "low", "gt": "above", "le": "high"}
_HALF = late_pattern("[\ud800-\udfff]")


class ValueCheck(NamedTuple):
    """What a value must be: of exactly one type, within limits; `more` decides about the parts of it.

    A text with a `pattern` must be ASCII on one line, where Python and pydantic agree about patterns.
    """

    exact: type | None = None
    nullable: bool = False
    options: frozenset[Any] | None = None
    least: int | None = None
    most: int | None = None
    low: float | None = None
    above: float | None = None
    high: float | None = None
    pattern: re.Pattern[str] | None = None
    more: Callable[[Any], bool] | None = None


class NotPlainError(Exception):
    """A model has a check that only pydantic can make."""


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

    def accepting(self, inner: ValueCheck) -> ValueCheck:
        """Return the check of a value with this mark, of the check without it. Raises NotPlainError."""
        ...


def plain_check(model: Any) -> Callable[[Any], bool] | None:
    """Return what tells that a value is surely valid and stays as it is; None where only pydantic can check a model."""
    try:
        check = _of(model)
    except NotPlainError:
        return None
    return lambda value: _fit([(check, value)])


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


def limited(inner: ValueCheck, limits: Mapping[str, Any]) -> ValueCheck:
    """Return a check with the limits of pydantic. Raises NotPlainError for another one."""
    for name, limit in limits.items():
        if name in _LIMITS:
            inner = inner._replace(**{_LIMITS[name]: limit})
        elif name == "pattern" and inner.exact is str and inner.pattern is None:
            inner = inner._replace(pattern=re.compile(limit, re.ASCII))
        elif name not in _UNUSED:
            raise NotPlainError(name)
    return inner


def _fit(pairs: Iterable[tuple[ValueCheck, Any]]) -> bool:
    """Tell whether each value passes its check; scalars are checked in this loop, which is most of the work."""
    for check, value in pairs:
        if value is None:
            if not check.nullable:
                return False
        elif (
            (check.exact is not None and type(value) is not check.exact)
            or (check.exact is str and not value.isascii() and _HALF.search(value))
            or (check.exact is float and value - value != 0.0)
            or (check.options is not None and value not in check.options)
            or (check.least is not None and len(value) < check.least)
            or (check.most is not None and len(value) > check.most)
            or (check.low is not None and value < check.low)
            or (check.above is not None and value <= check.above)
            or (check.high is not None and value > check.high)
            or (check.pattern and not (value.isascii() and "\n" not in value and check.pattern.search(value)))
            or (check.more is not None and not check.more(value))
        ):
            return False
    return True


def _of(annotation: Any) -> ValueCheck:
    """Return the check of an annotation."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return ValueCheck(nullable=True)
    if origin is None and annotation in (str, int, float, bool):
        return ValueCheck(exact=annotation)
    if origin is Literal and len({type(part) for part in parts}) == 1:
        return ValueCheck(exact=type(parts[0]), options=frozenset(parts))
    if origin is Annotated:
        return _marked(_of(parts[0]), parts[1:])
    if origin in (Union, UnionType):
        inner = [part for part in parts if part is not NoneType]
        if len(inner) == 1:
            return _of(inner[0])._replace(nullable=True)
    if origin is list:
        return ValueCheck(exact=list, more=partial(_are_items, _of(parts[0])))
    if origin is dict:
        return ValueCheck(exact=dict, more=partial(_are_entries, _of(parts[0]), _of(parts[1])))
    if isinstance(annotation, type) and hasattr(annotation, "plain_fields"):
        return _of_model(annotation)
    raise NotPlainError(annotation)


def _marked(check: ValueCheck, marks: Iterable[Any]) -> ValueCheck:
    for mark in marks:
        if not hasattr(mark, "accepting"):
            raise NotPlainError(mark)
        check = mark.accepting(check)
    return check


def _of_model(model: type[PlainModel]) -> ValueCheck:
    fields = model.plain_fields()
    checks = {key: limited(_of(field.annotation), field.limits) for key, field in fields.items()}
    required = frozenset(key for key, field in fields.items() if field.required)
    return ValueCheck(exact=dict, more=partial(_is_mapping, checks, required))


def _are_items(inner: ValueCheck, values: list[Any]) -> bool:
    return _fit(zip(repeat(inner), values, strict=False))


def _are_entries(key: ValueCheck, inner: ValueCheck, values: dict[Any, Any]) -> bool:
    return _are_items(key, list(values)) and _are_items(inner, list(values.values()))


def _is_mapping(checks: Mapping[str, ValueCheck], required: frozenset[str], value: dict[Any, Any]) -> bool:
    known = required <= value.keys() <= checks.keys()
    return known and _fit((checks[key], item) for key, item in value.items())

"""Checks of plain values by a model's annotations, without pydantic: they accept what it would accept as it stands.

Loading pydantic and building its models takes longer than many documents do, and it makes an object of each value. What
is not accepted here is not refused: pydantic decides about it, and words the problem. A model that has more to it than
its annotations has no check here.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
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


_ANY = ValueCheck(nullable=True)


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


Test = Callable[[Any], bool]


class _FieldTest(NamedTuple):
    """A check as it is applied: a text's length, and what is asked of a value of the type beside it, if anything."""

    exact: Any
    nullable: bool
    least: int
    most: int
    passes: Test | None


def plain_check(model: Any) -> Test | None:
    """Return what tells that a value is surely valid and stays as it is; None where only pydantic can check a model."""
    try:
        test = _compiled(_of(model))
    except NotPlainError:
        return None
    exact, passes = test.exact, test.passes
    return lambda value: type(value) is exact and (passes is None or passes(value))


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


def _fitting(
    tests: Mapping[str, _FieldTest], every: _FieldTest | None = None
) -> Callable[[Iterable[tuple[Any, Any]]], bool]:
    """Return what tells of keys and values whether each value passes `every` test, or that of its key.

    The texts are tested in its loop: they are most of the values.
    """

    def fits(pairs: Iterable[tuple[Any, Any]]) -> bool:
        for key, value in pairs:
            test = every or tests.get(key)
            if test is None:
                return False
            exact, nullable, least, most, passes = test
            if type(value) is not exact:
                if exact is not None and (value is not None or not nullable):
                    return False
            elif (
                exact is str
                and not (
                    least <= len(value) <= most and (value.isascii() or value.isprintable() or not _HALF.search(value))
                )
            ) or (passes is not None and not passes(value)):
                return False
        return True

    return fits


def _compiled(check: ValueCheck) -> _FieldTest:
    """Return the test of a check: made once a field, so that a value is asked nothing that its field does not say."""
    limits = list(_limits(check))
    if check.exact is None and limits:
        raise NotPlainError(check)
    passes = (lambda value: all(limit(value) for limit in limits)) if len(limits) > 1 else next(iter(limits), None)
    most = sys.maxsize if check.most is None else check.most
    return _FieldTest(check.exact, check.nullable, check.least or 0, most, passes)


def _limits(check: ValueCheck) -> Iterator[Test]:
    """Yield the tests of a value of the right type, beside the length of a text."""
    pattern, low, above, high = check.pattern, check.low, check.above, check.high
    if check.options is not None:
        yield check.options.__contains__
    if check.exact is float:
        yield lambda value: value - value == 0.0
    if check.exact is not str and (check.least, check.most) != (None, None):
        least, most = check.least or 0, sys.maxsize if check.most is None else check.most
        yield lambda value: least <= len(value) <= most
    if low is not None:
        yield lambda value: value >= low
    if above is not None:
        yield lambda value: value > above
    if high is not None:
        yield lambda value: value <= high
    if pattern is not None:
        yield lambda value: value.isascii() and "\n" not in value and pattern.search(value) is not None
    if check.more is not None:
        yield check.more


def _of(annotation: Any) -> ValueCheck:
    """Return the check of an annotation."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation is Any:
        return _ANY
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
        return ValueCheck(exact=list, more=_items(_of(parts[0])))
    if origin is dict:
        return ValueCheck(exact=dict, more=_entries(_of(parts[0]), _of(parts[1])))
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
    return ValueCheck(exact=dict, more=_mapping(checks, required))


def _items(inner: ValueCheck) -> Test:
    """Return the test of the items of a list, or of the keys of a mapping."""
    fits = _fitting({}, _compiled(inner))
    return lambda values: fits(enumerate(values))


def _entries(key: ValueCheck, inner: ValueCheck) -> Test:
    """Return the test of a mapping with any keys."""
    keys, values = _items(key), _items(inner)
    return keys if inner == _ANY else lambda value: keys(value) and values(value.values())


def _mapping(checks: Mapping[str, ValueCheck], required: frozenset[str]) -> Test:
    """Return the test of a mapping with fields: no others, and none missing."""
    fits = _fitting({key: _compiled(check) for key, check in checks.items()})
    return lambda value: fits(value.items()) and required <= value.keys()

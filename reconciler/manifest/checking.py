"""One value against one pydantic model: plain scalars get the type of their field, every problem is found at once.

The model is built, looked at and dropped: what counts is the plain value. Where a text field got what looked like a
boolean or an integer, what was typed is put back and the value looked at again.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cache
from operator import is_
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from reconciler.manifest.problem import ENOUGH
from reconciler.manifest.scalars import typed
from reconciler.model.resource import Json
from reconciler.model.source import Path

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
"""A number with a point is text until its field is known."""


_CUT = ENOUGH + 1
"""Of so many items or unknown keys all may be wrong before a value counts as one that nobody will mend line by line."""


class Complaint(NamedTuple):
    """What pydantic said of one place: its error type, the value there, and the limits it names."""

    path: Path
    type: str
    value: Json
    limits: Mapping[str, Any]


Plain = Callable[[Path], bool]
"""Tells whether the scalar at a path was written without quotes."""


def check(model: type[BaseModel], value: Json, plain: Plain = lambda _path: True) -> tuple[Json, list[Complaint]]:
    """Return the value with its texts and numbers as they were typed, and what is wrong with it, or enough of it."""
    few = _first_items(value, _names(model))
    if few is not value and len(complaints := _wrong(model, few)) > ENOUGH:
        return value, complaints
    complaints = list(_complaints(model, value))
    retyped = {each.path: meant for each in complaints if (meant := _meant(each, plain)) is not None}
    if not retyped:
        return value, complaints
    value = _with(value, retyped)
    return value, list(_complaints(model, value))


def _wrong(model: type[BaseModel], value: Json) -> list[Complaint]:
    """Return the complaints that stand, whatever plain scalars turn out to be."""
    return [each for each in _complaints(model, value) if _meant(each, lambda _path: True) is None]


def _first_items(value: Json, known: Set[str]) -> Json:
    """Return a value whose lists and mappings are cut to what is looked at if all of it is wrong; itself if all fits.

    Each problem costs a microsecond and a kilobyte, and pydantic makes all of them before anybody can stop it. Keys
    that are `known` stay, so that nothing is missing that is there.
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
def _names(model: type[BaseModel]) -> Set[str]:
    """Return the names of all fields of a model and of the models in it."""
    found: set[str] = set()
    _collect(model, found, set())
    return frozenset(found)


def _collect(kind: Any, found: set[str], seen: set[Any]) -> None:
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for name, field in kind.model_fields.items():
            found.add(field.alias or name)
            _collect(field.annotation, found, seen)
    for part in get_args(kind):
        _collect(part, found, seen)


def _complaints(model: type[BaseModel], value: Json) -> Iterator[Complaint]:
    try:
        model.model_validate(value)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            yield Complaint(tuple(each["loc"]), each["type"], each["input"], each.get("ctx", {}))


def _meant(complaint: Complaint, plain: Plain) -> Json:
    """Return the value as its field reads what was typed; None where the complaint stands."""
    if complaint.type == "float_type" and isinstance(complaint.value, str) and _NUMBER.fullmatch(complaint.value):
        return float(complaint.value) if plain(complaint.path) else None
    return typed(complaint.value) if _was_text(complaint) else None


def _was_text(complaint: Complaint) -> bool:
    if not isinstance(complaint.value, (bool, int)):
        return False
    if complaint.type == "string_type":
        return True
    return complaint.type == "literal_error" and f"'{typed(complaint.value)}'" in str(complaint.limits.get("expected"))


def _with(value: Json, changes: Mapping[Path, Json]) -> Json:
    """Return the value with some places changed; what is not changed is shared with the old one."""
    if () in changes:
        return changes[()]
    below: dict[str | int, dict[Path, Json]] = {}
    for path, new in changes.items():
        below.setdefault(path[0], {})[path[1:]] = new
    fresh: Any = dict(value) if isinstance(value, Mapping) else list(value)
    for step, deeper in below.items():
        fresh[step] = _with(fresh[step], deeper)
    return fresh

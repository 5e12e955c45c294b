"""One value against one pydantic model: plain scalars get the type of their field, every problem is found at once.

The model is built, looked at and dropped: what counts is the plain value. Where a text field got what looked like a
boolean or an integer, what was typed is put back and the value looked at again.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from reconciler.manifest.scalars import typed
from reconciler.model.resource import Json
from reconciler.model.source import Path

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
"""A number with a point is text until its field is known."""


class Complaint(NamedTuple):
    """What pydantic said of one place: its error type, the value there, and the limits it names."""

    path: Path
    type: str
    value: Json
    limits: Mapping[str, Any]


Plain = Callable[[Path], bool]
"""Tells whether the scalar at a path was written without quotes."""


def check(model: type[BaseModel], value: Json, plain: Plain = lambda _path: True) -> tuple[Json, list[Complaint]]:
    """Return the value with its texts and numbers as they were typed, and what is wrong with it."""
    complaints = list(_complaints(model, value))
    retyped = {each.path: meant for each in complaints if (meant := _meant(each, plain)) is not None}
    if not retyped:
        return value, complaints
    value = _with(value, retyped)
    return value, list(_complaints(model, value))


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

"""Problems of a spec, and look-ups for checks of a spec with possibly wrong types."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import TypeVar

from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Severity
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """Problem with its path inside the spec, a stable code, message and hint."""

    path: DocumentPath
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR


Check = Callable[[Mapping[str, Json]], Iterable[SpecProblem]]
"""Check of one kind. It must accept any JSON: types are checked separately, in the same run."""


_AnyCheck = TypeVar("_AnyCheck", bound=Callable[..., Iterable[SpecProblem]])
_ABOUT = "about"


def about(*fields: str) -> Callable[[_AnyCheck], _AnyCheck]:
    """Mark a check that has nothing to say of a spec without any of these fields."""

    def marked(check: _AnyCheck) -> _AnyCheck:
        setattr(check, _ABOUT, frozenset(fields))
        return check

    return marked


def concerns(check: Check, fields: Set[str]) -> bool:
    """Tell whether a check may have something to say of a spec with these fields."""
    named: frozenset[str] | None = getattr(check, _ABOUT, None)
    return named is None or not named.isdisjoint(fields)


def warning(path: DocumentPath, code: str, message: str, hint: str = "") -> SpecProblem:
    """Return a problem that is a warning."""
    return SpecProblem(path, code, message, hint, Severity.WARNING)


def value_at(value: Json, *keys: str) -> Json:
    """Return the value at these keys, or None where a parent object is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def objects(value: Json, *keys: str) -> Sequence[tuple[int, Mapping[str, Json]]]:
    """Return the objects of the list at these keys with their indexes; nothing where there is no list."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, list):
        return ()
    return [(index, item) for index, item in enumerate(value) if isinstance(item, dict)]


def integer_or(value: Json, missing: int = 0) -> int:
    """Return an integer, or `missing` for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else missing


def as_text(value: Json) -> str:
    """Return a text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def as_integer(value: Json) -> int | None:
    """Return an integer, or None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None

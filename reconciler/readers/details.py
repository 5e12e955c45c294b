"""Shows of many objects, side by side: each is found, gone, or not to be told.

What is made of an answer is made at once, one by one: a hundred answers of 5 MB are never held together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from reconciler.api.client import ReadClient
from reconciler.api.pages import Spread
from reconciler.errors import ApiError, DeniedError, NotFoundError, ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.readers.rows import Row

T = TypeVar("T")

Make = Callable[[str, Row], T]
"""What is made of an object that was shown, given its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Generic[T]):
    """What became of some shows, by id: what was made of them, the ids that are gone, and the errors of the rest."""

    found: Mapping[str, T] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    failed: Mapping[str, ReconcilerError] = field(default_factory=dict)

    @property
    def asked(self) -> frozenset[str]:
        """Every id that was asked for."""
        return frozenset(self.found) | self.gone | frozenset(self.failed)

    def then(self, later: "Shown[T]") -> "Shown[T]":
        """Return both, the later answer standing where an id was asked for twice."""
        return Shown(
            found={key: value for key, value in self.found.items() if key not in later.asked} | dict(later.found),
            gone=self.gone - later.asked | later.gone,
            failed={key: value for key, value in self.failed.items() if key not in later.asked} | dict(later.failed),
        )


def show_all(client: ReadClient, kind: Kind, ids: Iterable[str], spread: Spread, make: Make[T]) -> Shown[T]:
    """Show each object once; after a failure that concerns them all (credentials, connection) the rest is not asked."""
    order = sorted(ids)
    asker = _Asker(client, kind, make)
    answers = dict(zip(order, spread(asker.ask, order), strict=True))
    failed = {key: answer for key, answer in answers.items() if isinstance(answer, ReconcilerError)}
    return Shown(
        found={key: answer.made for key, answer in answers.items() if isinstance(answer, _Made)},
        gone=frozenset(key for key, answer in answers.items() if answer is None),
        failed=failed,
    )


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    made: T


class _Asker(Generic[T]):
    """Shows one object after another, on any thread, until something is wrong with all of them."""

    def __init__(self, client: ReadClient, kind: Kind, make: Make[T]) -> None:
        self._client = client
        self._kind = kind
        self._make = make
        self._error: ReconcilerError | None = None

    def ask(self, object_id: str) -> _Made[T] | ReconcilerError | None:
        """Return what was made of the object, None where it is gone, or the error."""
        if self._error is not None:
            return self._error
        try:
            return _Made(self._make(object_id, self._client.show(self._kind, object_id)))
        except NotFoundError:
            return None
        except ReconcilerError as error:
            if not _of_one(error):
                self._error = error
            return error


def _of_one(error: ReconcilerError) -> bool:
    """Tell whether a failure may concern this one object only."""
    return isinstance(error, DeniedError) or (isinstance(error, ApiError) and error.code in {"E_API", "E_READ_SCHEMA"})

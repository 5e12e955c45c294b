"""Shows of many objects, side by side: each is found, gone, or not to be told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.api.client import ReadClient
from reconciler.api.pages import Spread
from reconciler.errors import ApiError, DeniedError, NotFoundError, ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.model.resource import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What became of some shows, by id: the objects, the ids that are gone, and the errors of the rest."""

    found: Mapping[str, dict[str, Json]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    failed: Mapping[str, ReconcilerError] = field(default_factory=dict)

    @property
    def asked(self) -> frozenset[str]:
        """Every id that was asked for."""
        return frozenset(self.found) | self.gone | frozenset(self.failed)

    def then(self, later: "Shown") -> "Shown":
        """Return both, the later answer standing where an id was asked for twice."""
        return Shown(
            found={key: value for key, value in self.found.items() if key not in later.asked} | dict(later.found),
            gone=self.gone - later.asked | later.gone,
            failed={key: value for key, value in self.failed.items() if key not in later.asked} | dict(later.failed),
        )


def show_all(client: ReadClient, kind: Kind, ids: Iterable[str], spread: Spread) -> Shown:
    """Show each object once; after a failure that concerns them all (credentials, connection) the rest is not asked."""
    order = sorted(ids)
    answers = dict(zip(order, spread(_Asker(client, kind).ask, order), strict=True))
    return Shown(
        found={key: value for key, value in answers.items() if isinstance(value, dict)},
        gone=frozenset(key for key, value in answers.items() if value is None),
        failed={key: value for key, value in answers.items() if isinstance(value, ReconcilerError)},
    )


class _Asker:
    """Shows one object after another, on any thread, until something is wrong with all of them."""

    def __init__(self, client: ReadClient, kind: Kind) -> None:
        self._client = client
        self._kind = kind
        self._error: ReconcilerError | None = None

    def ask(self, object_id: str) -> dict[str, Json] | ReconcilerError | None:
        """Return the object, None where it is gone, or the error."""
        if self._error is not None:
            return self._error
        try:
            return self._client.show(self._kind, object_id)
        except NotFoundError:
            return None
        except ReconcilerError as error:
            if not _of_one(error):
                self._error = error
            return error


def _of_one(error: ReconcilerError) -> bool:
    """Tell whether a failure may concern this one object only."""
    return isinstance(error, DeniedError) or (isinstance(error, ApiError) and error.code in {"E_API", "E_READ_SCHEMA"})

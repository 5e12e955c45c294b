"""Reader of the API: lists, shows for fields that the list omits, and confirms creates and deletes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from reconciler.api.client import ReadClient
from reconciler.api.connection import UsageCounter
from reconciler.errors import (
    ApiError,
    AuthError,
    ForbiddenError,
    HostNotAllowedError,
    NotFoundError,
    ReconcilerError,
    TransportError,
)
from reconciler.kinds.base.kind import Kind
from reconciler.model.read_progress import ReadListener, ReadPhase
from reconciler.model.read_result import ApiUsage, ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.model.resource import LiveResource
from reconciler.readers.confirm import PreviousRead, confirmation, in_order, matching, similar_rows
from reconciler.readers.kind_reader import KindReader
from reconciler.readers.list_reader import ListClient
from reconciler.readers.live_objects import Row, RowMapper
from reconciler.readers.read_filter import Filters, is_plain, name_queries, need, spelling_queries
from reconciler.readers.read_tracker import ReadTracker
from reconciler.threads import ParallelMap, parallel_map

if TYPE_CHECKING:
    from reconciler.readers.read_cache import ReadCache


class HttpReader:
    """Reads one project through a ReadClient. `parallelism` calls run at once; the client limits the rate.

    An `executor` replaces its own threads. A `cache` avoids shows of unchanged objects; apply uses none. `progress`
    listens to the calls of `read` and `confirm`.
    """

    def __init__(
        self,
        client: ReadClient,
        *,
        parallelism: int = 8,
        executor: Executor | None = None,
        cache: "ReadCache | None" = None,
        progress: ReadListener | None = None,
    ) -> None:
        self._client = client
        self._cache = cache
        self._meter = UsageCounter()
        self._parallelism = parallelism
        self._executor = executor
        self._progress = progress
        self._asked: dict[str, PreviousRead] = {}

    @property
    def usage(self) -> ApiUsage:
        """API usage so far."""
        return self._client.usage + self._meter.usage

    @property
    def service_offset(self) -> float | None:
        """Seconds that the service's clock is ahead of the local one, None while unknown (interfaces.ServiceClock)."""
        return self._client.service_offset

    def read(self, kind: Kind, wanted: ReadRequest) -> ReadResult:
        """Return every object of a kind, or those that could be read and why others are missing (interfaces.Reader)."""
        asked_for = need(kind, wanted, self._client.connection.project_id)
        tracker = self._tracker(kind, needs_show=asked_for.needs_show if asked_for.may_show else None)
        with self._lister(kind, asked_for.filters, tracker) as lister:
            listing = lister.listing()
            if listing.error and not listing.rows and _hopeless(listing.error):
                raise listing.error
            self._asked[kind.name] = PreviousRead(need=asked_for, listing=listing)
            survey = KindReader(need=asked_for, listing=listing, lister=lister, meter=self._meter, cache=self._cache)
            found = survey.reading()
        tracker.finish()
        return found

    def show(self, kind: Kind, object_id: str) -> LiveResource | None:
        """Return one object in full, or None when it does not exist."""
        try:
            full = self._client.show(kind, object_id)
        except NotFoundError:
            return None
        return self._rows(kind).from_show(full)

    def find(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the objects with exactly this name, read now.

        A search by name is trusted alone only with a plain name that fits its parameter; else the whole list is read
        beside the searches.
        """
        rows = matching(kind, self._search(kind, name, name_queries(kind, name)), [name])
        return in_order(map(self._rows(kind).from_list, rows.values()))

    def find_alike(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the objects with this name or a similar one, read now (interfaces.NameSearch)."""
        found = self._search(kind, name, name_queries(kind, name), spelling_queries(kind, name))
        return in_order(map(self._rows(kind).from_list, similar_rows(kind, found, [name]).values()))

    def _search(
        self, kind: Kind, name: str, queries: Sequence[Filters], further: Sequence[Filters] = ()
    ) -> dict[str, Row]:
        """Return the results of the queries for a name, and of further ones that may be incomplete."""
        alone = is_plain(name) and [query[0][1] for query in queries] == [name]
        rows: dict[str, Row] = {}
        for filters in (*further, *queries) if alone else (*further, *queries, ()):
            with self._lister(kind, filters) as lister:
                listing = lister.listing()
            rows |= listing.rows
            if listing.proven or (filters and not alone) or filters in further:
                continue
            if listing.error:
                raise listing.error
            raise ApiError(f"{kind.name} {name!r}: {listing.doubt}", code="E_READ_INCOMPLETE", hint="try again")
        return rows

    def _rows(self, kind: Kind) -> RowMapper:
        return RowMapper(kind=kind, project_id=self._client.connection.project_id)

    def confirm(self, kind: Kind, doubt: ConfirmRequest) -> ConfirmResult:
        """Confirm the creates and deletes of a plan (interfaces.Reader)."""
        asked = self._asked.get(kind.name)
        pages = asked.listing.last.requests if asked else len(doubt.creates)
        self._meter.add(ApiUsage(least=len(doubt.deletes) + min(len(doubt.creates), pages)))
        tracker = self._tracker(kind, phase=ReadPhase.CONFIRMING)
        with self._lister(kind, asked.need.filters if asked else (), tracker) as lister:
            found = confirmation(doubt, asked, lister)
        tracker.finish()
        return found

    @contextmanager
    def _lister(self, kind: Kind, filters: Filters, tracker: ReadTracker | None = None) -> Iterator[ListClient]:
        with self._spread() as spread:
            yield ListClient(
                client=self._client,
                kind=kind,
                spread=spread,
                width=self._parallelism,
                filters=filters,
                tracker=tracker or ReadTracker(),
            )

    def _tracker(self, kind: Kind, **more: Any) -> ReadTracker:
        counted = not kind.items_field
        return ReadTracker(kind.name, self._progress, counted=counted, **more)

    def _spread(self) -> AbstractContextManager[ParallelMap]:
        if self._executor is not None:
            return nullcontext(self._executor.map)
        return parallel_map(self._parallelism, "read")


def _hopeless(error: ReconcilerError) -> bool:
    """Tell whether a failure of the first page means that nothing can be read: credentials, host, permission."""
    if isinstance(error, TransportError):
        return not error.sent
    named = error.code in {"E_REDIRECT", "E_THROTTLED"}
    return named or (
        isinstance(error, AuthError | ForbiddenError | NotFoundError | HostNotAllowedError)
        and error.code != "E_ID_FORMAT"
    )

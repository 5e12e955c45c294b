"""Reads a whole list: scanned until one pass is clean, at most three times, with all objects merged by id."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import field, replace
from typing import Generic, TypeVar

from reconciler.api.client import ListPage, ReadClient
from reconciler.api.pagination import ListScan, sweep
from reconciler.errors import ApiError, ForbiddenError, NotFoundError, ReconcilerError
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.readers.live_objects import Row, RowMapper
from reconciler.readers.read_filter import Filters
from reconciler.readers.read_tracker import ReadTracker
from reconciler.readers.shared_parts import SharedParts
from reconciler.threads import ParallelMap

T = TypeVar("T")

Make = Callable[[str, Row], T]
"""Converts a shown object, given its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowResults(Generic[T]):
    """Results of shows, by id: converted objects, deleted ids, and errors."""

    found: Mapping[str, T] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    failed: Mapping[str, ReconcilerError] = field(default_factory=dict)

    @property
    def requested(self) -> frozenset[str]:
        """All requested ids."""
        return frozenset(self.found) | self.gone | frozenset(self.failed)

    def then(self, later: "ShowResults[T]") -> "ShowResults[T]":
        """Merge both; the later result replaces the earlier one of the same id."""
        return ShowResults(
            found={key: value for key, value in self.found.items() if key not in later.requested} | dict(later.found),
            gone=self.gone - later.requested | later.gone,
            failed={key: value for key, value in self.failed.items() if key not in later.requested}
            | dict(later.failed),
        )


def show_all(
    client: ReadClient,
    kind: Kind,
    ids: Iterable[str],
    spread: ParallelMap,
    make: Make[T],
    *,
    last: Set[str] = frozenset(),
    tracker: ReadTracker | None = None,
    parts: SharedParts | None = None,
) -> ShowResults[T]:
    """Show each object once, those in `last` at the end. `parts` are shared by all of them.

    After a failure that concerns them all (credentials, connection) the rest is skipped.
    """
    order = sorted(ids, key=lambda object_id: (object_id in last, object_id))
    tracker = tracker or ReadTracker()
    tracker.begin(len(order))
    asker = _Asker(client, kind, make, tracker, parts or SharedParts())
    if not order:
        return ShowResults()
    answers = dict(zip(order, spread(asker.ask, order), strict=True))
    failed = {key: answer for key, answer in answers.items() if isinstance(answer, ReconcilerError)}
    return ShowResults(
        found={key: answer.made for key, answer in answers.items() if isinstance(answer, _Made)},
        gone=frozenset(key for key, answer in answers.items() if answer is None),
        failed=failed,
    )


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    """A result, which may be None."""

    made: T


class _Asker(Generic[T]):
    """Shows one object after another, on any thread, until a failure concerns all of them."""

    def __init__(self, client: ReadClient, kind: Kind, make: Make[T], tracker: ReadTracker, parts: SharedParts) -> None:
        self._client = client
        self._kind = kind
        self._make = make
        self._tracker = tracker
        self._parts = parts
        self._error: ReconcilerError | None = None

    def ask(self, object_id: str) -> _Made[T] | ReconcilerError | None:
        """Return the converted object, None where it is deleted, or the error."""
        if self._error is not None:
            return self._error
        try:
            full = self._client.show(self._kind, object_id, compact=self._parts.share)
            return _Made(self._make(object_id, full))
        except NotFoundError:
            return None
        except ReconcilerError as error:
            if not _of_one(error):
                self._error = error
            return error
        finally:
            self._tracker.advance()


def _of_one(error: ReconcilerError) -> bool:
    """Tell whether a failure may concern this one object only."""
    return isinstance(error, ForbiddenError) or (
        isinstance(error, ApiError) and error.code in {"E_API", "E_READ_SCHEMA"}
    )


SWEEPS = 3

FEW_ROWS = 10
"""Rows of a page from which equal parts are shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListResult:
    """Combined result of the scans of one list.

    `rows` holds the last row of each object. `vanished` were in an earlier scan and not in the last: deleted, or
    missed.
    """

    rows: Mapping[str, Row]
    vanished: frozenset[str]
    last: ListScan
    sweeps: int

    @property
    def proven(self) -> bool:
        """Whether the list did not change during the last scan."""
        return self.last.clean

    @property
    def doubt(self) -> str:
        """Reason why the list is not proven complete."""
        times = f" ({self.sweeps} sweeps)" if self.sweeps > 1 else ""
        return self.last.doubt + times

    @property
    def error(self) -> ReconcilerError | None:
        """Failure that ended the read."""
        return self.last.error


@dataclass(frozen=True, slots=True, kw_only=True)
class ListClient:
    """Reads lists of one kind through one client, `width` calls at once. `filters` apply to every list.

    `tracker` counts the pages and shows, `parts` are shared by all rows and shows.
    """

    client: ReadClient
    kind: Kind
    spread: ParallelMap
    width: int
    filters: Filters = ()
    tracker: ReadTracker = field(default_factory=ReadTracker)
    parts: SharedParts = field(default_factory=SharedParts)

    @property
    def rows(self) -> RowMapper:
        """Mapper of the rows to LiveResource."""
        return RowMapper(kind=self.kind, project_id=self.client.connection.project_id)

    @property
    def counts_objects(self) -> bool:
        """Whether the list's `count` counts its objects; for a kind with children it may count those (api.md §10)."""
        return not self.kind.items_field

    def confirmed_by_summary(self, last: ListScan) -> bool:
        """Return whether the summary list has exactly the objects received, and its count agrees."""
        if not self.kind.endpoints.summary or self.filters or last.error or last.stuck or not last.ended:
            return False
        names = sweep(
            lambda offset, limit: self.client.summary(self.kind, offset=offset, limit=limit),
            self.kind.id_field,
            spread=self.spread,
            width=self.width,
        )
        return names.clean and names.rows.keys() == last.rows.keys() and len(names.odd) == len(last.odd)

    def narrowed(self, filters: Filters) -> "ListClient":
        """Return a client that reads with these filters, one call after another, without a tracker."""
        return replace(self, filters=filters, spread=map, width=1, tracker=ReadTracker())

    def listing(self) -> ListResult:
        """Scan until clean, or three times. A count that is too large is checked against the summary list."""
        number, last = 1, self._swept()
        rows = dict(last.rows)
        while not last.clean and not last.error and number < SWEEPS:
            number, last = number + 1, self._swept()
            rows.update(last.rows)
        return ListResult(rows=rows, vanished=frozenset(rows) - frozenset(last.rows), last=last, sweeps=number)

    def sweep(self) -> ListScan:
        """Scan the list once."""
        self.tracker.list()
        return sweep(
            self._page,
            self.kind.id_field,
            spread=self.spread,
            width=self.width,
            items=self.kind.items_field,
        )

    def _page(self, offset: int, limit: int) -> ListPage:
        page = self.client.page(self.kind, offset=offset, limit=limit, filters=self.filters, compact=self._share)
        self.tracker.page(page)
        return page

    def _share(self, rows: Sequence[Row]) -> None:
        """Share the parts of a page's rows; of so few the time is worth more than the memory."""
        if len(rows) >= FEW_ROWS:
            self.parts.share(rows)

    def _swept(self) -> ListScan:
        found = self.sweep()
        if self.counts_objects or found.clean or not found.held_still or not self.confirmed_by_summary(found):
            return found
        return replace(found, doubt="", short_of_count=False)

    def show(self, ids: Iterable[str], make: Make[T], *, last: Set[str] = frozenset()) -> ShowResults[T]:
        """Show each object once, those in `last` at the end, and convert each as needed."""
        return show_all(
            self.client, self.kind, ids, self.spread, make, last=last, tracker=self.tracker, parts=self.parts
        )

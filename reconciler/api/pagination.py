"""Scans a list that has no cursor, order or snapshot, and determines whether the scan is complete.

The offset advances by the rows received, so that a capped limit or a short page loses nothing. A scan ends on an empty
page, or where a short page and the count agree; neither alone is trusted. It is clean when no row came twice, every
count agreed, and no page was missing. A count larger than the number of rows is doubtful for every kind, also where it
may count the items inside rows, unless the number of those explains it. A clean scan can still miss an object that
moved behind it; two equal clean scans cannot: an object can be missed only where it takes the position of one that was
read and then deleted, and the second scan does not return that one. A list that is cut off in the same way each time is
detected by queries for names (readers.confirm).
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice

from reconciler.api.client import MOST_ON_THE_WAY, ListPage, OddRow
from reconciler.errors import ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.threads import ParallelMap

LIMIT = 100
"""Rows of one page, the API's maximum (api.md §2)."""
MAX_REQUESTS = 20_000

Fetch = Callable[[int, int], ListPage]
"""Requests one page by offset and limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScan:
    """Result of one scan of a list. `doubt` is the reason why it proves nothing, empty for a clean one.

    `rows` is by id, in the order of the list; `positions` counts the rows received, repeats included. `counts` are the
    counts of the pages. `ended`: the end was reached; `stuck`: every offset returned the same page. `error` is the
    failure that aborted the scan; the rows received before are kept. `odd` are the rows that cannot be managed.
    `short_of_count`: a count is larger than the rows explain; `held_still`: only the count contradicts the list.
    """

    rows: Mapping[str, dict[str, Json]]
    doubt: str
    requests: int
    positions: int
    counts: tuple[int | None, ...]
    ended: bool
    stuck: bool = False
    error: ReconcilerError | None = None
    odd: tuple[OddRow, ...] = ()
    short_of_count: bool = False
    held_still: bool = True

    @property
    def clean(self) -> bool:
        """Whether the list did not change, as far as one scan can tell."""
        return not self.doubt

    @property
    def count(self) -> int | None:
        """Count of the first page."""
        return self.counts[0] if self.counts else None

    @property
    def handed_out(self) -> bool:
        """Whether the service returned as many rows as its count; some may be the same object twice.

        Then a changing list hides no object permanently; a missed one was behind the reader in every scan.
        """
        if not self.ended or self.stuck or self.error or None in self.counts:
            return False
        counts = {count for count in self.counts if count is not None}
        return self.positions >= min(counts) and (len(counts) > 1 or self.positions == min(counts))

    def same_as(self, other: "ListScan") -> bool:
        """Whether both are clean with the same objects: then no object that existed throughout was missed."""
        return self.clean and other.clean and self.rows.keys() == other.rows.keys()


def sweep(fetch: Fetch, id_field: str, *, spread: ParallelMap, width: int, items: str = "") -> ListScan:
    """Scan a list once, with the pages after the first `width` or more at a time.

    `items` names the list in each row whose items `count` may count instead of the rows: such a count hints at the
    number of pages, may agree with a short page, and contradicts only where it is larger than what came explains.
    """
    this = _PageCollector(id_field=id_field, items=items, width=width)
    ask = partial(_asked, fetch)
    wave = [(0, LIMIT)]
    while wave:
        for (offset, limit), page in zip(wave, spread(ask, wave), strict=True):
            this.take(offset, limit, page)
        wave = this.wave()
    return this.result()


def _asked(fetch: Fetch, place: tuple[int, int]) -> ListPage | ReconcilerError:
    try:
        return fetch(*place)
    except ReconcilerError as error:
        return error


class _PageCollector:
    """Pages of one scan in progress, by offset."""

    def __init__(self, *, id_field: str, items: str, width: int) -> None:
        self._id_field = id_field
        self._items = items
        self._count_is_objects = not items
        self._width = width
        self._pages: dict[int, ListPage] = {}
        self._short: set[int] = set()
        self._seen: set[str] = set()
        self._contents: set[tuple[str, ...]] = set()
        self._longest = 0
        self._repeats = 0
        self._stuck = False
        self._error: ReconcilerError | None = None

    def take(self, offset: int, limit: int, page: ListPage | ReconcilerError) -> None:
        """Add one page, or the first failure."""
        if isinstance(page, ReconcilerError):
            self._error = self._error or page
            return
        self._pages[offset] = page
        self._longest = max(self._longest, page.length)
        if page.size < limit:
            self._short.add(offset)
        ids = (*(str(row[self._id_field]) for row in page.rows), *(row.key for row in page.odd))
        self._stuck |= bool(ids) and ids in self._contents
        self._contents.add(ids)
        self._repeats += len(ids) - len(set(ids) - self._seen)
        self._seen.update(ids)

    def wave(self) -> list[tuple[int, int]]:
        """Return the pages to request next, as (offset, limit); none when the end is proven or cannot be reached."""
        reach, last = self._reach()
        if self._error or self._stuck or len(self._pages) >= self._most() or self._ended(reach, last):
            return []
        room = self._room(reach)
        hint = max((page.count or 0 for page in self._pages.values()), default=0)
        ahead = (offset for offset in range(reach + room, hint, self._step) if offset not in self._pages)
        return [(reach, room), *((offset, min(LIMIT, self._step)) for offset in islice(ahead, self._size() - 1))]

    def result(self) -> ListScan:
        """Return the result of the scan."""
        reach, last = self._reach()
        ended = self._ended(reach, last)
        pages = [self._pages[offset] for offset in sorted(self._pages)]
        rows = {str(row[self._id_field]): row for page in pages for row in page.rows}
        counts = {page.count for page in self._pages.values()}
        moved = self._doubt(reach, ended=ended)
        return ListScan(
            rows=rows,
            doubt=moved or self._by_count(counts),
            requests=len(self._pages),
            positions=reach,
            counts=tuple(page.count for page in pages),
            ended=ended,
            stuck=self._stuck,
            error=self._error,
            odd=tuple({row.key: row for page in pages for row in page.odd}.values()),
            short_of_count=self._missing(counts) > 0,
            held_still=not moved,
        )

    def _reach(self) -> tuple[int, int]:
        """Return the length of the covered list without a gap, and the offset of the page that ends there."""
        reach = last = 0
        while reach in self._pages and self._pages[reach].size:
            last = reach
            reach += self._pages[reach].size
        return reach, last

    def _ended(self, reach: int, last: int) -> bool:
        if reach in self._pages:
            return True
        counts = {page.count for page in self._pages.values()}
        return counts == {reach} and last in self._short

    @property
    def _step(self) -> int:
        """Return the actual page size: that of the first page, which may be a smaller limit."""
        return self._pages[0].size if 0 in self._pages and self._pages[0].size else LIMIT

    def _room(self, reach: int) -> int:
        """Return the limit for the request at `reach`: up to the next known page."""
        beyond = min((offset for offset in self._pages if offset > reach), default=reach + LIMIT)
        return min(LIMIT, self._step, beyond - reach)

    def _size(self) -> int:
        """Return how many pages to request at once, bounded so that a false count cannot cause a thousand calls.

        Of large pages these are so few as may be on the way together: each thread that decodes one keeps memory.
        """
        few = MOST_ON_THE_WAY // max(self._longest, 1)
        if few < self._width:
            return max(few, 1)
        return max(self._width, len(self._pages)) if self._count_is_objects else self._width

    def _most(self) -> int:
        """Return the most requests of one scan: twice what the count requires, where a count is plausible."""
        counts = [page.count for page in self._pages.values() if page.count is not None]
        if not self._count_is_objects or not counts:
            return MAX_REQUESTS
        return min(MAX_REQUESTS, 2 * -(-max(counts) // self._step) + 4)

    def _doubt(self, reach: int, *, ended: bool) -> str:
        """Return the reason why the list was not read completely, apart from its count."""
        if self._error:
            return f"{self._error.code}: {self._error.message}"
        if self._stuck:
            return "the service gives the same page again and again"
        if self._repeats:
            return f"{self._repeats} objects came twice: the list moved while it was read"
        if not ended:
            return f"the list has no end after {len(self._pages)} pages"
        if any(offset > reach and page.size for offset, page in self._pages.items()):
            return f"a page in the middle (offset {reach}) came back empty"
        return ""

    def _by_count(self, counts: set[int | None]) -> str:
        if not self._count_is_objects:
            missing = self._missing(counts)
            return f"count says {len(self._seen) + missing}, but {len(self._seen)} came" if missing else ""
        if counts == {None}:
            return "the answer has no count to check the list against"
        if len(counts) > 1:
            return "the count changed while the list was read"
        return "" if counts == {len(self._seen)} else f"count says {self._pages[0].count}, but {len(self._seen)} came"

    def _missing(self, counts: set[int | None]) -> int:
        """Return the excess of the largest count over the rows; 0 where the items in them explain it."""
        most = max((count for count in counts if count is not None), default=0)
        return 0 if self._items and most == self._listed_items() else max(0, most - len(self._seen))

    def _listed_items(self) -> int | None:
        """Return the number of items in the rows; None where a row has no list of them."""
        inside = [row.get(self._items) for page in self._pages.values() for row in page.rows]
        lists = [items for items in inside if isinstance(items, list)]
        return sum(map(len, lists)) if inside and len(lists) == len(inside) else None

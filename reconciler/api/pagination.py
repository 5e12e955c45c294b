"""One sweep through a list that has no cursor, no order and no snapshot, and what it proves.

Offsets move by what was received, so that a capped limit or a short page in the middle loses nothing. A sweep ends
on an empty page, or where a short page and an agreeing count say the same; neither alone is believed. It is clean when
nothing came twice, every count agreed, and no page was missing. A count that is larger than the number of rows is doubt
for every kind, also where it may count the items inside them: unless these came too, and their number explains it. A
clean sweep can still have missed an object that moved behind it; two equal clean sweeps cannot: an object slips through
unseen only into the place of one that was read and then deleted, and the second sweep does not see that one. A list
that is cut off in the same way each time is found out by asking for names (readers.confirming).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Protocol, TypeVar

from reconciler.api.client import ListPage, OddRow
from reconciler.errors import ReconcilerError
from reconciler.model.resource import Json

LIMIT = 100
"""Rows asked for at once, the most the API gives (api.md §2)."""
MAX_REQUESTS = 20_000

T = TypeVar("T")
R = TypeVar("R")

Fetch = Callable[[int, int], ListPage]
"""Asks for one page by offset and limit."""


class ParallelMap(Protocol):
    """Calls a function for each item, side by side or one after another, in order: an executor's `map`, or `map`."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """Return the results in the order of the items."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScan:
    """What one pass through a list saw. `doubt` says why it proves nothing, and is empty for a clean one.

    `rows` is by id, in the order of the list; `positions` counts the rows that came, repeats included. `counts` are the
    counts of the pages. `ended` tells whether the end was reached, `stuck` whether one page came back for every offset.
    `error` is the failure that broke the pass off; the rows that had come by then are kept. `odd` are the rows that
    cannot be managed. `short_of_count` tells whether a count is larger than what came explains, `held_still` whether
    nothing but the count speaks against the list.
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
        """Whether it saw a list that held still, as far as one pass can tell."""
        return not self.doubt

    @property
    def count(self) -> int | None:
        """What the first page said."""
        return self.counts[0] if self.counts else None

    @property
    def handed_out(self) -> bool:
        """Whether the service gave as many rows as it said it had; some may have been one object twice.

        Then a list that moved has hidden nothing for good; what was missed was behind the reader at every look.
        """
        if not self.ended or self.stuck or self.error or None in self.counts:
            return False
        counts = {count for count in self.counts if count is not None}
        return self.positions >= min(counts) and (len(counts) > 1 or self.positions == min(counts))

    def same_as(self, other: "ListScan") -> bool:
        """Whether both are clean and saw the same objects: then nothing that was there all along was missed."""
        return self.clean and other.clean and self.rows.keys() == other.rows.keys()


def sweep(fetch: Fetch, id_field: str, *, spread: ParallelMap, width: int, items: str = "") -> ListScan:
    """Go once through a list, the pages after the first up to `width` and more at a time.

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
    """The pages of one sweep as they come in, by offset."""

    def __init__(self, *, id_field: str, items: str, width: int) -> None:
        self._id_field = id_field
        self._items = items
        self._count_is_objects = not items
        self._width = width
        self._pages: dict[int, ListPage] = {}
        self._short: set[int] = set()
        self._seen: set[str] = set()
        self._contents: set[tuple[str, ...]] = set()
        self._repeats = 0
        self._stuck = False
        self._error: ReconcilerError | None = None

    def take(self, offset: int, limit: int, page: ListPage | ReconcilerError) -> None:
        """Keep one page, or the first failure."""
        if isinstance(page, ReconcilerError):
            self._error = self._error or page
            return
        self._pages[offset] = page
        if page.size < limit:
            self._short.add(offset)
        ids = (*(row[self._id_field] for row in page.rows), *(row.key for row in page.odd))
        self._stuck |= bool(ids) and ids in self._contents
        self._contents.add(ids)
        self._repeats += len(ids) - len(set(ids) - self._seen)
        self._seen.update(ids)

    def wave(self) -> list[tuple[int, int]]:
        """Return the pages to ask for next, as (offset, limit); none when the end is proven or out of sight."""
        reach, last = self._reach()
        if self._error or self._stuck or len(self._pages) >= self._most() or self._ended(reach, last):
            return []
        room = self._room(reach)
        hint = max((page.count or 0 for page in self._pages.values()), default=0)
        ahead = (offset for offset in range(reach + room, hint, self._step) if offset not in self._pages)
        return [(reach, room), *((offset, min(LIMIT, self._step)) for offset in islice(ahead, self._size() - 1))]

    def result(self) -> ListScan:
        """Say what the pass saw and what it proves."""
        reach, last = self._reach()
        ended = self._ended(reach, last)
        pages = [self._pages[offset] for offset in sorted(self._pages)]
        rows = {row[self._id_field]: row for page in pages for row in page.rows}
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
        """Return how far the pages cover the list without a gap, and the offset of the page that ends there."""
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
        """Return how many rows a page really holds: what the first one brought, which may be a smaller limit."""
        return self._pages[0].size if 0 in self._pages and self._pages[0].size else LIMIT

    def _room(self, reach: int) -> int:
        """Return how many rows to ask for at `reach`: up to the next page that is known already."""
        beyond = min((offset for offset in self._pages if offset > reach), default=reach + LIMIT)
        return min(LIMIT, self._step, beyond - reach)

    def _size(self) -> int:
        """Return how many pages to ask for at once: a false count must not send a thousand calls into the void."""
        return max(self._width, len(self._pages)) if self._count_is_objects else self._width

    def _most(self) -> int:
        """Return how many requests one pass may take: twice what the count asks for, where there is one to believe."""
        counts = [page.count for page in self._pages.values() if page.count is not None]
        if not self._count_is_objects or not counts:
            return MAX_REQUESTS
        return min(MAX_REQUESTS, 2 * -(-max(counts) // self._step) + 4)

    def _doubt(self, reach: int, *, ended: bool) -> str:
        """Say what shows that the list was not read whole, its count apart."""
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
        """Return by how much the largest count exceeds the rows; 0 where the items in them explain it."""
        most = max((count for count in counts if count is not None), default=0)
        return 0 if self._items and most == self._listed_items() else max(0, most - len(self._seen))

    def _listed_items(self) -> int | None:
        """Return how many items the rows brought with them; None where a row brought no list of them."""
        inside = [row.get(self._items) for page in self._pages.values() for row in page.rows]
        lists = [items for items in inside if isinstance(items, list)]
        return sum(map(len, lists)) if inside and len(lists) == len(inside) else None

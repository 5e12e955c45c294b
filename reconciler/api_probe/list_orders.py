"""Infers the order of a list, and whether ties keep theirs, from pages that were read whole in one response."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from itertools import combinations, pairwise

from reconciler.api_probe.observations import Observations
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.timestamps import parse_rfc3339

ORDERS: Mapping[str, tuple[int, int]] = {
    "create_desc": (0, -1),
    "create_asc": (0, 1),
    "update_desc": (1, -1),
    "update_asc": (1, 1),
}
"""For each order by time: which of a row's times (create, update), and the direction."""

ENOUGH = math.log(5_000)
"""Logarithm of the number of equally likely arrangements beyond which a fitting one is no coincidence."""


@dataclass(frozen=True, slots=True)
class _TimedRow:
    """Row of a list: its id, and its times of creation and update."""

    id: str
    times: tuple[datetime, datetime]


_Page = Sequence[_TimedRow]


@dataclass(slots=True)
class OrderEvidence:
    """Pages of all kinds so far; those of one sequence were read without a write in between."""

    _sequences: defaultdict[str, list[list[_Page]]] = field(default_factory=lambda: defaultdict(lambda: [[]]))

    def add(self, kind: Kind, rows: Sequence[Mapping[str, Json]]) -> None:
        """Add one page. A page with a missing time, or with times in several spellings, has no order to compare."""
        page = _timed(kind, rows)
        if len(page) > 1:
            self._sequences[kind.name][-1].append(page)

    def changed(self, kind: Kind) -> None:
        """Note a write: later pages are not compared with earlier ones row by row."""
        self._sequences[kind.name].append([])

    def decide(self, seen: Observations) -> None:
        """Vote for the order of lists and for the treatment of ties."""
        pages = [page for sequences in self._sequences.values() for pages in sequences for page in pages]
        fitting = [order for order in ORDERS if all(_fits(page, order) for page in pages)]
        seen.count("order", pages=len(pages), most_rows=max(map(len, pages), default=0))
        seen.count("ties", pages=len(pages))
        swapped = list(self._swapped())
        if any(a.times[0] != b.times[0] and a.times[1] != b.times[1] for a, b in swapped):
            seen.vote("order", "shuffled", swapped=1)
        elif pages and not fitting:
            seen.vote("order", "shuffled")
        elif len(fitting) == 1 and self._weight(fitting[0]) >= ENOUGH:
            seen.vote("order", fitting[0])
        if any(a.times == b.times for a, b in swapped):
            seen.vote("ties", "shuffled")
        elif self._tied_weight() >= ENOUGH:
            seen.vote("ties", "stable")

    def _swapped(self) -> Iterator[tuple[_TimedRow, _TimedRow]]:
        """Yield the pairs of rows whose relative order changed between two reads of the same list."""
        for before, after in self._rereads():
            place = {row.id: at for at, row in enumerate(after)}
            yield from ((a, b) for a, b in combinations(before, 2) if place[a.id] > place[b.id])

    def _rereads(self) -> Iterator[tuple[_Page, _Page]]:
        for sequences in self._sequences.values():
            for pages in sequences:
                for before, after in pairwise(pages):
                    if set(before) == set(after) and len({row.id for row in before}) == len(before):
                        yield before, after

    def _weight(self, order: str) -> float:
        """Return the logarithm of the arrangements of the rows, ties apart, that an order by this time excludes."""
        which = ORDERS[order][0]
        largest = (
            max((_arrangements(row.times[which] for row in page) for pages in sequences for page in pages), default=0.0)
            for sequences in self._sequences.values()
        )
        return sum(largest)

    def _tied_weight(self) -> float:
        """Return the logarithm of the arrangements of tied rows that equal rereads exclude."""
        return sum(
            math.lgamma(number + 1)
            for before, _ in self._rereads()
            for number in Counter(row.times for row in before).values()
        )


def _timed(kind: Kind, rows: Iterable[Mapping[str, Json]]) -> _Page:
    page: list[_TimedRow] = []
    spellings: set[tuple[int, str]] = set()
    for row in rows:
        texts = [str(row.get(name)) for name in ("create_time", "update_time")]
        created, updated = (parse_rfc3339(text) for text in texts)
        if created is None or updated is None:
            return ()
        spellings.update((len(text), text[-1]) for text in texts)
        page.append(_TimedRow(str(row[kind.id_field]), (created, updated)))
    return page if len(spellings) == 1 else ()


def _fits(page: _Page, order: str) -> bool:
    which, direction = ORDERS[order]
    moments = [row.times[which] for row in page]
    return all(first >= second if direction < 0 else first <= second for first, second in pairwise(moments))


def _arrangements(moments: Iterable[datetime]) -> float:
    counts = Counter(moments)
    ties = sum(math.lgamma(number + 1) for number in counts.values())
    return math.lgamma(sum(counts.values()) + 1) - ties

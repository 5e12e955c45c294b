"""A whole list: swept until one pass is clean, at most three times, with everything seen merged by id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.api.client import ReadClient
from reconciler.api.pages import Spread, Sweep, sweep
from reconciler.errors import ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.readers.details import Make, Shown, T, show_all
from reconciler.readers.rows import Row, Rows
from reconciler.readers.scope import Filters

SWEEPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the sweeps of one list saw together.

    `rows` holds each object as it was seen last. `vanished` were seen before the last sweep and not by it: gone, or
    missed.
    """

    rows: Mapping[str, Row]
    vanished: frozenset[str]
    last: Sweep
    sweeps: int

    @property
    def proven(self) -> bool:
        """Whether the last sweep saw a list that held still."""
        return self.last.clean

    @property
    def doubt(self) -> str:
        """Why the list is not proven."""
        times = f" ({self.sweeps} sweeps)" if self.sweeps > 1 else ""
        return self.last.doubt + times

    @property
    def error(self) -> ReconcilerError | None:
        """The failure that ended the reading."""
        return self.last.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """Asks one client about one kind, `width` calls side by side. `filters` narrow every list it reads."""

    client: ReadClient
    kind: Kind
    spread: Spread
    width: int
    filters: Filters = ()

    @property
    def rows(self) -> Rows:
        """What makes Lives of the rows it brings."""
        return Rows(kind=self.kind, project_id=self.client.connection.project_id)

    @property
    def counts_objects(self) -> bool:
        """Whether the list's `count` counts its objects; of a kind with children it may count those (api.md §10)."""
        return not self.kind.endpoints.children_field

    def confirmed_by_summary(self, last: Sweep) -> bool:
        """Return whether the summary list of the same objects names exactly those that came, and its count agrees."""
        if not self.kind.endpoints.summary or self.filters or last.error or last.stuck or not last.ended:
            return False
        names = sweep(
            lambda offset, limit: self.client.summary(self.kind, offset=offset, limit=limit),
            self.kind.id_field,
            spread=self.spread,
            width=self.width,
        )
        return names.clean and names.rows.keys() == last.rows.keys() and len(names.odd) == len(last.odd)

    def narrowed(self, filters: Filters) -> "Lister":
        """Return one that reads only what these filters let through, one call after another."""
        return replace(self, filters=filters, spread=map, width=1)

    def listing(self) -> Listing:
        """Sweep until it is clean, or three times. A count that is too large is checked against the summary list."""
        number, last = 1, self._swept()
        rows = dict(last.rows)
        while not last.clean and not last.error and number < SWEEPS:
            number, last = number + 1, self._swept()
            rows.update(last.rows)
        return Listing(rows=rows, vanished=frozenset(rows) - frozenset(last.rows), last=last, sweeps=number)

    def sweep(self) -> Sweep:
        """Go once through the list."""
        return sweep(
            lambda offset, limit: self.client.page(self.kind, offset=offset, limit=limit, filters=self.filters),
            self.kind.id_field,
            spread=self.spread,
            width=self.width,
            items=self.kind.endpoints.children_field,
        )

    def _swept(self) -> Sweep:
        found = self.sweep()
        if self.counts_objects or found.clean or not found.held_still or not self.confirmed_by_summary(found):
            return found
        return replace(found, doubt="", short_of_count=False)

    def show(self, ids: Iterable[str], make: Make[T]) -> Shown[T]:
        """Show each object once, and make of each what is needed."""
        return show_all(self.client, self.kind, ids, self.spread, make)

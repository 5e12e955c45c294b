"""A whole list: swept until one pass is clean, at most three times, with everything seen merged by id."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.api.client import ReadClient
from reconciler.api.pages import Spread, Sweep, sweep
from reconciler.errors import ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.model.resource import Json

SWEEPS = 3

Filters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the sweeps of one list saw together.

    `rows` holds each object as it was seen last. `vanished` were seen before the last sweep and not by it: gone, or
    missed. `proven` tells whether the last sweep was clean; `doubt` says why not.
    """

    rows: Mapping[str, dict[str, Json]]
    vanished: frozenset[str]
    last: Sweep
    sweeps: int

    @property
    def proven(self) -> bool:
        """Whether one pass saw a list that held still."""
        return self.last.clean

    @property
    def doubt(self) -> str:
        """Why the list is not proven."""
        return self.last.doubt

    @property
    def error(self) -> ReconcilerError | None:
        """The failure that ended the reading."""
        return self.last.error


@dataclass(frozen=True, slots=True, kw_only=True)
class Lister:
    """Reads lists of one client, `width` pages side by side."""

    client: ReadClient
    spread: Spread
    width: int

    @property
    def project_id(self) -> str:
        """The project whose objects are ours."""
        return self.client.connection.project_id

    def listing(self, kind: Kind, filters: Filters = ()) -> Listing:
        """Sweep until it is clean, or three times."""
        rows: dict[str, dict[str, Json]] = {}
        number, last = 1, self.sweep(kind, filters)
        rows.update(last.rows)
        while not last.clean and not last.error and number < SWEEPS:
            number, last = number + 1, self.sweep(kind, filters)
            rows.update(last.rows)
        return Listing(rows=rows, vanished=frozenset(rows) - frozenset(last.rows), last=last, sweeps=number)

    def sweep(self, kind: Kind, filters: Filters = ()) -> Sweep:
        """Go once through a kind's list."""
        return sweep(
            lambda offset, limit: self.client.page(kind, offset=offset, limit=limit, filters=filters),
            kind.id_field,
            count_is_objects=counts_objects(kind),
            spread=self.spread,
            width=self.width,
        )


def counts_objects(kind: Kind) -> bool:
    """Tell whether a list's `count` counts its objects; of a kind with children it may count those (api.md §10)."""
    return not kind.endpoints.children_field

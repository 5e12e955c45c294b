"""Combines a list and shows to the ReadResult of one kind."""

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import filterfalse
from typing import TYPE_CHECKING

from reconciler.api.connection import UsageCounter
from reconciler.api.pagination import LIMIT
from reconciler.errors import ForbiddenError
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.read_result import ApiUsage, CachedShows, ReadResult
from reconciler.model.resource import LiveResource, address
from reconciler.readers.confirm import in_order
from reconciler.readers.list_reader import ListClient, ListResult, ShowResults
from reconciler.readers.live_objects import Row, is_elsewhere, name_of, stamp_of
from reconciler.readers.read_filter import ReadFilter
from reconciler.readers.unknown_fields import MOST, find_unknown_fields

if TYPE_CHECKING:
    from reconciler.readers.read_cache import ReadCache

INCOMPLETE = "E_READ_INCOMPLETE"

FEW = 20
"""Number, or fraction, of objects that may vanish between two scans of a list that is still trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindReader:
    """Makes the ReadResult of one kind from its list, with a show for each object that the list leaves open."""

    need: ReadFilter
    listing: ListResult
    lister: ListClient
    meter: UsageCounter
    cache: "ReadCache | None" = None

    def reading(self) -> ReadResult:
        """Look up objects the list lacks, show fields it omits, and return what is proven."""
        listed = self.listing.rows
        missing = self.lister.show(self._unaccounted(), self._made)
        alive = {key: row for key, row in listed.items() if key not in missing.gone} if missing.gone else listed
        rows = self.need.covered(alive)
        needed = self.need.to_show(rows)
        pages = max(1, -(-len(listed) // LIMIT))
        self.meter.add(ApiUsage(least=pages + len(missing.requested)))
        details, cached = self._details(needed - missing.requested)
        shown = missing.then(self._settled(details))
        resources = [self._live(key, row, shown) for key, row in rows.items() if key not in shown.gone]
        resources += [shown.found[key] for key in shown.found.keys() - listed.keys()]
        unusable = [self.need.rows.unusable(odd) for odd in self.listing.last.odd if self.need.may_cover(odd.name)]
        code, doubt = self._doubt(shown, alive=len((listed.keys() | shown.found.keys()) - shown.gone))
        return ReadResult(
            kind=self.lister.kind.name,
            resources=in_order((*resources, *unusable)),
            incomplete=doubt,
            code=code,
            proof="" if doubt else self._proof(shown),
            listed=frozenset().union(*listed.values()),
            cached=cached,
            diagnostics=(
                *_unmanageable(unusable),
                *self._problems(rows, shown),
                *find_unknown_fields(self.lister.kind, (live.spec for live in resources)),
            ),
        )

    def _unaccounted(self) -> frozenset[str]:
        """Return the ids that the last scan should have returned: relevant ones, and a few others it missed.

        Where it missed many, only those that a manifest may declare are looked up: no plan changes the rest.
        """
        ids = self.need.ids - self.listing.last.rows.keys()
        return ids | (self._meant if self._lost > self._few else self.listing.vanished)

    @property
    def _lost(self) -> int:
        return len(self.listing.vanished - self.need.ids)

    @property
    def _few(self) -> int:
        """Most objects that may change between scans; each of them is looked up by a show."""
        return max(FEW, len(self.listing.last.rows) // FEW)

    def _flighty(self) -> bool:
        """Tell whether more objects changed between scans than a plan tolerates.

        Each repeated row displaced another object in that scan: as many were missed, and are not necessarily deleted.
        """
        twice = self.listing.last.positions - len(self.listing.last.rows) - len(self.listing.last.odd)
        return self._lost > self._few + (max(0, twice) if self.need.is_of_a_plan else 0)

    @property
    def _meant(self) -> frozenset[str]:
        """Changed objects with a declared name."""
        rows = self.listing.rows
        return frozenset(key for key in self.listing.vanished if self.need.names(rows[key]))

    def _made(self, key: str, full: Row) -> LiveResource:
        return self.need.made(self.listing.rows.get(key), full)

    def _details(self, ids: Set[str]) -> tuple[ShowResults[LiveResource], CachedShows]:
        """Show the fields that the list omits for these rows, unless the cache has them; it may be stale."""
        if self.cache is None:
            self.meter.add(ApiUsage(least=len(ids)))
            return self.lister.show(ids, self._made), CachedShows()
        kind = self.lister.kind
        keeper = self.cache.keeper(kind, {key: stamp_of(kind, self.listing.rows[key]) for key in ids})
        known = {key: self._made(key, show) for key, show in keeper.known()}
        self.meter.add(ApiUsage(cache_hits=len(known), least=len(ids - known.keys())))
        now = self.lister.client.service_time

        def made(key: str, full: Row) -> LiveResource:
            keeper.take(key, full, now)
            return self._made(key, full)

        fresh = self.lister.show(ids - known.keys(), made, last=keeper.due)
        keeper.finish(self.listing.rows if self.listing.proven else None)
        stale = CachedShows(hits=len(known), oldest=keeper.oldest) if known and not self.cache.proven else CachedShows()
        return ShowResults(found=known).then(fresh), stale

    def _settled(self, shown: ShowResults[LiveResource]) -> ShowResults[LiveResource]:
        """List again when a listed object could not be shown; what is listed again is shown again."""
        if not shown.gone:
            return shown
        again = self.lister.sweep()
        return shown.then(self.lister.show(shown.gone & again.rows.keys(), self._made))

    def _live(self, key: str, row: Row, shown: ShowResults[LiveResource]) -> LiveResource:
        if key in shown.failed:
            return self.need.rows.unknown(row)
        return shown.found[key] if key in shown.found else self.need.rows.from_list(row)

    def _doubt(self, shown: ShowResults[LiveResource], alive: int) -> tuple[str, str]:
        """Return why the list is not proven complete, as code and text; both are empty where it is.

        A changing list counts as complete for a plan where every known object was looked up by id, everything with a
        declared name was shown, and no count contradicts: each create is confirmed by name, and nothing else is
        deleted.
        """
        if self._elsewhere():
            return "E_READ_SCOPE", "every listed object belongs to another project: check project_id and app_user_id"
        lost = [error for key, error in shown.failed.items() if key not in self.listing.rows or not _denied(error)]
        if lost:
            return INCOMPLETE, f"{len(lost)} objects could not be looked up: {lost[0].code}: {lost[0].message}"
        if self._flighty():
            return INCOMPLETE, f"{len(self.listing.vanished)} objects came and went while the list was read"
        if self.listing.proven or (self.need.is_of_a_plan and self._accounted(alive)):
            return "", ""
        return INCOMPLETE, self.listing.doubt

    def _elsewhere(self) -> bool:
        """Tell whether all that should be ours names another project; templates may well be other people's."""
        own = filterfalse(self.need.rows.kind.shared_row, self.listing.rows.values())
        elsewhere = (is_elsewhere(row, self.need.rows.project_id) for row in own)
        return next(elsewhere, False) and all(elsewhere)

    def _accounted(self, alive: int) -> bool:
        last = self.listing.last
        if last.handed_out:
            return True
        if not last.ended or last.stuck:
            return False
        if self.lister.counts_objects:
            return set(last.counts) == {alive}
        return not last.short_of_count or max(count or 0 for count in last.counts) <= alive

    def _proof(self, shown: ShowResults[LiveResource]) -> str:
        """Describe the evidence of completeness, for snapshots and users."""
        last = self.listing.last
        counted = f"count {last.count}, " if self.lister.counts_objects else ""
        held = "held still" if self.listing.proven else "moved, and every known object was looked up by its id"
        return (
            f"{len(last.rows)} objects on {last.requests} pages, {counted}{self.listing.sweeps} sweeps, "
            f"{len(shown.requested)} shows; the list {held}"
        )

    def _problems(self, rows: Mapping[str, Row], shown: ShowResults[LiveResource]) -> Iterator[Diagnostic]:
        for key in sorted(shown.failed.keys() & rows.keys()):
            error = shown.failed[key]
            yield Diagnostic(
                severity=Severity.WARNING,
                code=error.code,
                message=f"it could not be read, so that nothing is planned for it: {error.message}",
                hint=error.hint,
                address=address(self.lister.kind.name, name_of(self.lister.kind, rows[key])),
            )


def _unmanageable(unusable: Sequence[LiveResource]) -> Iterator[Diagnostic]:
    """Report the objects with rows that cannot be managed."""
    yield from map(_told, unusable[:MOST])
    if len(unusable) > MOST:
        kind = unusable[0].kind
        text = f"the service lists {len(unusable) - MOST} more objects of kind {kind} that cannot be managed"
        yield Diagnostic(severity=Severity.ERROR, code="E_READ_ROW", message=text)


def _told(live: LiveResource) -> Diagnostic:
    named = f'named "{live.name}"' if live.name else "without a name that can be read"
    return Diagnostic(
        severity=Severity.ERROR,
        code="E_READ_ROW",
        message=f"the service lists a {live.kind} {named} (id {live.id or 'missing'}) that cannot be managed: "
        f"{live.foreign.partition(': ')[2]}",
        hint="correct or delete it in the console; everything else goes on",
        address=live.address,
    )


def _denied(error: Exception) -> bool:
    return isinstance(error, ForbiddenError)

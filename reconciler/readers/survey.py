"""What a list and the shows beside it say together of one kind: the Reading."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from reconciler.api.meter import Meter
from reconciler.errors import DeniedError
from reconciler.kinds.kind import Kind
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.reading import Reading, Usage
from reconciler.model.resource import Json, Live, address
from reconciler.readers.cache import ReadCache
from reconciler.readers.details import Shown, show_all
from reconciler.readers.listing import Lister, Listing, counts_objects
from reconciler.readers.notes import notes
from reconciler.readers.rows import from_both, from_list, from_show, is_elsewhere, name_of, stamp_of, unknown
from reconciler.readers.scope import NOTHING, Need

INCOMPLETE = "E_READ_INCOMPLETE"

Row = dict[str, Json]
Rows = Mapping[str, Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Makes the Reading of one kind from its listing, asking show for what the listing leaves open."""

    kind: Kind
    need: Need
    listing: Listing
    lister: Lister
    meter: Meter
    cache: ReadCache | None = None

    def reading(self) -> Reading:
        """Look up what the list lacks, show what it hides, and say what is proven."""
        missing = self._show((self.need.ids - self.listing.rows.keys()) | self.listing.vanished)
        rows = {key: row for key, row in self.listing.rows.items() if key not in missing.gone and self.need.covers(row)}
        keeps = {
            key: keep for key, row in rows.items() if (keep := self.need.keep(row, self.lister.project_id)) != NOTHING
        }
        shown = missing.then(self._settled(self._details(rows, keeps.keys() - missing.asked)))
        resources = [self._live(row, keeps, shown) for key, row in rows.items() if key not in shown.gone]
        resources += [from_show(self.kind, shown.found[key]) for key in shown.found.keys() - rows.keys()]
        code, doubt = self._doubt(shown, alive=len((self.listing.rows.keys() | shown.found.keys()) - shown.gone))
        return Reading(
            kind=self.kind.name,
            resources=tuple(sorted(resources, key=lambda live: (live.name, live.id))),
            incomplete=doubt,
            code=code,
            proof="" if doubt else self._proof(shown),
            listed=frozenset(name for row in self.listing.rows.values() for name in row),
            diagnostics=(*self._problems(rows, shown), *notes(self.kind, (live.spec for live in resources))),
        )

    def _show(self, ids: Iterable[str]) -> Shown:
        return show_all(self.lister.client, self.kind, ids, self.lister.spread)

    def _details(self, rows: Rows, ids: Set[str]) -> Shown:
        """Show what the list hides of these rows, unless the cache still knows it."""
        if self.cache is None:
            return self._show(ids)
        stamps = {key: stamp_of(self.kind, rows[key]) for key in ids}
        known = self.cache.known(self.kind, stamps)
        self.meter.add(Usage(cache_hits=len(known)))
        now = self.lister.client.service_time
        fresh = self._show(ids - known.keys())
        self.cache.keep(self.kind, fresh.found, stamps, now)
        if self.listing.proven:
            self.cache.forget(self.kind, self.listing.rows)
        return Shown(found=known).then(fresh)

    def _settled(self, shown: Shown) -> Shown:
        """List once more when a listed object could not be shown: what is listed again is asked for again."""
        if not shown.gone:
            return shown
        again = self.lister.sweep(self.kind)
        return shown.then(self._show(shown.gone & again.rows.keys()))

    def _live(self, row: Row, keeps: Mapping[str, frozenset[str] | None], shown: Shown) -> Live:
        key = row[self.kind.id_field]
        if key in shown.failed:
            return unknown(self.kind, row, self.lister.project_id)
        if key in shown.found:
            return from_both(self.kind, row, shown.found[key], keeps.get(key, NOTHING), self.lister.project_id)
        return from_list(self.kind, row, self.lister.project_id)

    def _doubt(self, shown: Shown, alive: int) -> tuple[str, str]:
        """Say why the list is not proven to be whole, as code and words; both are empty where it is.

        A list that moved all the time is as good as whole where every known object was asked for by its id and no
        count contradicts: creates are looked up by name anyway before they are said.
        """
        if self._elsewhere():
            return "E_READ_SCOPE", "every room in the list belongs to another project: check project_id and app_user_id"
        lost = [error for key, error in shown.failed.items() if key not in self.listing.rows or not _denied(error)]
        if lost:
            return INCOMPLETE, f"{len(lost)} objects could not be looked up: {lost[0].code}: {lost[0].message}"
        if self.listing.proven or (self.need.ids and self._accounted(alive)):
            return "", ""
        times = f" ({self.listing.sweeps} sweeps)" if self.listing.sweeps > 1 else ""
        return INCOMPLETE, self.listing.doubt + times

    def _elsewhere(self) -> bool:
        """Tell whether all that should be ours names another project; templates may well be other people's."""
        own = [row for row in self.listing.rows.values() if row.get("room_type", "NORMAL") == "NORMAL"]
        return bool(own) and all(is_elsewhere(row, self.lister.project_id) for row in own)

    def _accounted(self, alive: int) -> bool:
        last = self.listing.last
        if not counts_objects(self.kind):
            return last.ended and not last.stuck
        return last.handed_out or (last.ended and not last.stuck and set(last.counts) == {alive})

    def _proof(self, shown: Shown) -> str:
        """Say what completeness rests on, for snapshots and for people who ask."""
        last = self.listing.last
        counted = f"count {last.count}, " if counts_objects(self.kind) else ""
        held = "held still" if self.listing.proven else "moved, and every known object was looked up by its id"
        return (
            f"{len(last.rows)} objects on {last.requests} pages, {counted}{self.listing.sweeps} sweeps, "
            f"{len(shown.asked)} shows; the list {held}"
        )

    def _problems(self, rows: Rows, shown: Shown) -> Iterator[Diagnostic]:
        for key in sorted(shown.failed.keys() & rows.keys()):
            error = shown.failed[key]
            yield Diagnostic(
                severity=Severity.WARNING,
                code=error.code,
                message=f"it could not be read, so that nothing is planned for it: {error.message}",
                hint=error.hint,
                address=address(self.kind.name, name_of(self.kind, rows[key])),
            )


def _denied(error: Exception) -> bool:
    return isinstance(error, DeniedError)

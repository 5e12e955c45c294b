"""Asking again before a plan says create or delete: a list alone is no proof.

A delete costs one show. Creates cost one query by name each, or one more sweep of the whole list, whichever is cheaper;
a sweep settles them only when it equals the clean one before it (see api.pages).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Kind
from reconciler.model.reading import Confirmation, Doubt
from reconciler.model.resource import Live
from reconciler.readers.listing import Lister, Listing
from reconciler.readers.rows import ALL, Row, name_of, nfc
from reconciler.readers.scope import Filters, Need, name_filter

MAX_QUERIES = 5_000
"""Names that are looked up one by one at most; more creates than that at once wait for a list that holds still."""

UNSEARCHABLE = "the list moved while it was read, and this name cannot be searched for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was read of a kind: for whom, and what the list was."""

    need: Need
    listing: Listing


def confirmation(doubt: Doubt, asked: Asked | None, lister: Lister) -> Confirmation:
    """Settle a doubt that arose from what was `asked`; objects outside its scope are none of ours."""
    seen, unsure = _creates(doubt.creates, asked, lister)
    rows = {key: row for key, row in seen.items() if asked is None or asked.need.covers(row)}
    shown = lister.show(
        doubt.deletes | rows.keys(), lambda key, full: lister.rows.from_both(rows.get(key, {}), full, ALL)
    )
    found = [shown.found[key] for key in rows.keys() & shown.found]
    for key, error in shown.failed.items():
        unsure[name_of(lister.kind, rows[key]) if key in rows else key] = f"{error.code}: {error.message}"
    return Confirmation(found=in_order(found), gone=shown.gone & doubt.deletes, unsure=unsure)


def matching(kind: Kind, rows: Mapping[str, Row], names: Iterable[str]) -> Mapping[str, Row]:
    """Return the rows whose name is exactly one of `names`, composed on both sides."""
    composed = {nfc(name) for name in names}
    return {key: row for key, row in rows.items() if name_of(kind, row) in composed}


def in_order(found: Iterable[Live]) -> tuple[Live, ...]:
    """Return objects by name, then id, whatever order the service has them in."""
    return tuple(sorted(found, key=lambda live: (live.name, live.id)))


def _creates(names: frozenset[str], asked: Asked | None, lister: Lister) -> tuple[Mapping[str, Row], dict[str, str]]:
    """Return the rows that exist after all under these names, and the names that could not be settled, with why."""
    queries = {name: query for name in sorted(names) if (query := name_filter(lister.kind, name))}
    before = asked.listing.last if asked else None
    cheaper = before is not None and before.clean and len(queries) > before.requests
    if before is not None and (cheaper or len(queries) < len(names)):
        again = lister.sweep()
        if again.same_as(before):
            return matching(lister.kind, again.rows, names), {}
    return _by_name(names, queries, lister)


def _by_name(
    names: frozenset[str], queries: Mapping[str, Filters], lister: Lister
) -> tuple[Mapping[str, Row], dict[str, str]]:
    chosen = dict(list(queries.items())[:MAX_QUERIES])
    listings = lister.spread(lambda query: lister.narrowed(query).listing(), chosen.values())
    found: dict[str, Row] = {}
    unsure = dict.fromkeys(names - chosen.keys(), UNSEARCHABLE)
    for name, listing in zip(chosen, listings, strict=True):
        found |= matching(lister.kind, listing.rows, [name])
        if not listing.proven:
            unsure[name] = listing.doubt
    return found, unsure

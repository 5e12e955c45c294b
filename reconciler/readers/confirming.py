"""Asking again before a plan says create or delete: a list alone is no proof.

A delete costs one show. Creates cost one query by name each, or one more sweep of the whole list, whichever is cheaper;
a sweep settles them only when it equals the clean one before it (see api.pages).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.kinds.kind import Kind
from reconciler.model.reading import Confirmation, Doubt
from reconciler.model.resource import Json, Live
from reconciler.readers.details import show_all
from reconciler.readers.listing import Filters, Lister, Listing
from reconciler.readers.rows import ALL, from_both, name_of, nfc

Row = dict[str, Json]

MAX_QUERIES = 5_000
"""Names that are looked up one by one at most; more creates than that at once wait for a list that holds still."""


def confirmation(kind: Kind, doubt: Doubt, listing: Listing | None, lister: Lister) -> Confirmation:
    """Settle a doubt, given the listing it arose from."""
    rows, unsure = _creates(kind, doubt.creates, listing, lister)
    shown = show_all(lister.client, kind, doubt.deletes | rows.keys(), lister.spread)
    found = [from_both(kind, rows[key], shown.found[key], ALL, lister.project_id) for key in rows.keys() & shown.found]
    for key, error in shown.failed.items():
        unsure[name_of(kind, rows[key]) if key in rows else key] = f"{error.code}: {error.message}"
    return Confirmation(found=in_order(found), gone=shown.gone & doubt.deletes, unsure=unsure)


def matching(kind: Kind, rows: Mapping[str, Row], names: Iterable[str]) -> Mapping[str, Row]:
    """Return the rows whose name is exactly one of `names`, composed on both sides."""
    composed = {nfc(name) for name in names}
    return {key: row for key, row in rows.items() if name_of(kind, row) in composed}


def in_order(found: Iterable[Live]) -> tuple[Live, ...]:
    """Return objects by name, then id, whatever order the service has them in."""
    return tuple(sorted(found, key=lambda live: (live.name, live.id)))


def name_filter(kind: Kind, name: str) -> Filters | None:
    """Return the query that narrows a list to a name; None where there is none, or the name is too long for it.

    The limits count characters of a kind nobody names: the larger count is taken, in UTF-16 units.
    """
    for rule in kind.endpoints.filters:
        if rule.field == kind.name_field:
            fits = not rule.max_length or len(name.encode("utf-16-le")) // 2 <= rule.max_length
            return ((rule.parameter, name),) if fits else None
    return None


def _creates(
    kind: Kind, names: frozenset[str], listing: Listing | None, lister: Lister
) -> tuple[Mapping[str, Row], dict[str, str]]:
    """Return the rows that exist after all under these names, and the names that could not be settled, with why."""
    queries = {name: query for name in sorted(names) if (query := name_filter(kind, name))}
    pages = listing.last.requests if listing else 0
    if len(queries) < len(names) or (listing and listing.proven and len(queries) > pages):
        again = lister.sweep(kind)
        if listing and again.same_as(listing.last):
            return matching(kind, again.rows, names), {}
    return _by_name(kind, names, queries, lister)


def _by_name(
    kind: Kind, names: frozenset[str], queries: Mapping[str, Filters], lister: Lister
) -> tuple[Mapping[str, Row], dict[str, str]]:
    chosen = dict(list(queries.items())[:MAX_QUERIES])
    one_by_one = replace(lister, spread=map, width=1)
    listings = lister.spread(lambda query: one_by_one.listing(kind, query), chosen.values())
    found: dict[str, Row] = {}
    unsure = dict.fromkeys(
        names - chosen.keys(), "the list moved while it was read, and this name cannot be searched for"
    )
    for name, listing in zip(chosen, listings, strict=True):
        found |= matching(kind, listing.rows, [name])
        if not listing.proven:
            unsure[name] = listing.doubt
    return found, unsure

"""Confirms creates and deletes by further reads, since a list alone does not prove them.

A delete costs one show. Creates cost one query by name each, or one more scan of the whole list and a sample of such
queries, whichever is cheaper; a scan confirms them only when it equals the clean one before it (see api.pagination).
One object that a search finds and no list returns makes the whole list incomplete.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import field

from reconciler.api.pagination import ListScan
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.read_result import ConfirmRequest, ConfirmResult
from reconciler.model.resource import LiveResource
from reconciler.readers.list_reader import ListClient, ListResult
from reconciler.readers.live_objects import ALL, Row, name_of
from reconciler.readers.read_filter import Filters, ReadFilter, name_queries, spelling_queries
from reconciler.semantics.equality import fold_name
from reconciler.strings import normalize_name

MAX_QUERIES = 5_000
"""Most names that are looked up one by one; more creates at once require a list that does not change."""

SAMPLE = 10
"""Least number of names that are looked up one by one beside a second scan."""

UNSEARCHABLE = "the list moved while it was read, and this name cannot be searched for"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousRead:
    """Earlier read of a kind: its request and its list."""

    need: ReadFilter
    listing: ListResult


def confirmation(doubt: ConfirmRequest, asked: PreviousRead | None, lister: ListClient) -> ConfirmResult:
    """Confirm the request based on an earlier read; objects outside its scope are ignored."""
    answer = _creates(doubt.creates, asked, lister)
    unsure = answer.unsure
    rows = {key: row for key, row in answer.found.items() if asked is None or asked.need.covers(row)}
    shown = lister.show(
        doubt.deletes | rows.keys(), lambda key, full: lister.rows.from_both(rows.get(key, {}), full, ALL)
    )
    found = [shown.found[key] for key in rows.keys() & shown.found]
    for key, error in shown.failed.items():
        unsure[name_of(lister.kind, rows[key]) if key in rows else key] = f"{error.code}: {error.message}"
    gone = shown.gone & doubt.deletes
    deleted = in_order(shown.found[key] for key in doubt.deletes & shown.found.keys())
    return ConfirmResult(found=in_order(found), gone=gone, unsure=unsure, incomplete=answer.incomplete, deleted=deleted)


def matching(kind: Kind, rows: Mapping[str, Row], names: Iterable[str]) -> Mapping[str, Row]:
    """Return the rows whose name is exactly one of `names`, composed on both sides."""
    composed = {normalize_name(name) for name in names}
    return {key: row for key, row in rows.items() if name_of(kind, row) in composed}


def similar_rows(kind: Kind, rows: Mapping[str, Row], names: Iterable[str]) -> Mapping[str, Row]:
    """Return the rows with a name equal to one of `names`, or similar under name folding."""
    folded = {fold_name(name) for name in names}
    return {key: row for key, row in rows.items() if fold_name(name_of(kind, row)) in folded}


def in_order(found: Iterable[LiveResource]) -> tuple[LiveResource, ...]:
    """Return objects by name, then id, independent of the service's order."""
    return tuple(sorted(found, key=lambda live: (live.name, live.id)))


@dataclass(slots=True, kw_only=True)
class Answer:
    """Result for names to be created: existing rows, unconfirmed names, and why the list is incomplete."""

    found: dict[str, Row] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    incomplete: str = ""


def _creates(names: frozenset[str], asked: PreviousRead | None, lister: ListClient) -> Answer:
    """Look up names to be created: by a second scan and a sample, or one by one.

    A second equal scan does not detect a list that is cut off in the same way twice, so a sample of the names is looked
    up one by one (and each again before it is written).
    """
    queries = {name: asked_by for name in sorted(names) if (asked_by := name_queries(lister.kind, name))}
    before = asked.listing.last if asked else None
    cheaper = before is not None and before.clean and len(queries) > before.requests
    if before is not None and (cheaper or len(queries) < len(names)):
        again = lister.sweep()
        if again.same_as(before):
            sample = _by_name(_sample(queries), lister)
            return _checked(Answer(found={**matching(lister.kind, again.rows, names), **sample.found}), again, lister)
    answer = _by_name(dict(list(queries.items())[:MAX_QUERIES]), lister)
    answer.unsure |= dict.fromkeys(names - queries.keys(), UNSEARCHABLE)
    answer.unsure |= dict.fromkeys(list(queries)[MAX_QUERIES:], UNSEARCHABLE)
    return _checked(answer, before, lister) if before is not None and before.clean else answer


def _sample(queries: Mapping[str, tuple[Filters, ...]]) -> Mapping[str, tuple[Filters, ...]]:
    """Return a sample of the names, spread over the alphabet."""
    step = max(1, len(queries) // max(SAMPLE, len(queries) // 50))
    return dict(list(queries.items())[::step])


def _by_name(queries: Mapping[str, tuple[Filters, ...]], lister: ListClient) -> Answer:
    """Look up each name and similar ones by its queries; a name without a complete response is unconfirmed."""
    asked = [(name, filters, True) for name, several in queries.items() for filters in several]
    asked += [(name, filters, False) for name in queries for filters in spelling_queries(lister.kind, name)]
    lister.tracker.begin(len(asked))

    def listed(one: tuple[str, Filters, bool]) -> ListResult:
        found = lister.narrowed(one[1]).listing()
        lister.tracker.advance()
        return found

    listings = lister.spread(listed, asked)
    answer = Answer()
    answered = set()
    for (name, _, by_itself), listing in zip(asked, listings, strict=True):
        answer.found |= similar_rows(lister.kind, listing.rows, [name])
        if by_itself and listing.proven:
            answered.add(name)
        elif by_itself:
            answer.unsure[name] = listing.doubt
    answer.unsure = {name: why for name, why in answer.unsure.items() if name not in answered}
    return answer


def _checked(answer: Answer, listed: ListScan, lister: ListClient) -> Answer:
    """Find objects that a search returns and a clean list does not; one that a second list lacks too is hidden.

    One that the second list has was created or renamed meanwhile.
    """
    hidden = answer.found.keys() - listed.rows.keys()
    if hidden:
        again = lister.sweep()
        hidden -= again.rows.keys()
        if hidden and again.clean:
            key = min(hidden)
            answer.incomplete = (
                f"a search finds {json.dumps(name_of(lister.kind, answer.found[key]))} ({key}), which the list of "
                f"{len(again.rows)} objects lacks: the list is cut off"
            )
    return answer

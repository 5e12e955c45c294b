"""Asking again before a plan says create or delete: a list alone is no proof.

A delete costs one show. Creates cost one query by name each, or one more sweep of the whole list and a sample of such
queries, whichever is cheaper; a sweep settles them only when it equals the clean one before it (see api.pages). One
object that a search finds and no list brings makes the whole list incomplete.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.api.pagination import ListScan
from reconciler.kinds.base.kind import Kind
from reconciler.model.read_result import ConfirmRequest, ConfirmResult
from reconciler.model.resource import LiveResource
from reconciler.readers.list_reader import ListClient, ListResult
from reconciler.readers.live_objects import ALL, Row, name_of
from reconciler.readers.read_filter import Filters, ReadFilter, name_queries, spelling_queries
from reconciler.semantics.equality import fold_name
from reconciler.strings import normalize_name

MAX_QUERIES = 5_000
"""Names that are looked up one by one at most; more creates than that at once wait for a list that holds still."""

SAMPLE = 10
"""Names that are asked for one by one, at least, beside a second sweep."""

UNSEARCHABLE = "the list moved while it was read, and this name cannot be searched for"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousRead:
    """What was read of a kind: for whom, and what the list was."""

    need: ReadFilter
    listing: ListResult


def confirmation(doubt: ConfirmRequest, asked: PreviousRead | None, lister: ListClient) -> ConfirmResult:
    """Settle a doubt that arose from what was `asked`; objects outside its scope are none of ours."""
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
    return ConfirmResult(found=in_order(found), gone=gone, unsure=unsure, incomplete=answer.incomplete)


def matching(kind: Kind, rows: Mapping[str, Row], names: Iterable[str]) -> Mapping[str, Row]:
    """Return the rows whose name is exactly one of `names`, composed on both sides."""
    composed = {normalize_name(name) for name in names}
    return {key: row for key, row in rows.items() if name_of(kind, row) in composed}


def alike(kind: Kind, rows: Mapping[str, Row], names: Iterable[str]) -> Mapping[str, Row]:
    """Return the rows whose name is one of `names`, or nearly one: a service that folds names takes them for one."""
    folded = {fold_name(name) for name in names}
    return {key: row for key, row in rows.items() if fold_name(name_of(kind, row)) in folded}


def in_order(found: Iterable[LiveResource]) -> tuple[LiveResource, ...]:
    """Return objects by name, then id, whatever order the service has them in."""
    return tuple(sorted(found, key=lambda live: (live.name, live.id)))


@dataclass(slots=True, kw_only=True)
class Answer:
    """What is known of names that would be created: rows that exist, names that are open, why the list is not whole."""

    found: dict[str, Row] = field(default_factory=dict)
    unsure: dict[str, str] = field(default_factory=dict)
    incomplete: str = ""


def _creates(names: frozenset[str], asked: PreviousRead | None, lister: ListClient) -> Answer:
    """Ask for names that would be created: by a second sweep and a sample, or one by one.

    A second equal sweep proves nothing against a list that is cut off in the same way twice: so that some of the names
    are asked for one by one all the same (each of them again, before it is written).
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
    """Return some of the names, from the whole of the alphabet."""
    step = max(1, len(queries) // max(SAMPLE, len(queries) // 50))
    return dict(list(queries.items())[::step])


def _by_name(queries: Mapping[str, tuple[Filters, ...]], lister: ListClient) -> Answer:
    """Ask for each name by its queries, and for what nearly has it; one that no query could answer whole is open."""
    asked = [(name, filters, True) for name, several in queries.items() for filters in several]
    asked += [(name, filters, False) for name in queries for filters in spelling_queries(lister.kind, name)]
    listings = lister.spread(lambda one: lister.narrowed(one[1]).listing(), asked)
    answer = Answer()
    answered = set()
    for (name, _, by_itself), listing in zip(asked, listings, strict=True):
        answer.found |= alike(lister.kind, listing.rows, [name])
        if by_itself and listing.proven:
            answered.add(name)
        elif by_itself:
            answer.unsure[name] = listing.doubt
    answer.unsure = {name: why for name, why in answer.unsure.items() if name not in answered}
    return answer


def _checked(answer: Answer, listed: ListScan, lister: ListClient) -> Answer:
    """Look for objects that a search finds and a clean list did not bring; one that a second list lacks too is hidden.

    One that the second list has was made or moved meanwhile.
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

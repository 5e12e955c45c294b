"""The calls that only read: list, summary, show."""

from collections.abc import Callable, Mapping

from reconciler.model.resource import Json
from reconciler.simulator.call import Call
from reconciler.simulator.collection import Entry
from reconciler.simulator.lists import arranged, counted, filtered, is_foreign, paging, seen_by_list
from reconciler.simulator.message import Response, answer
from reconciler.simulator.outgoing import listed, shown, summarised
from reconciler.simulator.shape import Shape

Row = Callable[[Shape, Entry, Mapping[str, str]], dict[str, Json]]


def list_objects(call: Call) -> Response:
    """Answer one page of the list."""
    return _page(call, listed, lambda found: counted(call.kind, found, call.choices))


def list_summaries(call: Call) -> Response:
    """Answer one page of the summary list; it has no items inside its objects, so that its count is theirs."""
    return _page(call, summarised, len)


def show(call: Call) -> Response:
    """Answer one object in full."""
    return answer(_read(call, call.entry("show_missing"), shown))


def _page(call: Call, row: Row, count: Callable[[list[Entry]], int]) -> Response:
    offset, limit = paging(call.request.arguments)
    collection = call.collection
    collection.reads += 1
    found = _candidates(call)
    twist = call.twist
    start = offset if twist.offset is None else twist.offset
    size = min(limit, twist.cap) if twist.cap is not None else limit
    page = found[start : start + size]
    rows = [_read(call, entry, row) for entry in page[: max(0, len(page) - twist.drop)]]
    places = call.kind.endpoints
    return answer({places.count: count(found), places.items: rows})


def _candidates(call: Call) -> list[Entry]:
    order = call.twist.order or call.choices["order"]
    entries = call.collection.ordered(order, _shuffle(call))
    if call.choices["foreign"] == "hidden":
        entries = [entry for entry in entries if not is_foreign(entry, call.target.project)]
    if call.twist.stale:
        old = call.as_of()
        entries = [old[entry.id] for entry in entries if entry.id in old]
        listed_still = {entry.id for entry in entries}
        entries = arranged([*entries, *(entry for key, entry in old.items() if key not in listed_still)], order)
    entries = seen_by_list(call.collection, entries, call.twist.lag, order)
    return filtered(call.kind, entries, call.request.arguments, call.target.project, call.choices)


def _shuffle(call: Call) -> int | None:
    """Return the number that decides ties: another one for each list call where ties are not stable."""
    if call.twist.shuffle is not None:
        return call.twist.shuffle
    return call.collection.reads if call.choices["ties"] == "shuffled" else None


def _read(call: Call, entry: Entry, row: Row) -> dict[str, Json]:
    entry.reads += 1
    call.world.model.saw(entry.id, call.client)
    return row(call.shape, entry, call.choices)

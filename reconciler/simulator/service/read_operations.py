"""List endpoints: filters, order and pages."""

from collections.abc import Callable, Mapping
from datetime import datetime

from reconciler.kinds.base.kind import ListFilter
from reconciler.kinds.registry import Kind
from reconciler.model.json_types import Json, as_list
from reconciler.simulator.messages import Response, ServiceError, answer
from reconciler.simulator.service.field_shape import FieldShape
from reconciler.simulator.service.object_store import ObjectCollection, StoredObject
from reconciler.simulator.service.operations import OperationContext
from reconciler.simulator.service.rendered_objects import listed, show_response, summarised

MAX_OFFSET = 2147483647
MAX_LIMIT = 100
DEFAULT_LIMIT = 10

Match = Callable[[Json, str], bool]


def paging(arguments: Mapping[str, str]) -> tuple[int, int]:
    """Return offset and limit, or refuse values outside their ranges (api.md §2)."""
    offset = _number(arguments.get("offset", "0"), "offset", 0, MAX_OFFSET)
    return offset, _number(arguments.get("limit", str(DEFAULT_LIMIT)), "limit", 1, MAX_LIMIT)


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and low <= int(text) <= high):
        raise ServiceError(400, "MSS.00000003", f"Invalid parameter: {name} must be in [{low}, {high}].")
    return int(text)


def filtered(
    kind: Kind, entries: list[StoredObject], arguments: Mapping[str, str], project: str, choices: Mapping[str, str]
) -> list[StoredObject]:
    """Return the entries that match every filter of the query; unknown parameters filter nothing."""
    for rule in kind.endpoints.filters:
        wish = arguments.get(rule.parameter, "")
        if not wish:
            continue
        if rule.max_length and len(wish) > rule.max_length:
            longest = rule.max_length
            raise ServiceError(400, "MSS.00000003", f"Invalid parameter: {rule.parameter} takes {longest} characters.")
        entries = _through(kind, rule, entries, wish, project=project, choices=choices)
    return entries


def _through(
    kind: Kind, rule: ListFilter, entries: list[StoredObject], wish: str, *, project: str, choices: Mapping[str, str]
) -> list[StoredObject]:
    if not rule.field:
        values_of = kind.simulation.filters.get(rule.parameter) if kind.simulation else None
        return [entry for entry in entries if wish in values_of(entry.body, project)] if values_of else entries
    open_question = rule.field == kind.name_field and rule.match == "exact"
    match = MATCHES.get(choices["name_filter"] if open_question else rule.match, _exact)
    wishes = [rule.spelled.get(word, word) for word in (wish.split(",") if rule.match == "any of" else [wish])]
    if rule.field.isidentifier():
        return [entry for entry in entries if any(match(entry.body.get(rule.field) or "", word) for word in wishes)]
    return [
        entry for entry in entries if any(match(v, word) for v in _values(entry.body, rule.field) for word in wishes)
    ]


def _values(body: Json, path: str) -> list[Json]:
    """Return every value at a path such as `scene_scripts[].dh_id`; an absent field is an empty text."""
    step, _, rest = path.partition(".")
    inner = body.get(step.removesuffix("[]")) if isinstance(body, dict) else None
    found = inner if step.endswith("[]") and isinstance(inner, list) else [inner]
    if rest:
        return [value for item in found for value in _values(item, rest)]
    return ["" if value is None else value for value in found]


def _fuzzy(value: Json, wish: str) -> bool:
    return isinstance(value, str) and wish.casefold() in value.casefold()


def _exact(value: Json, wish: str) -> bool:
    return bool(value == wish)


def _any_case(value: Json, wish: str) -> bool:
    return isinstance(value, str) and value.casefold() == wish.casefold()


def _since(value: Json, wish: str) -> bool:
    moment, limit = _moment(value), _moment(wish)
    return moment is not None and limit is not None and moment >= limit


def _until(value: Json, wish: str) -> bool:
    moment, limit = _moment(value), _moment(wish)
    return moment is not None and limit is not None and moment <= limit


def _moment(value: Json) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


MATCHES: Mapping[str, Match] = {
    "exact": _exact,
    "fuzzy": _fuzzy,
    "any of": _exact,
    "any case": _any_case,
    "since": _since,
    "until": _until,
}
"""Comparison of a filter's `match` between a field's value and the parameter."""


def is_foreign(entry: StoredObject, project: str) -> bool:
    """Tell whether an object belongs to another project."""
    return bool(entry.body.get("project_id", project) != project)


def counted(kind: Kind, entries: list[StoredObject], choices: Mapping[str, str]) -> int:
    """Return a list's count: of its objects, or of the items inside them."""
    inside = kind.items_field
    if choices["count"] == "objects" or not inside:
        return len(entries)
    return sum(len(as_list(entry.body.get(inside))) for entry in entries)


def seen_by_list(collection: ObjectCollection, entries: list[StoredObject], lag: int, order: str) -> list[StoredObject]:
    """Return the entries of a replica that lags this many list calls behind each write."""
    ghosts = {key: ghost for key, ghost in collection.ghosts.items() if collection.reads - ghost.since <= lag}
    collection.ghosts = ghosts
    if not ghosts:
        return entries
    fresh = [_as_was(entry, collection) for entry in entries if _is_listed(entry, collection)]
    gone = [ghost.entry for key, ghost in ghosts.items() if ghost.entry is not None and key not in collection.entries]
    return arranged(fresh + gone, order) if gone else fresh


def _is_listed(entry: StoredObject, collection: ObjectCollection) -> bool:
    ghost = collection.ghosts.get(entry.id)
    return ghost is None or ghost.entry is not None


def _as_was(entry: StoredObject, collection: ObjectCollection) -> StoredObject:
    ghost = collection.ghosts.get(entry.id)
    return ghost.entry if ghost is not None and ghost.entry is not None else entry


def arranged(entries: list[StoredObject], order: str) -> list[StoredObject]:
    """Return entries in ascending or descending order of creation."""
    return sorted(entries, key=lambda entry: entry.serial, reverse=order.endswith("desc"))


Row = Callable[[FieldShape, StoredObject, Mapping[str, str]], dict[str, Json]]


def list_objects(call: OperationContext) -> Response:
    """Return one page of the list."""
    return _page(call, listed, lambda found: counted(call.kind, found, call.choices))


def list_summaries(call: OperationContext) -> Response:
    """Return one page of the summary list; its objects have no items, so its count is that of the objects."""
    return _page(call, summarised, len)


def show(call: OperationContext) -> Response:
    """Return one object in full."""
    return answer(_read(call, call.entry("show_missing"), show_response))


def _page(call: OperationContext, row: Row, count: Callable[[list[StoredObject]], int]) -> Response:
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


def _candidates(call: OperationContext) -> list[StoredObject]:
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
    arguments = {name: value for name, value in call.request.arguments.items() if name not in call.twist.ignored}
    return filtered(call.kind, entries, arguments, call.target.project, call.choices)


def _shuffle(call: OperationContext) -> int | None:
    """Return the number that decides ties: a different one for each list call where ties are not stable."""
    if call.twist.shuffle is not None:
        return call.twist.shuffle
    return call.collection.reads if call.choices["ties"] == "shuffled" else None


def _read(call: OperationContext, entry: StoredObject, row: Row) -> dict[str, Json]:
    entry.reads += 1
    call.world.model.saw(entry.id, call.client)
    return row(call.shape, entry, call.choices)

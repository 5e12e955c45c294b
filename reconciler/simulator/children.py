"""The calls on one item inside an object: a rule of a rule group (api.md §2, §3)."""

from collections.abc import Mapping

from reconciler.model.resource import Json
from reconciler.simulator.assigned import restamped, with_own
from reconciler.simulator.call import Call
from reconciler.simulator.clock import instant
from reconciler.simulator.collection import Entry
from reconciler.simulator.incoming import accepted, check_types, decoded
from reconciler.simulator.message import Refusal, Response, answer, empty
from reconciler.simulator.outgoing import shown
from reconciler.simulator.shape import Shape
from reconciler.simulator.writes import stored, writable


def child_create(call: Call) -> Response:
    """Add an item at the end and answer it."""
    entry = writable(call)
    items = _items(call, entry)
    item = _numbered(call, entry, _body(call, {}), {}, len(items))
    return _answered(call, _kept(call, entry, [*items, item]), item)


def child_update(call: Call) -> Response:
    """Replace what the per-item body can say; what becomes of the rest (`enabled`) is a behaviour."""
    entry = writable(call)
    items = _items(call, entry)
    index = _index(call, items)
    rest = items[index] if call.choices["child_put"] == "keeps" else {}
    unsaid = {name: value for name, value in rest.items() if not _sayable(_item_shape(call), name)}
    item = _numbered(call, entry, _body(call, unsaid), items[index], index)
    return _answered(call, _kept(call, entry, [*items[:index], item, *items[index + 1 :]]), item)


def child_delete(call: Call) -> Response:
    """Take one item away."""
    entry = writable(call)
    items = _items(call, entry)
    index = _index(call, items)
    _kept(call, entry, [*items[:index], *items[index + 1 :]])
    return empty()


def _body(call: Call, unsaid: Mapping[str, Json]) -> dict[str, Json]:
    body = decoded(call.request.body)
    shape = _item_shape(call)
    check_types(shape, body, call.choices)
    known = {name: value for name, value in body.items() if name not in shape.children or _sayable(shape, name)}
    return accepted(shape, {**unsaid, **known}, call.choices)


def _sayable(shape: Shape, name: str) -> bool:
    child = shape.children.get(name)
    return child is not None and child.node.in_rule_update


def _item_shape(call: Call) -> Shape:
    item = call.shape.children[call.kind.endpoints.children_field].item
    assert item is not None  # noqa: S101 - the kind says that this field is a list
    return item


def _items(call: Call, entry: Entry) -> list[Mapping[str, Json]]:
    return list(entry.body.get(call.kind.endpoints.children_field) or ())


def _index(call: Call, items: list[Mapping[str, Json]]) -> int:
    id_field = call.kind.endpoints.child_id
    for index, item in enumerate(items):
        if item.get(id_field) == call.target.child:
            return index
    raise Refusal(int(call.choices["delete_missing"]), "MSS.00000003", f"The {id_field} does not exist.")


def _numbered(call: Call, entry: Entry, item: dict[str, Json], old: Mapping[str, Json], index: int) -> dict[str, Json]:
    writing = call.writing(entry.id, entry.revision + 1)
    whole = with_own(_item_shape(call), item, old, writing, path=f".{call.kind.endpoints.children_field}", index=index)
    return {**whole, **({"update_time": instant(call.now)} if "update_time" in whole else {})}


def _kept(call: Call, entry: Entry, items: list[Mapping[str, Json]]) -> Entry:
    stamps: Mapping[str, Json] = {}
    if call.choices["child_stamp"] == "renewed":
        stamps = restamped(call.kind, entry.body, call.writing(entry.id, entry.revision + 1))
    return stored(call, entry, {**entry.body, call.kind.endpoints.children_field: items, **stamps})


def _answered(call: Call, entry: Entry, item: Mapping[str, Json]) -> Response:
    whole = shown(call.shape, entry, call.choices)
    items = whole[call.kind.endpoints.children_field]
    id_field = call.kind.endpoints.child_id
    return answer(next(each for each in items if each.get(id_field) == item.get(id_field)))

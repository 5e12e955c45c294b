"""Write endpoints: create, update, delete and confirm."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.base.kind import ItemCollection, Kind
from reconciler.kinds.base.simulated_kind import Confirmation
from reconciler.model.json_types import Json, as_list, as_object
from reconciler.simulator.clock import instant
from reconciler.simulator.messages import Response, ServiceError, answer, empty
from reconciler.simulator.service.field_shape import FieldShape
from reconciler.simulator.service.object_store import StoredObject
from reconciler.simulator.service.operations import OperationContext
from reconciler.simulator.service.read_operations import is_foreign
from reconciler.simulator.service.rendered_objects import show_response
from reconciler.simulator.service.request_bodies import accepted, check_name, check_types, decoded
from reconciler.simulator.service.server_assigned import body_with_items, derived, identified, restamped, with_own
from reconciler.simulator.write_history import WriteLogEntry


def create(call: OperationContext) -> Response:
    """Create an object from the body and return its id alone (api.md §2)."""
    body = checked(call)
    name = str(body[call.kind.name_field])
    twins = free(call, name)
    serial = call.collection.next_serial()
    object_id = call.world.ids(f"{call.target.project}/{call.kind.name}/{name}/{serial}")
    writing = call.writing(object_id, 0)
    whole = derived(call.kind, body_with_items(call.shape, body, {}, writing), call.choices)
    whole = identified(call.kind, call.shape, whole, project=call.target.project, writing=writing)
    entry = StoredObject(id=object_id, name=name, body=whole, serial=serial, origin="api")
    call.collection.put(entry)
    call.world.model.note(write_of(call, "create", entry), twin=bool(twins))
    return answer({call.kind.id_field: object_id})


def update(call: OperationContext) -> Response:
    """Replace the object by the body (or merge it, as chosen) and return the whole object."""
    entry = writable(call)
    body = checked(call)
    free(call, str(body[call.kind.name_field]), entry.id)
    body = certain(call, entry, body)
    writing = call.writing(entry.id, entry.revision + 1)
    kept = {name: value for name, value in entry.body.items() if _stays(call, name)}
    whole = {
        **kept,
        **body_with_items(call.shape, body, entry.body, writing),
        **restamped(call.kind, entry.body, writing),
    }
    changed = stored(call, entry, derived(call.kind, voided(call, whole), call.choices))
    return answer(show_response(call.shape, changed, call.choices))


def delete(call: OperationContext) -> Response:
    """Delete the object."""
    entry = writable(call)
    call.collection.remove(entry.id)
    call.world.model.note(write_of(call, "delete", entry))
    return empty()


def confirm(call: OperationContext) -> Response:
    """Confirm or reject one version of an object."""
    entry = writable(call)
    body = decoded(call.request.body)
    rule = _confirmation(call.kind)
    assert rule is not None  # noqa: S101 - the route exists only where the kind has one
    action = body.get("action")
    if (
        not isinstance(action, str)
        or action not in rule.states
        or body.get(rule.version) != entry.body.get(rule.version)
    ):
        raise ServiceError(400, "MSS.00000003", f"Invalid parameter: action or {rule.version}.")
    stored(call, entry, {**entry.body, rule.field: rule.states[action]})
    return empty()


def checked(call: OperationContext) -> dict[str, Json]:
    """Return the body of a create or update as stored, or refuse it."""
    body = decoded(call.request.body)
    check_name(call.kind, body)
    check_types(call.shape, body, call.choices)
    return accepted(call.shape, body, call.choices)


def free(call: OperationContext, name: str, own_id: str = "") -> tuple[StoredObject, ...]:
    """Return the other objects of a name; refuse it where names are unique and taken."""
    twins = tuple(entry for entry in call.collection.named(name) if entry.id != own_id)
    if twins and call.choices["names"] == "unique":
        raise ServiceError(400, "MSS.10001005", f"The {call.kind.name_field} already exists.")
    return twins


def certain(call: OperationContext, entry: StoredObject, body: dict[str, Json]) -> dict[str, Json]:
    """Return the body with possibly immutable fields unchanged, or refuse the change, as chosen."""
    choice = call.choices["doubtful_changes"]
    doubtful = [name for name, child in call.shape.children.items() if "doubtful" in child.own and name in entry.body]
    moved = {name: entry.body[name] for name in doubtful if body.get(name) != entry.body[name]}
    if moved and choice == "refused":
        raise ServiceError(400, "MSS.10000003", f"Parameter check failed: {', '.join(moved)} cannot be changed.")
    return {**body, **moved} if choice == "ignored" else body


def writable(call: OperationContext) -> StoredObject:
    """Return the object of a write, or refuse: it is missing, another tenant's, or running."""
    entry = call.entry("delete_missing")
    if is_foreign(entry, call.target.project):
        raise ServiceError(403, "MSS.20010082", "The template belongs to another tenant and cannot be edited.")
    if call.choices["on_air"] == "refused" and call.kind.busy_reason(entry.body):
        raise ServiceError(400, "MSS.20010046", "A job of this object exists.")
    return entry


def stored(call: OperationContext, entry: StoredObject, body: Mapping[str, Json]) -> StoredObject:
    """Store a changed object and record the lost values."""
    name = str(body[call.kind.name_field])
    changed = replace(entry, body=body, name=name, revision=entry.revision + 1)
    call.collection.put(changed)
    call.world.model.note_update(write_of(call, call.target.route.operation, changed), entry.body, body, call.shape)
    return changed


def write_of(call: OperationContext, action: str, entry: StoredObject) -> WriteLogEntry:
    """Return the record of a write."""
    return WriteLogEntry(
        action=action,
        project=call.target.project,
        kind=call.kind.name,
        id=entry.id,
        name=entry.name,
        at=instant(call.now),
        client=call.client,
    )


def voided(call: OperationContext, body: dict[str, Json]) -> dict[str, Json]:
    """Return the body with its confirmation removed, where a PUT does that."""
    rule = _confirmation(call.kind)
    if rule is None or call.choices["confirmation"] == "kept" or rule.field not in body:
        return body
    return {**body, rule.field: rule.unconfirmed}


def _confirmation(kind: Kind) -> Confirmation | None:
    return kind.simulation.confirmation if kind.simulation else None


def _stays(call: OperationContext, name: str) -> bool:
    if call.choices["put"] == "merge":
        return True
    child: FieldShape | None = call.shape.children.get(name)
    return child is not None and "read_only" in child.own


def child_create(call: OperationContext) -> Response:
    """Add an item at the end and return it."""
    entry = writable(call)
    items = _items(call, entry)
    item = _numbered(call, entry, _body(call, {}, _collection(call).create_fields), {}, len(items))
    return _answered(call, _kept(call, entry, [*items, item]), item)


def child_update(call: OperationContext) -> Response:
    """Replace the fields of the per-item body; the treatment of others (`enabled`) is a behaviour."""
    entry = writable(call)
    items = _items(call, entry)
    index = _index(call, items)
    rest = items[index] if call.choices["child_put"] == "keeps" else {}
    accepts = _collection(call).update_fields
    unsaid = {name: value for name, value in rest.items() if name not in accepts}
    item = _numbered(call, entry, _body(call, unsaid, accepts), items[index], index)
    return _answered(call, _kept(call, entry, [*items[:index], item, *items[index + 1 :]]), item)


def child_delete(call: OperationContext) -> Response:
    """Delete one item."""
    entry = writable(call)
    items = _items(call, entry)
    index = _index(call, items)
    _kept(call, entry, [*items[:index], *items[index + 1 :]])
    return empty()


def _body(call: OperationContext, unsaid: Mapping[str, Json], accepts: frozenset[str]) -> dict[str, Json]:
    body = decoded(call.request.body)
    shape = _item_shape(call)
    check_types(shape, body, call.choices)
    known = {name: value for name, value in body.items() if name not in shape.children or name in accepts}
    return accepted(shape, {**unsaid, **known}, call.choices)


def _collection(call: OperationContext) -> ItemCollection:
    items = call.kind.item_collection
    assert items is not None  # noqa: S101 - the route exists only where the kind has one
    return items


def _item_shape(call: OperationContext) -> FieldShape:
    item = call.shape.children[call.kind.items_field].item
    assert item is not None  # noqa: S101 - the kind says that this field is a list
    return item


def _items(call: OperationContext, entry: StoredObject) -> list[Mapping[str, Json]]:
    return [as_object(item) for item in as_list(entry.body.get(call.kind.items_field))]


def _index(call: OperationContext, items: list[Mapping[str, Json]]) -> int:
    id_field = _collection(call).id_field
    for index, item in enumerate(items):
        if item.get(id_field) == call.target.item_id:
            return index
    raise ServiceError(int(call.choices["delete_missing"]), "MSS.00000003", f"The {id_field} does not exist.")


def _numbered(
    call: OperationContext, entry: StoredObject, item: dict[str, Json], old: Mapping[str, Json], index: int
) -> dict[str, Json]:
    writing = call.writing(entry.id, entry.revision + 1)
    whole = with_own(_item_shape(call), item, old, writing, path=f".{call.kind.items_field}", index=index)
    return {**whole, **{name: instant(call.now) for name in call.kind.version_fields if name in whole}}


def _kept(call: OperationContext, entry: StoredObject, items: list[Mapping[str, Json]]) -> StoredObject:
    stamps: Mapping[str, Json] = {}
    if call.choices["child_stamp"] == "renewed":
        stamps = restamped(call.kind, entry.body, call.writing(entry.id, entry.revision + 1))
    return stored(call, entry, {**entry.body, call.kind.items_field: items, **stamps})


def _answered(call: OperationContext, entry: StoredObject, item: Mapping[str, Json]) -> Response:
    whole = show_response(call.shape, entry, call.choices)
    items = map(as_object, as_list(whole[call.kind.items_field]))
    id_field = _collection(call).id_field
    return answer(next(each for each in items if each.get(id_field) == item.get(id_field)))

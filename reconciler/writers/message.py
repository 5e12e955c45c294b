"""One change as JSON for programs outside: what is to be done, and nothing secret."""

from collections.abc import Mapping

from reconciler.kinds.kind import Kind
from reconciler.kinds.table import Field
from reconciler.model.change import MASK
from reconciler.model.resource import Json
from reconciler.ports import Task

VERSION = 1


def message(task: Task) -> dict[str, Json]:
    """Return what a program needs to carry out one change; secrets stay names, sensitive live values are masked.

    `id` is the live object's, empty for a create. `desired` is the manifest's spec and `live` the object as shown, null
    where there is none. `references` maps `kind/name` to the id of what the change refers to.
    """
    change = task.change
    return {
        "version": VERSION,
        "action": change.action.value,
        "address": change.address,
        "kind": change.kind,
        "name": change.name,
        "id": change.id,
        "desired": None if task.desired is None else dict(task.desired.spec),
        "live": None if task.live is None else masked(task.kind, task.live.spec),
        "ignored": list(task.ignored),
        "references": dict(task.references),
    }


def masked(kind: Kind, spec: Mapping[str, Json]) -> Json:
    """Return a raw object with every sensitive value masked."""
    return _masked(kind.root, spec)


def _masked(node: Field | None, value: Json) -> Json:
    if node is not None and node.sensitive and value not in (None, "", []):
        return MASK
    if isinstance(value, Mapping):
        return {name: _masked(node.children.get(name) if node else None, part) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked(node.item if node else None, part) for part in value]
    return value

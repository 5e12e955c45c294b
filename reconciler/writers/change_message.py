"""One change as JSON for programs outside: what is to be done, and nothing secret."""

from reconciler.interfaces import WriteRequest
from reconciler.model.resource import Json
from reconciler.redaction import redact_fields

VERSION = 1


def message(task: WriteRequest) -> dict[str, Json]:
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
        "live": None if task.live is None else redact_fields(task.kind.root, task.live.spec),
        "ignored": list(task.ignored),
        "references": dict(task.references),
    }

"""JSON message of one change for external programs, without secrets."""

from reconciler.interfaces import WriteRequest
from reconciler.model.json_types import Json
from reconciler.redaction import redact_fields

VERSION = 1


def message(task: WriteRequest) -> dict[str, Json]:
    """Return the message for a program that applies one change; secrets stay names, sensitive values are redacted.

    `id` is the live object's, empty for a create. `desired` is the manifest's spec and `live` the object as shown, null
    where there is none. `references` maps `kind/name` to the id of each object it refers to.
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

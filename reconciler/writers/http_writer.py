"""Applies changes through the API: create, update with the declared spec merged into the live object, delete.

Order, journal, lock and verification belong to the pipeline; this module maps one change to calls.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Self

from reconciler.api.client import WriteClient
from reconciler.diff.full_spec import full_spec
from reconciler.diff.request_body import build_request_body
from reconciler.errors import ApiError, TransportError
from reconciler.interfaces import WriterContext, WriteRequest, WriteResult
from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Action
from reconciler.model.field_tree import child_at
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import is_default
from reconciler.semantics.equality import is_empty
from reconciler.writers.item_writes import ItemWrites, item_calls
from reconciler.writers.secret_values import digests, insert_secrets, refuse_masked

AT_MOST = 5
"""Most lost paths that are named; the rest are counted."""


def find_dropped_fields(kind: Kind, sent: Mapping[str, Json], answer: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the paths that were sent and are missing in the response; none where it is not the object."""
    if kind.id_field not in answer and kind.name_field not in answer:
        return ()
    paths = list(_missing(compiled(kind), sent, answer, ""))
    if not paths:
        return ()
    more = f" and {len(paths) - AT_MOST} more" if len(paths) > AT_MOST else ""
    return (f"the service did not take {', '.join(paths[:AT_MOST])}{more}",)


def _missing(node: CompiledField | None, sent: Json, answer: Json, path: str) -> Iterator[str]:
    if isinstance(sent, Mapping) and isinstance(answer, Mapping):
        for name, value in sent.items():
            child = child_at(node, name)
            where = f"{path}.{name}" if path else name
            if name in answer:
                yield from _missing(child, value, answer[name], where)
            elif _worth(child, value):
                yield where
    elif isinstance(sent, list) and isinstance(answer, list) and len(sent) == len(answer):
        for index, (value, other) in enumerate(zip(sent, answer, strict=True)):
            yield from _missing(child_at(node, index), value, other, f"{path}[{index}]")


def _worth(node: CompiledField | None, value: Json) -> bool:
    """Tell whether a missing value is a loss: empty values, defaults and secrets may be omitted."""
    if is_empty(value):
        return False
    return node is None or not (node.sensitive or is_default(node, value))


class HttpWriter:
    """Writer `http` (interfaces.Writer). `secret` returns a declared secret by its name, for this writer alone.

    With `whole_objects` an update is always one PUT of the whole object (interfaces.WriterContext).
    """

    applies = True

    def __init__(self, client: WriteClient, secret: Callable[[str], str], *, whole_objects: bool = False) -> None:
        self._client = client
        self._secret = secret
        self._whole_objects = whole_objects

    @classmethod
    def made(cls, setup: WriterContext) -> Self:
        """Create the writer of an environment."""
        return cls(setup.client(), setup.secret, whole_objects=setup.whole_objects)

    def write(self, task: WriteRequest) -> WriteResult:
        """Apply one change in as few calls as lose no data."""
        client = self._client.announced(task.sending)
        if task.change.action is Action.DELETE:
            client.delete(task.kind, task.change.id)
            return WriteResult(id=task.change.id, calls=1)
        if task.change.action is Action.CREATE:
            return self._create(client, task)
        return self._update(client, task)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _create(self, client: WriteClient, task: WriteRequest) -> WriteResult:
        made = build_request_body(task.kind, _spec(task), {}, references=task.references)
        sealed = insert_secrets(task.kind, made.body, self._secret)
        answer = client.create(task.kind, sealed.body)
        object_id = answer.get(task.kind.id_field)
        return WriteResult(
            id=object_id if isinstance(object_id, str) else "",
            answer=answer,
            calls=1,
            warnings=tuple(made.warnings),
            secrets=digests(sealed, task.digest_key),
        )

    def _update(self, client: WriteClient, task: WriteRequest) -> WriteResult:
        raw = task.live.spec if task.live else client.show(task.kind, task.change.id)
        laid = build_request_body(task.kind, _spec(task), raw, ignored=task.ignored, references=task.references)
        calls = None if self._whole_objects else item_calls(task.kind, raw, laid.body)
        if calls is not None:
            return self._children(client, task, calls)
        refuse_masked(task.kind, raw, laid.body)
        sealed = insert_secrets(task.kind, laid.body, self._secret)
        answer = client.update(task.kind, task.change.id, sealed.body)
        return WriteResult(
            id=task.change.id,
            answer=answer,
            calls=1,
            warnings=(*laid.warnings, *find_dropped_fields(task.kind, sealed.body, answer)),
            secrets=digests(sealed, task.digest_key),
        )

    def _children(self, client: WriteClient, task: WriteRequest, calls: ItemWrites) -> WriteResult:
        """Write items one by one; after a failure, the next plan has the rest."""
        done, creating = 0, False
        try:
            for item_id in calls.removed:
                client.delete_item(task.kind, task.change.id, item_id)
                done += 1
            for item_id, body in calls.changed:
                client.update_item(task.kind, task.change.id, item_id, body)
                done += 1
            for body in calls.added:
                client.create_item(task.kind, task.change.id, body)
                done, creating = done + 1, True
        except TransportError as error:
            creating = creating or (error.sent and done >= len(calls.removed) + len(calls.changed))
            if not (error.sent or done):
                raise
            raise TransportError(error.message, code=error.code, hint=error.hint, creates=creating) from error
        except ApiError as error:
            if not creating:
                raise
            raise TransportError(error.message, code=error.code, hint=error.hint, creates=True) from error
        return WriteResult(id=task.change.id, calls=done)


def _spec(task: WriteRequest) -> Mapping[str, Json]:
    return full_spec(task.kind, task.desired) if task.desired else {}

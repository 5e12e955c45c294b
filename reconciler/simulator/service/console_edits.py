"""Edits by other users: in the web console, or random ones."""

import random
from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.registry import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.simulator.clock import instant
from reconciler.simulator.faults.fault import BackgroundEdits, ConsoleEdit
from reconciler.simulator.service.object_store import ObjectCollection, ServiceState, StoredObject, plant_one
from reconciler.simulator.service.server_assigned import WriteStamp, restamped
from reconciler.simulator.write_history import WriteLogEntry

CONSOLE = "console"
CHURN = "churn"
"""Author of random edits in the write history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleEditor:
    """Objects of one kind in one project, edited as in the web console."""

    world: ServiceState
    kind: Kind
    project: str
    client: str = CONSOLE

    @property
    def objects(self) -> ObjectCollection:
        """The objects."""
        return self.world.collection(self.project, self.kind.name)

    def insert(self, body: Mapping[str, Json]) -> StoredObject:
        """Create an object from a body as in a seed; it gets a name where it has none."""
        with self.world.lock:
            name = f"{self.client} {self.objects.serial + 1}"
            whole = {self.kind.name_field: name, **body}
            entry = plant_one(self.world, self.kind, self.project, whole, moment=self.world.clock(), origin=self.client)
            self.world.model.note(self._record("create", entry))
            return entry

    def remove(self, entry: StoredObject) -> None:
        """Delete an object."""
        with self.world.lock:
            self.objects.remove(entry.id)
            self.world.model.note(self._record("delete", entry))

    def change(self, entry: StoredObject, changes: Mapping[str, Json]) -> StoredObject:
        """Set top-level fields of an object (None removes one) and renew its version fields."""
        with self.world.lock:
            return self._changed(entry, changes)

    def _changed(self, entry: StoredObject, changes: Mapping[str, Json]) -> StoredObject:
        self.world.model.saw(entry.id, self.client)
        revision = entry.revision + 1
        writing = WriteStamp(object_id=entry.id, revision=revision, now=self.world.clock(), ids=self.world.ids)
        merged = {**entry.body, **restamped(self.kind, entry.body, writing), **changes}
        body = {name: value for name, value in merged.items() if value is not None}
        after = replace(entry, body=body, name=str(body[self.kind.name_field]), revision=revision)
        self.objects.put(after)
        self.world.model.note_update(self._record("update", after), entry.body, body, self.world.shapes[self.kind.name])
        return after

    def _record(self, action: str, entry: StoredObject) -> WriteLogEntry:
        return WriteLogEntry(
            action=action,
            project=self.project,
            kind=self.kind.name,
            id=entry.id,
            name=entry.name,
            at=instant(self.world.clock()),
            client=self.client,
        )


def make_random_edit(console: ConsoleEditor, churn: BackgroundEdits, dice: random.Random) -> None:
    """Make a random edit, or none."""
    if dice.random() >= churn.rate:
        return
    action = dice.choice(churn.actions)
    entries = console.objects.entries.values()
    victims = [entry for entry in entries if not (churn.spare and entry.name.startswith(churn.spare))]
    _act(console, action, dice.choice(victims) if victims else None, {})


def edited(console: ConsoleEditor, edit: ConsoleEdit, object_id: str) -> None:
    """Apply one edit of a fault: to the object of a name, at an index of the list, or of the request."""
    if edit.name:
        victim = next(iter(console.objects.named(edit.name)), None)
    elif edit.position is None and object_id:
        victim = console.objects.entries.get(object_id)
    else:
        victim = dict(enumerate(console.objects.ordered(console.world.choices["order"]))).get(edit.position or 0)
    _act(console, edit.action, victim, edit.body)


def _act(console: ConsoleEditor, action: str, victim: StoredObject | None, body: Mapping[str, Json]) -> None:
    if action in {"insert", "swap"}:
        console.insert(body)
    if victim is not None and action in {"delete", "swap"}:
        console.remove(victim)
    elif victim is not None and action == "touch":
        console.change(victim, body)

"""Simulator whose objects last between runs, in a state file that several processes may use.

The seed gives the behaviour at every run, and the objects once: what is written, through the API or as an edit in the
console, is in the file before the answer is sent. Time stands between writes and ids follow from counters; both go on
where the last run ended, so that no id and no version is given twice.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.model.json_types import Json
from reconciler.simulator.clock import FixedClock
from reconciler.simulator.messages import Request, Response
from reconciler.simulator.seed import SETTINGS
from reconciler.simulator.service.field_shape import FieldShape, rewritten
from reconciler.simulator.service.object_store import ObjectCollection, StoredObject
from reconciler.simulator.service.rendered_objects import STARS
from reconciler.simulator.service.simulator import Simulator
from reconciler.simulator.state_file import Signature, StateFile

if TYPE_CHECKING:
    from reconciler.simulator.kept_state import KeptCollection

_UNKNOWN: Signature = (-1, -1, -1)
"""Signature of no file: what is in memory is not what the file has."""


class KeptSimulator:
    """Answers requests as the simulator does, from a state file and into it. Raises ReconcilerError."""

    def __init__(self, simulator: Simulator, file: StateFile) -> None:
        self._simulator = simulator
        self._file = file
        self._lock = threading.RLock()
        self._seen: Signature | None = None

    def load(self) -> None:
        """Read the state file, so that one that cannot be used is reported before anything is asked."""
        with self._lock, self._file.opened() as folder:
            self._refresh(folder)

    def handle(self, request: Request) -> Response:
        """Process one request: a write, and with faults every request, alone among all processes."""
        if request.method == "GET" and not self._simulator.struck:
            with self._lock, self._file.opened() as folder:
                self._refresh(folder)
                return self._simulator.handle(request)
        with self.writing() as simulator:
            return simulator.handle(request)

    @contextmanager
    def writing(self) -> Iterator[Simulator]:
        """Yield the simulator with the kept objects; what becomes of them is kept when the `with` ends."""
        with self._lock, self._file.locked() as folder:
            self._refresh(folder)
            before = len(self._simulator.model.writes)
            try:
                yield self._simulator
                if len(self._simulator.model.writes) != before:
                    self._write(folder)
            except BaseException:
                self._seen = _UNKNOWN
                raise

    @contextmanager
    def editing(self) -> Iterator[Simulator]:
        """Yield the simulator for edits outside the API; time then goes on, as after a write."""
        with self.writing() as simulator:
            yield simulator
            self._go_on(simulator.clock() + timedelta(seconds=1))

    def reset(self) -> None:
        """Start again from the seed; time and counters go on, so that ids of new objects are new."""
        with self._lock, self._file.locked() as folder:
            try:
                self._refresh(folder)
            except ReconcilerError as error:
                if error.code != "E_SIMULATOR_STATE":
                    raise
            collections, now = self._simulator.world.collections, self._simulator.clock()
            self._simulator.reset()
            for (project, kind), old in collections.items():
                fresh = self._simulator.world.collection(project, kind)
                fresh.serial = max(fresh.serial, old.serial)
            self._go_on(now)
            self._write(folder)

    def as_seed(self) -> dict[str, Json] | None:
        """Return a seed with the kept objects, secrets starred; None where nothing is kept yet."""
        self.load()
        if self._seen is None:
            return None
        world, own = self._simulator.world, self._simulator.own_project
        projects: dict[str, dict[str, Json]] = {}
        for (project, kind), collection in sorted(world.collections.items()):
            bodies = [_kept(entry, world.shapes[kind])["body"] for entry in _by_serial(collection)]
            projects.setdefault(project, {})[world.kinds[kind].endpoints.items] = bodies
        settings = {name: value for name, value in self._simulator.seed.items() if name in SETTINGS}
        others = {project: inside for project, inside in projects.items() if project != own}
        return {**settings, **projects.get(own, {}), **({"projects": others} if others else {})}

    def _refresh(self, folder: int | None) -> None:
        """Read the file where it is another than the one in memory."""
        found = self._file.signature(folder)
        if found == self._seen:
            return
        self._seen = _UNKNOWN
        if folder is None or found is None:
            self._simulator.reset()
        else:
            self._restore(self._file.read(folder))
        self._seen = found

    def _write(self, folder: int) -> None:
        self._file.write(folder, self._state())
        self._seen = self._file.signature(folder)

    def _go_on(self, now: datetime) -> None:
        if isinstance(self._simulator.clock, FixedClock):
            self._simulator.clock.set(now)

    def _state(self) -> dict[str, Json]:
        """Return the present state as plain data, without the values of secrets."""
        world = self._simulator.world
        return {
            "now": self._simulator.clock().isoformat(),
            "collections": [
                {
                    "project": project,
                    "kind": kind,
                    "serial": collection.serial,
                    "objects": [_kept(entry, world.shapes[kind]) for entry in _by_serial(collection)],
                }
                for (project, kind), collection in sorted(world.collections.items())
            ],
        }

    def _restore(self, data: Json) -> None:
        """Replace all objects by those of a state file."""
        from reconciler.simulator.kept_state import kept_state  # for start-up: it is made of pydantic models

        state = kept_state(data, self._file.refuse)
        world = self._simulator.world
        world.collections.clear()
        world.begun.clear()
        for part in state.collections:
            if part.kind not in world.kinds:
                self._file.refuse(f"there is no kind {part.kind!r}")
            world.begun[part.project] = None
            self._fill(world.bare_collection(part.project, part.kind), part)
        self._go_on(state.now)

    def _fill(self, collection: ObjectCollection, part: "KeptCollection") -> None:
        kind = self._simulator.world.kinds[part.kind]
        collection.serial = part.serial
        for one in part.objects:
            object_id, name = str(one.body.get(kind.id_field, "")), str(one.body.get(kind.name_field, ""))
            if not object_id or object_id in collection.entries:
                self._file.refuse(f"{part.kind}: an object has no id of its own")
            if one.serial > part.serial:
                self._file.refuse(f"{part.kind}: the number of creations is lower than that of an object")
            collection.put(
                StoredObject(
                    id=object_id,
                    name=name,
                    body=one.body,
                    serial=one.serial,
                    revision=one.revision,
                    origin=one.origin,
                )
            )


def _by_serial(collection: ObjectCollection) -> list[StoredObject]:
    return sorted(collection.entries.values(), key=lambda entry: (entry.serial, entry.id))


def _kept(entry: StoredObject, shape: FieldShape) -> dict[str, Json]:
    body = rewritten(shape, dict(entry.body), "sensitive", lambda _field, value, _path: _starred(value))
    return {"serial": entry.serial, "revision": entry.revision, "origin": entry.origin, "body": body}


def _starred(value: Json) -> Json:
    """Return a secret as a service returns it that shows none: that there is one, not which."""
    if isinstance(value, list):
        return [_starred(item) for item in value]
    return STARS if isinstance(value, str) and value else value

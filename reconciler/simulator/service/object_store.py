"""Objects of one kind in one project, and their order in a list."""

import threading
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from reconciler.kinds.registry import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.simulator.clock import Clock, Ids, real_clock
from reconciler.simulator.messages import ServiceError
from reconciler.simulator.service.field_shape import FieldShape
from reconciler.simulator.service.request_bodies import normalised
from reconciler.simulator.service.server_assigned import WriteStamp, body_with_items, derived, identified
from reconciler.simulator.write_history import WriteHistory

_NAMED = 3
"""Most project ids in the refusal of another one."""

SeedObjects = Mapping[str, list[Mapping[str, Json]]]
"""Bodies of one project by kind."""

FirstObjects = dict[str, "tuple[tuple[str, StoredObject], ...]"]
"""Objects with which a project begins, by project, each with its kind, as they are stored before any call."""


@dataclass(slots=True, kw_only=True)
class StoredObject:
    """One stored object. `serial` counts creations, `revision` writes; `reads` its reads."""

    id: str
    name: str
    body: Mapping[str, Json]
    serial: int
    revision: int = 0
    reads: int = 0
    origin: str = "seed"


@dataclass(slots=True, kw_only=True)
class StaleEntry:
    """Previous version of an object, for a list that lags behind writes; None if it did not exist."""

    since: int
    entry: StoredObject | None


@dataclass(slots=True)
class ObjectCollection:
    """The objects by id. Orders are sorted once and kept until the next write, so that a page costs a page.

    `reads` counts list calls; with `remembers` each write keeps a stale entry, for lists that lag some calls behind,
    and a dated version, for replicas that lag some seconds behind.
    """

    entries: dict[str, StoredObject] = field(default_factory=dict)
    serial: int = 0
    reads: int = 0
    ghosts: dict[str, StaleEntry] = field(default_factory=dict)
    remembers: bool = False
    now: Callable[[], datetime] = real_clock
    versions: dict[str, list[tuple[datetime, StoredObject | None]]] = field(default_factory=dict)
    _orders: dict[str, list[StoredObject]] = field(default_factory=dict)
    _names: dict[str, list[str]] = field(default_factory=dict)

    def put(self, entry: StoredObject) -> None:
        """Store an object, new or changed."""
        self._leave(entry.id)
        self.entries[entry.id] = entry
        self._date(entry.id, entry)
        self._names.setdefault(entry.name, []).append(entry.id)
        self._orders.clear()

    def plant(self, entry: StoredObject) -> None:
        """Store a new object under its own serial."""
        self.serial = entry.serial
        self.put(entry)

    def remove(self, object_id: str) -> StoredObject:
        """Remove an object and return it."""
        self._leave(object_id)
        self._orders.clear()
        self._date(object_id, None)
        return self.entries.pop(object_id)

    def remember(self) -> None:
        """Keep a stale entry and a version for each write from now on; existing objects count as old."""
        if not self.remembers:
            self.remembers = True
            old = datetime.min.replace(tzinfo=UTC)
            self.versions = {key: [(old, entry)] for key, entry in self.entries.items()}

    def as_of(self, moment: datetime) -> dict[str, StoredObject]:
        """Return the objects by id as of a time."""
        found = {}
        for key, versions in self.versions.items():
            entry = next((entry for since, entry in reversed(versions) if since <= moment), None)
            if entry is not None:
                found[key] = entry
        return found

    def named(self, name: str) -> tuple[StoredObject, ...]:
        """Return the objects of exactly this name."""
        return tuple(self.entries[object_id] for object_id in self._names.get(name, ()))

    def next_serial(self) -> int:
        """Count a creation."""
        self.serial += 1
        return self.serial

    def ordered(self, order: str, shuffle: int | None = None) -> list[StoredObject]:
        """Return the objects in a list's order; with `shuffle` ties are ordered differently for each number."""
        if order == "shuffled" or shuffle is not None:
            return sorted(self.entries.values(), key=lambda entry: _shuffled(entry, order, shuffle))
        if order not in self._orders:
            field_name, _, direction = order.partition("_")
            self._orders[order] = sorted(
                self.entries.values(),
                key=lambda entry: (str(entry.body.get(f"{field_name}_time", "")), entry.serial),
                reverse=direction == "desc",
            )
        return self._orders[order]

    def _date(self, object_id: str, entry: StoredObject | None) -> None:
        if self.remembers:
            self.versions.setdefault(object_id, []).append((self.now(), entry))

    def _leave(self, object_id: str) -> None:
        """Record the entry that a lagging list still returns, and free the object's name."""
        before = self.entries.get(object_id)
        if self.remembers:
            ghost = self.ghosts.get(object_id)
            self.ghosts[object_id] = StaleEntry(since=self.reads, entry=ghost.entry if ghost else before)
        if before is not None:
            self._names[before.name].remove(object_id)


def _shuffled(entry: StoredObject, order: str, shuffle: int | None) -> tuple[object, ...]:
    die = blake2b(f"{entry.id}/{shuffle}".encode(), digest_size=8).digest()
    if order == "shuffled":
        return (die,)
    field_name, _, direction = order.partition("_")
    time = str(entry.body.get(f"{field_name}_time", ""))
    return (_descending(time) if direction == "desc" else time, die)


def _descending(text: str) -> str:
    return "".join(chr(0xFFFF - ord(letter)) for letter in text)


@dataclass(slots=True, kw_only=True)
class ServiceState:
    """State of the service. A project begins with its objects of the seed, the first time it is asked for.

    `shared` has the bodies by kind with which a project begins that `objects` does not name; None where there is no
    such project. `begun` has the projects that have begun, in order. Changes require `lock`. With `remembers` some
    reads lag behind. `firsts` is shared by the states that begin with the same objects; None where no other does.
    """

    kinds: Mapping[str, Kind]
    shapes: Mapping[str, FieldShape]
    choices: Mapping[str, str]
    clock: Clock
    ids: Ids
    model: WriteHistory
    lock: threading.RLock = field(default_factory=threading.RLock)
    start: datetime
    objects: Mapping[str, SeedObjects] = field(default_factory=dict)
    shared: SeedObjects | None = None
    firsts: FirstObjects | None = None
    remembers: bool = False
    begun: dict[str, None] = field(default_factory=dict)
    collections: dict[tuple[str, str], ObjectCollection] = field(default_factory=dict)

    def unknown_project_reason(self, project: str) -> str:
        """Return why a project is none of the service: its seed has project ids, and this is no one of them."""
        if self.shared is not None or project in self.objects or project in self.begun:
            return ""
        named = ", ".join([*self.objects][:_NAMED]) + (" and others" if len(self.objects) > _NAMED else "")
        return (
            f"The simulator has no project {project[:64]}: its seed names {named}. Use one of these project ids, "
            "or leave `project_id` out of the seed: then every project begins with its objects."
        )

    def check_project(self, project: str) -> None:
        """Refuse a project that is none of the service."""
        if reason := self.unknown_project_reason(project):
            raise ServiceError(403, "APIGW.0302", reason)

    def collection(self, project: str, kind: str) -> ObjectCollection:
        """Return the objects of a kind in a project, which begins with those of the seed."""
        with self.lock:
            if project not in self.begun:
                self.begin(project)
            return self.bare_collection(project, kind)

    def bare_collection(self, project: str, kind: str) -> ObjectCollection:
        """Return the objects of a kind in a project as they are; none where it has not begun."""
        found = self.collections.get((project, kind))
        if found is None:
            found = ObjectCollection(now=self._now)
            self.collections[project, kind] = found
        if self.remembers:
            found.remember()
        return found

    def begin(self, project: str) -> None:
        """Load the seed's objects of a project; a read that lags behind writes shows them at once."""
        self.begun[project] = None
        remembers, self.remembers = self.remembers, False
        known = self.firsts.get(project) if self.firsts is not None else None
        for kind, entry in known or ():
            self.bare_collection(project, kind).plant(copy(entry))
        if known is None:
            loaded = load_objects(self, project, self.objects.get(project, self.shared or {}))
            if self.firsts is not None:
                self.firsts[project] = tuple((kind, copy(entry)) for kind, entry in loaded)
        self.remembers = remembers

    def _now(self) -> datetime:
        return self.clock()

    def remember(self) -> None:
        """Keep stale entries for writes from now on: some read lags behind."""
        self.remembers = True
        for collection in self.collections.values():
            collection.remember()


AGE = timedelta(days=30)
"""Age of the first seeded object at the service's start, where the seed has none."""


def load_objects(world: ServiceState, project: str, objects: SeedObjects) -> list[tuple[str, StoredObject]]:
    """Load a seed's objects of one project into the state, and return them with their kinds."""
    start, loaded = world.start - AGE, []
    for kind, bodies in objects.items():
        for body in bodies:
            moment = start + timedelta(seconds=world.collection(project, kind).serial + 1)
            loaded.append((kind, plant_one(world, world.kinds[kind], project, body, moment=moment)))
    return loaded


def plant_one(
    world: ServiceState, kind: Kind, project: str, body: Mapping[str, Json], *, moment: datetime, origin: str = "seed"
) -> StoredObject:
    """Store one object as written, with missing fields filled in, and return it."""
    collection = world.collection(project, kind.name)
    serial = collection.serial + 1
    name = str(body.get(kind.name_field, ""))
    twins = len(collection.named(name))
    number = twins if origin == "seed" else serial  # an id is never given to a second object
    object_id = str(body.get(kind.id_field) or world.ids(f"{project}/{kind.name}/{name}/{origin}/{number}"))
    writing = WriteStamp(object_id=object_id, revision=0, now=moment, ids=world.ids)
    shape = world.shapes[kind.name]
    whole = normalised(shape, dict(body), world.choices)
    rule = kind.simulation.derivation if kind.simulation else None
    if rule is not None and rule.field not in body:
        whole = derived(kind, whole, world.choices)
    entry = StoredObject(
        id=object_id,
        name=name,
        body=identified(kind, shape, body_with_items(shape, whole, {}, writing), project=project, writing=writing),
        serial=serial,
        origin=origin,
    )
    collection.plant(entry)
    return entry

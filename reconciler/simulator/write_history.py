"""Write history inside the service, which tests compare with the tool's own reports."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, field

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.simulator.service.field_shape import FieldShape, leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteLogEntry:
    """One committed write: operation, object, and author (`client`, or "console" for another user's edit)."""

    action: str
    project: str
    kind: str
    id: str
    name: str
    at: str
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostValue:
    """Value that a write removed: `path` had it before, and nothing after."""

    kind: str
    id: str
    path: str
    value: Json
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverwrittenEdit:
    """Write that overwrote an edit its client had not read: the author of the edit of `path`, and of the write."""

    kind: str
    id: str
    path: str
    edited_by: str
    overwritten_by: str


@dataclass(slots=True)
class _Memory:
    """What is remembered of one object."""

    revision: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    edits: list[tuple[int, str, Mapping[str, Json]]] = field(default_factory=list)


@dataclass(slots=True)
class WriteHistory:
    """History of one service: requests counted by operation, writes in order, and lost values.

    `duplicates` are creations of a name that was live already. `losses` and `overwrites` come from updates; the test
    decides whether a loss is intended. `writes` of the console and random ones have their own client.
    """

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    writes: list[WriteLogEntry] = field(default_factory=list)
    duplicates: list[WriteLogEntry] = field(default_factory=list)
    losses: list[LostValue] = field(default_factory=list)
    overwrites: list[OverwrittenEdit] = field(default_factory=list)
    _memories: dict[str, _Memory] = field(default_factory=dict)

    @property
    def created(self) -> tuple[WriteLogEntry, ...]:
        """Creations, in order."""
        return tuple(write for write in self.writes if write.action == "create")

    @property
    def deleted(self) -> tuple[WriteLogEntry, ...]:
        """Deletions, in order."""
        return tuple(write for write in self.writes if write.action == "delete")

    def saw(self, object_id: str, client: str) -> None:
        """Record that a client has read the present state of an object."""
        memory = self._memories.get(object_id)
        if memory is not None:
            memory.seen[client] = memory.revision

    def note(self, write: WriteLogEntry, *, twin: bool = False) -> None:
        """Record a committed creation or deletion; `twin` when an object of that name was live already."""
        self.writes.append(write)
        if twin:
            self.duplicates.append(write)

    def note_update(
        self, write: WriteLogEntry, before: Mapping[str, Json], after: Mapping[str, Json], shape: FieldShape
    ) -> None:
        """Record a committed update with its lost values and overwritten edits."""
        self.writes.append(write)
        old, new = leaves(shape, dict(before)), leaves(shape, dict(after))
        gone = (path for path, value in old.items() if path not in new and value not in (None, "", [], {}))
        self.losses += [
            LostValue(kind=write.kind, id=write.id, path=path, value=old[path], client=write.client)
            for path in gone
            if not any(other.startswith((f"{path}.", f"{path}[")) for other in new)
        ]
        self._undone(write, new)
        memory = self._memories.setdefault(write.id, _Memory())
        memory.revision += 1
        changed = {path: value for path, value in new.items() if old.get(path) != value}
        memory.edits.append((memory.revision, write.client, changed))

    def _undone(self, write: WriteLogEntry, after: Mapping[str, Json]) -> None:
        memory = self._memories.get(write.id, _Memory())
        unseen = [edit for edit in memory.edits if edit[0] > memory.seen.get(write.client, 0)]
        last = {path: (client, value) for _, client, changed in unseen for path, value in changed.items()}
        self.overwrites += [
            OverwrittenEdit(kind=write.kind, id=write.id, path=path, edited_by=client, overwritten_by=write.client)
            for path, (client, value) in last.items()
            if client != write.client and after.get(path) != value
        ]

    def as_json(self) -> Json:
        """Return the history as plain data."""
        return {
            "requests": dict(sorted(self.requests.items())),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "writes": [asdict(write) for write in self.writes],
            "duplicates": [asdict(write) for write in self.duplicates],
            "losses": [asdict(loss) for loss in self.losses],
            "overwrites": [asdict(overwrite) for overwrite in self.overwrites],
        }

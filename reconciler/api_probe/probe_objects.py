"""The objects that write probes create: recorded before each write, and removed at the end or by the next run.

An object is identified by its name, which is random and recorded before the create is sent: a create without an answer
is found by it. Nothing with another name is ever written or deleted.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from reconciler.api.client import ReadClient, WriteClient
from reconciler.errors import ApiError, AuthError, NotFoundError, ReconcilerError, TransportError
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.model.run_history import ProbeRecord

PREFIX = "reconciler-doctor-"
CREATE = "create"
"""Step of a record whose object may not exist yet."""

_PAGE = 100
_GONE = frozenset({400, 404})


class ProbeJournal(Protocol):
    """Record of the objects of write probes; each method is durable on return."""

    def note(self, kind: str, name: str, step: str) -> None:
        """Record the write that comes next, and its object."""
        ...

    def close(self, kind: str, name: str) -> None:
        """Record that no object of this name is left."""
        ...

    def open_records(self) -> tuple[ProbeRecord, ...]:
        """Return the objects that may be left over, oldest first."""
        ...


@dataclass(slots=True, kw_only=True)
class ProbeObjects:
    """Creates, writes and removes the objects of one run. `check` raises unless the lock is held."""

    writer: WriteClient
    reader: ReadClient
    journal: ProbeJournal
    check: Callable[[], None] = lambda: None
    _made: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _doubtful: set[tuple[str, str]] = field(default_factory=set)

    def new_name(self) -> str:
        """Return a name that no object has."""
        return PREFIX + secrets.token_hex(8)

    def create(self, kind: Kind, name: str, body: Mapping[str, Json]) -> str:
        """Create an object and return its id. Raises ApiError where it is refused."""
        self.before_write(kind, name, CREATE)
        ids = self._made.setdefault((kind.name, name), [])
        try:
            answer = self.writer.create(kind, {kind.name_field: name, **body})
        except TransportError as error:
            if error.sent:
                self._doubtful.add((kind.name, name))
            raise
        object_id = str(answer[kind.id_field])
        ids.append(object_id)
        return object_id

    def before_write(self, kind: Kind, name: str, step: str) -> None:
        """Record a write and check the lock; call it before each write of an object of this name."""
        self.journal.note(kind.name, name, step)
        self.check()

    def delete(self, kind: Kind, name: str, object_id: str) -> None:
        """Delete one object. Raises NotFoundError, or another ApiError."""
        self.before_write(kind, name, "delete")
        self.writer.delete(kind, object_id)

    def remove_all(self, kinds: Mapping[str, Kind]) -> list[ReconcilerError]:
        """Remove everything this run created; returns what failed. A record is closed once nothing is left."""
        errors = []
        for kind_name, name in list(self._made):
            try:
                self.remove(kinds[kind_name], name, self._made[kind_name, name])
                if (kind_name, name) in self._doubtful:
                    self.journal.note(kind_name, name, CREATE)  # it may still be on its way: the next run looks again
                else:
                    self.journal.close(kind_name, name)
            except ReconcilerError as error:
                errors.append(error)
        return errors

    def remove(self, kind: Kind, name: str, ids: Sequence[str]) -> int:
        """Delete the objects of these ids, and all of exactly this name; returns how many there were."""
        if not name.startswith(PREFIX):
            raise ReconcilerError(f"{name!r} is no name of a probe: nothing was deleted", code="E_PROBE_NAME")
        there = [one for one in ids if self._is_there(kind, name, one)]
        there += [one for one in self._named(kind, name) if one not in there]
        for object_id in there:
            self._delete_surely(kind, name, object_id)
        return len(there)

    def _named(self, kind: Kind, name: str) -> list[str]:
        filters = [(rule.parameter, name) for rule in kind.endpoints.filters if rule.field == kind.name_field]
        rows = self.reader.page(kind, offset=0, limit=_PAGE, filters=filters[:1]).rows
        named = [str(row[kind.id_field]) for row in rows if row.get(kind.name_field) == name]
        return [one for one in named if self._is_there(kind, name, one)]

    def _is_there(self, kind: Kind, name: str, object_id: str) -> bool:
        try:
            return self.reader.show(kind, object_id).get(kind.name_field) == name
        except NotFoundError:
            return False
        except ApiError as error:
            if is_missing(error):
                return False
            raise

    def _delete_surely(self, kind: Kind, name: str, object_id: str) -> None:
        try:
            self.delete(kind, name, object_id)
        except AuthError:
            raise
        except (ApiError, TransportError):
            if self._is_there(kind, name, object_id):
                raise
        if self._is_there(kind, name, object_id):
            raise ReconcilerError(
                f"{kind.name} {name} ({object_id}) is still there after its deletion",
                code="E_PROBE_LEFT",
                hint="run `reconciler doctor` again, or delete it in the console",
            )


def is_missing(error: ApiError) -> bool:
    """Tell whether a refused call says that its object does not exist: 404, or the 400 of some deployments."""
    return error.status in _GONE and not isinstance(error, AuthError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """Result of removing what interrupted runs left: names removed, those still open, and errors."""

    removed: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    errors: tuple[ReconcilerError, ...] = ()


def remove_leftovers(objects: ProbeObjects, kinds: Mapping[str, Kind]) -> Leftovers:
    """Remove the objects of interrupted runs.

    A name without an object may belong to a create that is still on its way: its record is kept until it is old.
    """
    removed: list[str] = []
    left: list[str] = []
    errors: list[ReconcilerError] = []
    for record in objects.journal.open_records():
        kind = kinds.get(record.kind)
        if kind is None:
            continue
        try:
            number = objects.remove(kind, record.name, ())
        except ReconcilerError as error:
            errors.append(error)
            continue
        if number or record.settled:
            objects.journal.close(record.kind, record.name)
        (removed if number else left).append(record.name)
    return Leftovers(removed=tuple(removed), open=tuple(left), errors=tuple(errors))

"""Protocols of readers, writers, reporters and the ledger.

Implementations are loaded by name through entry points (`reconciler.readers`, `reconciler.writers`,
`reconciler.reporters`); the pipeline depends on these Protocols alone.

A class with the methods of a Protocol implements it, without inheriting from it:

    >>> class SilentWriter:
    ...     applies = False
    ...
    ...     def write(self, task: WriteRequest) -> WriteResult:
    ...         return WriteResult(warnings=(f"not sent: {task.change.address}",))
    ...
    ...     def close(self) -> None:
    ...         pass
    >>> writer: Writer = SilentWriter()
    >>> WriteResult(id="7", calls=1).warnings
    ()
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import field
from typing import Any, Protocol, runtime_checkable

from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import Change
from reconciler.model.json_types import Json
from reconciler.model.ledger_state import LedgerState, ObjectRecord, WriteIntent
from reconciler.model.options import WRITER_SECONDS
from reconciler.model.outcome import Outcome
from reconciler.model.read_result import ApiUsage, ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.model.report import Report, Reporter, ReportOptions
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.model.run_history import JournalEntry, LockInfo, RunRecord

__all__ = [
    "Lease",
    "Ledger",
    "NameSearch",
    "Reader",
    "Report",
    "ReportOptions",
    "Reporter",
    "ServiceClock",
    "WriteRequest",
    "WriteResult",
    "Writer",
    "WriterContext",
]


class Reader(Protocol):
    """Source of the live side. A reader cannot send writes."""

    def read(self, kind: Kind, wanted: ReadRequest) -> ReadResult:
        """Return every live object of the kind, or those that could be read and the reason why others are missing.

        Raises ReconcilerError only where nothing can be read (credentials, host, configuration).
        """
        ...

    def confirm(self, kind: Kind, doubt: ConfirmRequest) -> ConfirmResult:
        """Check again the objects that a plan would create or delete; a list alone does not prove either."""
        ...

    def show(self, kind: Kind, object_id: str) -> LiveResource | None:
        """Return one object in full, or None where it does not exist. Raises ReconcilerError if that is unknown."""
        ...

    def find(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the live objects with exactly this name, read now and never from a cache."""
        ...

    @property
    def usage(self) -> ApiUsage:
        """Return the calls and waits that reading has cost so far."""
        ...


@runtime_checkable
class ServiceClock(Protocol):
    """Optional addition to Reader: the offset between the service's clock and the local one."""

    @property
    def service_offset(self) -> float | None:
        """Return the seconds that the service's clock is ahead of the local one; None while the offset is unknown."""
        ...


@runtime_checkable
class NameSearch(Protocol):
    """Optional addition to Reader: search for names that a service with name folding may treat as equal."""

    def find_alike(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the live objects with this name or a similar one, read now and never from a cache."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """One change to apply, with the data that a writer needs.

    `desired` is the manifest's resource (None for a delete). `live` is the raw object as just read by show, verified to
    be as planned (None for a create). `references` maps "kind/name" to the id of each object this one refers to,
    including those just created. `ignored` are the paths that are sent back as they were read. `digest_key` makes the
    keyed digests of the secrets that are sent. A writer that may wait before it sends, or that makes several calls,
    calls `sending` before each: the journal then holds the time of the latest. It raises LockedError or LedgerError
    where the call must not be made.
    """

    change: Change
    kind: Kind
    desired: DeclaredResource | None
    references: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    live: LiveResource | None = None
    digest_key: bytes = field(default=b"", repr=False)
    sending: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """Result of a write: the object's id, the response if the service returned one, and the number of write calls.

    `warnings` name what could not be preserved, such as unknown keys of a list item that was replaced. `secrets` maps
    the name of each secret that was sent to its keyed digest.
    """

    id: str = ""
    answer: Json = None
    calls: int = 0
    warnings: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterContext:
    """Arguments for creating a writer. The entry point names an object with a method `made(setup) -> Writer`.

    `variables` is the operator's process environment: a plugin reads its configuration from names that start with
    RECONCILER_WRITER_. `secret` returns a declared secret by its name or raises ReconcilerError. `emit` prints one line
    on stdout. `client` opens the API's writing client, for writers that use the API. `seconds` is how long one change
    may take from start to end (--writer-timeout), for writers that wait for something else. `redact` removes the
    secrets of this process from a text; call it before truncating or quoting. With `whole_objects` a writer sends no
    call for a single item of an object: the service's profile shows that such a call leaves the version field alone, by
    which read caches and other programs see that an object changed.
    """

    variables: Mapping[str, str] = field(repr=False)
    secret: Callable[[str], str]
    emit: Callable[[str], object]
    client: Callable[[], Any]
    redact: Callable[[str], str] = field(default=str, repr=False)
    seconds: float = WRITER_SECONDS
    whole_objects: bool = False


class Writer(Protocol):
    """Applies one change. Order, journal, lock, stop and verification belong to the pipeline.

    `applies` is false for a writer that only emits (a dry run, a script): its outcome is never verified or recorded.
    Raises ApiError when the change was refused, TransportError(sent=True) when the outcome is unknown, sent=False when
    the change was certainly not made.
    """

    applies: bool

    def write(self, task: WriteRequest) -> WriteResult:
        """Apply one change and return the result."""
        ...

    def close(self) -> None:
        """Release resources."""
        ...


class Lease(Protocol):
    """Held lock. `check` is called before each write."""

    @property
    def id(self) -> str:
        """Return the id that `lock release` takes."""
        ...

    def check(self) -> None:
        """Raise LockedError unless the lock is certain to be held for the time that one write may take."""
        ...


class Ledger(Protocol):
    """Records of runs, changes and ownership, and the lock. Every method raises LedgerError when it fails."""

    def load_state(self, scope: str, owner: str) -> LedgerState:
        """Return the recorded state of one scope."""
        ...

    def lock(self, scope: str, owner: str) -> AbstractContextManager[Lease]:
        """Hold the scope's lock for the duration of a `with`. Raises LockedError that names the holder."""
        ...

    def record_intent(self, scope: str, run: str, intent: WriteIntent) -> None:
        """Record a change before it is tried; the record is durable on return."""
        ...

    def record_outcome(
        self, scope: str, run: str, intent: WriteIntent, outcome: Outcome, applied: ObjectRecord | None
    ) -> None:
        """Record the outcome of a change and the new state of the object in one transaction."""
        ...

    def record_owned(self, scope: str, run: str, objects: tuple[ObjectRecord, ...], sweeps: Mapping[str, int]) -> None:
        """Record declared and matched objects as owned, and the number of objects that the read found."""
        ...

    def remove_objects(self, scope: str, objects: frozenset[tuple[str, str]]) -> None:
        """Remove the records of objects (kind, id) that are known to be deleted."""
        ...

    def record_drift(self, scope: str, drifting: frozenset[tuple[str, str]], seen: frozenset[tuple[str, str]]) -> None:
        """Record which of the objects seen (kind, id) drift now, with the first and last time of it."""
        ...

    def start(self, run: RunRecord) -> None:
        """Record the start of a run."""
        ...

    def end(self, run: str, result: str) -> None:
        """Record the result of a run as text."""
        ...

    def list_runs(self, scope: str, limit: int = 20) -> tuple[RunRecord, ...]:
        """Return the newest runs of a scope, newest first; of all scopes where it is empty."""
        ...

    def list_entries(self, scope: str, run: str = "", limit: int = 200) -> tuple[JournalEntry, ...]:
        """Return journal entries with their outcomes, newest first; of one run where it is given."""
        ...

    def list_recent(self, scope: str, seconds: float) -> tuple[JournalEntry, ...]:
        """Return the entries whose outcome was recorded in the last seconds by the ledger's clock, oldest first."""
        ...

    def resolve(self, scope: str, operation: str, created_id: str) -> JournalEntry:
        """Resolve an open intent as an operator decided: created under this id, or (empty) not applied."""
        ...

    def list_locks(self) -> tuple[LockInfo, ...]:
        """Return the locks with their holders, expired ones included."""
        ...

    def break_lock(self, lock_id: str) -> LockInfo:
        """Break a lock. Raises LedgerError unless a lock with exactly this id is held."""
        ...

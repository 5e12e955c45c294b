"""The four doors: where live comes from, what applying means, how a result is told, what is remembered.

An implementation is found by name through entry points (`reconciler.readers`, `reconciler.writers`,
`reconciler.reporters`); the pipeline knows these Protocols and never an adapter.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Change
from reconciler.model.ledger_state import LedgerState, ObjectRecord, WriteIntent
from reconciler.model.options import WRITER_SECONDS
from reconciler.model.outcome import Outcome
from reconciler.model.read_result import ApiUsage, ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.model.report import Report, Reporter, ReportOptions
from reconciler.model.resource import DeclaredResource, Json, LiveResource
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
    """Where live comes from. It can only read: nothing behind it is able to send a write."""

    def read(self, kind: Kind, wanted: ReadRequest) -> ReadResult:
        """Return every live object of the kind, or as many as could be had with the reason why not all.

        Raises ReconcilerError only where nothing at all can be known (credentials, host, configuration).
        """
        ...

    def confirm(self, kind: Kind, doubt: ConfirmRequest) -> ConfirmResult:
        """Look again for what a plan would create or delete: a list alone is no proof."""
        ...

    def show(self, kind: Kind, object_id: str) -> LiveResource | None:
        """Return one object in full, or None when it is not there; raises ReconcilerError when that cannot be told."""
        ...

    def find(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the live objects with exactly this name, asked for now and never from a cache."""
        ...

    @property
    def usage(self) -> ApiUsage:
        """What reading has cost so far."""
        ...


@runtime_checkable
class ServiceClock(Protocol):
    """What a reader may offer beside Reader: how the clock of the service it reads stands to the local one."""

    @property
    def service_offset(self) -> float:
        """Seconds that the service's clock is ahead of the local one; 0 while that is not known."""
        ...


@runtime_checkable
class NameSearch(Protocol):
    """What a reader may offer beside Reader: objects that a service which folds names may take for one."""

    def find_alike(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the live objects with this name or nearly this one, asked for now and never from a cache."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """One change to carry out, with what a writer needs beside it.

    `desired` is the manifest's resource (None for a delete). `live` is the object as shown a moment ago, raw and whole,
    and still as the plan saw it (None for a create). `references` maps "kind/name" to the id of objects this one refers
    to, those created a moment ago too. `ignored` are the paths that must go back as they were read. `digest_key` makes
    the keyed digests of the secrets that are sent.
    """

    change: Change
    kind: Kind
    desired: DeclaredResource | None
    references: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    live: LiveResource | None = None
    digest_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What a writer did: the object's id, the answer if the service gave one, and how many write calls it took.

    `warnings` name what could not be kept, such as unknown keys of a list item that was replaced. `secrets` maps the
    name of each secret that was sent to its keyed digest.
    """

    id: str = ""
    answer: Json = None
    calls: int = 0
    warnings: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterContext:
    """What a writer is made with. The object an entry point names has a method `made(setup) -> Writer`.

    `variables` is the operator's process environment: a plugin finds its own configuration there, by names that start
    with RECONCILER_WRITER_. `secret` gives a declared secret by its name; raises ReconcilerError when there is none.
    `emit` shows one line on stdout. `client` opens the API's writing client, for writers that use the API. `seconds`
    is how long one change may take from start to end (--writer-timeout), for writers that wait for something else.
    `redact` takes the secrets of this process out of a text, before it is cut or quoted.
    """

    variables: Mapping[str, str] = field(repr=False)
    secret: Callable[[str], str]
    emit: Callable[[str], object]
    client: Callable[[], Any]
    redact: Callable[[str], str] = field(default=str, repr=False)
    seconds: float = WRITER_SECONDS


class Writer(Protocol):
    """What applying means: carries out one change. Order, journal, lock, stop and verification are the pipeline's.

    `applies` is false for a writer that only emits (a dry run, a script): its outcome is never verified or recorded.
    Raises ApiError when the change was refused, TransportError(sent=True) when nobody knows, sent=False when it
    certainly did not happen.
    """

    applies: bool

    def write(self, task: WriteRequest) -> WriteResult:
        """Carry out one change and say what was done."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class Lease(Protocol):
    """A held lock. `check` is asked before each write."""

    @property
    def id(self) -> str:
        """What `lock release` takes."""
        ...

    def check(self) -> None:
        """Raise LockedError unless the lock is certainly still ours for the time one write may take."""
        ...


class Ledger(Protocol):
    """What happened and who holds the lock. Every method raises LedgerError when it cannot keep its word."""

    def past(self, scope: str, owner: str) -> LedgerState:
        """Return what is remembered of one scope."""
        ...

    def lock(self, scope: str, owner: str) -> AbstractContextManager[Lease]:
        """Hold the scope's lock for the length of a `with`; raises LockedError naming the holder."""
        ...

    def begin(self, scope: str, run: str, intent: WriteIntent) -> None:
        """Write down a change before it is tried; on return it survives a crash."""
        ...

    def finish(self, scope: str, run: str, intent: WriteIntent, outcome: Outcome, applied: ObjectRecord | None) -> None:
        """Write down how it ended, and what is now remembered of the object, in one step."""
        ...

    def remember(self, scope: str, run: str, objects: tuple[ObjectRecord, ...], sweeps: Mapping[str, int]) -> None:
        """Record declared and matched objects as owned, and how many objects the read found."""
        ...

    def forget(self, scope: str, objects: frozenset[tuple[str, str]]) -> None:
        """Drop what is remembered of objects (kind, id) that are known to be gone."""
        ...

    def drift(self, scope: str, drifting: frozenset[tuple[str, str]], seen: frozenset[tuple[str, str]]) -> None:
        """Note which of the objects seen (kind, id) drift now: since when it goes on, and when it was last seen."""
        ...

    def start(self, run: RunRecord) -> None:
        """Write down that a run begins."""
        ...

    def end(self, run: str, result: str) -> None:
        """Write down how a run ended, in words."""
        ...

    def runs(self, scope: str, limit: int = 20) -> tuple[RunRecord, ...]:
        """Return the newest runs of a scope, newest first; of all scopes where it is empty."""
        ...

    def entries(self, scope: str, run: str = "", limit: int = 200) -> tuple[JournalEntry, ...]:
        """Return what was tried and what became of it, newest first; of one run where it is named."""
        ...

    def resolve(self, scope: str, operation: str, created_id: str) -> JournalEntry:
        """Close an open intent by an operator's word: created under this id, or (empty) not carried out."""
        ...

    def holders(self) -> tuple[LockInfo, ...]:
        """Return who holds which lock now, those whose time is over included."""
        ...

    def release(self, lock_id: str) -> LockInfo:
        """Take a lock from its holder; raises LedgerError unless a lock with exactly this id is held."""
        ...

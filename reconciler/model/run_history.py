"""History in the ledger: runs, their changes, and locks."""

from collections.abc import Mapping
from dataclasses import field

from reconciler.late_methods import dataclass
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrigin:
    """Origin of a run: the person or CI account that started it, the checked-out commit, the plan's digest."""

    actor: str = ""
    commit: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run that wrote to the ledger; times are UTC. `result` is empty while it goes on, and after a crash."""

    id: str
    scope: str
    owner: str
    command: str
    started: str = ""
    ended: str = ""
    result: str = ""
    origin: RunOrigin = RunOrigin()


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One line of the journal: the change, its run, and its outcome (None while unknown)."""

    run: str
    intent: WriteIntent
    outcome: Outcome | None = None
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """Holder of a scope's lock. `epoch` counts its holders; `until` is the end of the lease (database's clock).

    `lapsed`: the lease has expired, and the next request gets the lock.
    """

    lock_id: str
    scope: str
    owner: str
    holder: str
    epoch: int
    since: str
    until: str
    lapsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Result of an audit of one environment, as recorded in the ledger.

    `result` is the full result as text. `differs` maps (address, path) of each drift to its attribution; the path is
    empty for a deleted object. `looked` is false where the live side was not read. `everything`: the read was complete;
    else it covers the objects in `seen` alone. `doubtful` objects were not read in any case.
    """

    owner: str
    result: str
    differs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    looked: bool = True
    everything: bool = True
    seen: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()

    def saw(self, address: str) -> bool:
        """Whether an object that is not in `differs` is known to be up to date or no longer managed."""
        return address not in self.doubtful and (self.everything or address in self.seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRun:
    """One audit: the times of its first and last environments, and their number."""

    run: str
    started: str
    ended: str
    environments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRecord:
    """Field that differs, or did (`open` is false). Times are UTC.

    `first` and `last` are the first and the last time it was seen to differ; `since` is the start of the current drift.
    `flips` counts the transitions between equal and different.
    """

    owner: str
    address: str
    path: str
    attribution: str
    open: bool
    first: str
    since: str
    last: str
    flips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRecord:
    """Object of `doctor --probe-writes` that may be left over: its name, and its last write that was begun.

    `settled`: no create of this name can still be on its way.
    """

    kind: str
    name: str
    step: str
    settled: bool = False

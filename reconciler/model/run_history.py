"""What the ledger tells of the past: runs, what each tried, and who holds a lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import Outcome


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


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One line of the journal: what was begun, in which run, and how it ended (None while nobody knows)."""

    run: str
    intent: WriteIntent
    outcome: Outcome | None = None
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """Who holds the lock of a scope. `epoch` counts its holders; `until` is when the lease ends (database's clock).

    `lapsed` tells that the time is over: the next one who asks gets the lock.
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
    """What an audit found in one environment, as the ledger keeps it.

    `result` is the whole of it as text. `differs` maps (address, path) of what drifted to who moved it; the path of an
    object that is gone is empty. `looked` is false where the live side was not read. `everything` tells that the read
    was complete; else only the objects named in `seen` were looked at. `doubtful` ones were not, in any case.
    """

    owner: str
    result: str
    differs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    looked: bool = True
    everything: bool = True
    seen: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()

    def saw(self, address: str) -> bool:
        """Whether an object that is not told to differ is known to be in step, or nobody's business any more."""
        return address not in self.doubtful and (self.everything or address in self.seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRun:
    """One audit: when its first and last environments were done, and how many there were."""

    run: str
    started: str
    ended: str
    environments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRecord:
    """One field that differs, or did (`open` is false). Times are UTC.

    `first` and `last` are the first and the last time it was seen to differ; `since` is when it began to this time.
    `flips` counts how often it went from one to the other: away, back, away again.
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

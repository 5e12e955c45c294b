"""What the ledger tells of the past: runs, what each tried, and who holds a lock."""

from dataclasses import dataclass

from reconciler.model.outcome import Outcome
from reconciler.model.past import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run that wrote to the ledger; times are UTC. `result` is empty while it goes on, and after a crash."""

    id: str
    scope: str
    owner: str
    command: str
    started: str = ""
    ended: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal: what was begun, in which run, and how it ended (None while nobody knows)."""

    run: str
    intent: Intent
    outcome: Outcome | None = None
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
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

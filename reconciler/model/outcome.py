"""What became of one change."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.change import Action, Change


class OutcomeStatus(StrEnum):
    """APPLIED: done and read back. SKIPPED: not tried, `reason` says why. FAILED: refused. UNKNOWN: no answer yet."""

    APPLIED = "applied"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one change, and why.

    `id` is the live object's, once known. `stuck` names the fields that the service would not keep. `calls` counts the
    write calls it took.
    """

    status: OutcomeStatus
    action: Action
    address: str
    kind: str
    name: str
    id: str = ""
    code: str = ""
    reason: str = ""
    stuck: tuple[str, ...] = ()
    calls: int = 0


def make_outcome(
    change: Change, status: OutcomeStatus, *, object_id: str = "", code: str = "", reason: str = "", calls: int = 0
) -> Outcome:
    """Return the outcome of a change; its id is the change's own unless a new one is given."""
    return Outcome(
        status=status,
        action=change.action,
        address=change.address,
        kind=change.kind,
        name=change.name,
        id=object_id or change.id,
        code=code,
        reason=reason,
        calls=calls,
    )


class ApplyPhase(StrEnum):
    """Where an apply stands."""

    LOCKED = "locked"
    SETTLING = "settling"
    STARTED = "change_started"
    FINISHED = "change_finished"
    STOPPING = "stopping"
    VERIFYING = "verifying"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyEvent:
    """One step of an apply; `done` of `total` changes are behind it. `message` is text for a person."""

    step: ApplyPhase
    address: str = ""
    action: str = ""
    message: str = ""
    outcome: Outcome | None = None
    done: int = 0
    total: int = 0


Progress = Callable[[ApplyEvent], None]

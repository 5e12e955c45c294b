"""Outcome of one change."""

from collections.abc import Callable
from enum import StrEnum

from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change
from reconciler.model.ledger_state import WriteIntent


class OutcomeStatus(StrEnum):
    """Status of an outcome. APPLIED: done and read back. SKIPPED: not tried. FAILED: refused. UNKNOWN: no response."""

    APPLIED = "applied"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Outcome of one change and its reason.

    `id` is the live object's, once known. `stuck` names the fields that the service did not keep. `calls` counts the
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
    subject: Change | WriteIntent,
    status: OutcomeStatus,
    *,
    object_id: str = "",
    code: str = "",
    reason: str = "",
    calls: int = 0,
) -> Outcome:
    """Return the outcome of a change or of an open intent; the id is the subject's own unless a new one is given."""
    return Outcome(
        status=status,
        action=subject.action,
        address=subject.address,
        kind=subject.kind,
        name=subject.name,
        id=object_id or subject.id,
        code=code,
        reason=reason,
        calls=calls,
    )


class ApplyPhase(StrEnum):
    """Phase of an apply."""

    LOCKED = "locked"
    SETTLING = "settling"
    STARTED = "change_started"
    FINISHED = "change_finished"
    STOPPING = "stopping"
    VERIFYING = "verifying"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyEvent:
    """Progress of an apply; `done` of `total` changes are finished. `message` is human-readable text.

    `id` is the live object's, where it exists at the start of its change.
    """

    step: ApplyPhase
    address: str = ""
    action: str = ""
    message: str = ""
    outcome: Outcome | None = None
    done: int = 0
    total: int = 0
    id: str = ""


Progress = Callable[[ApplyEvent], None]

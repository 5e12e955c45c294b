"""What an apply tells while it goes on, one value an event: for a terminal and for `--format json` alike."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.outcome import Outcome


class Step(StrEnum):
    """Where an apply stands."""

    LOCKED = "locked"
    SETTLING = "settling"
    STARTED = "change_started"
    FINISHED = "change_finished"
    STOPPING = "stopping"
    VERIFYING = "verifying"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of an apply; `done` of `total` changes are behind it. `message` is text for a person."""

    step: Step
    address: str = ""
    action: str = ""
    message: str = ""
    outcome: Outcome | None = None
    done: int = 0
    total: int = 0


Progress = Callable[[Event], None]

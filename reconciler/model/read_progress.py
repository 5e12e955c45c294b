"""Progress of reading a live side, as events that a reader emits while it reads."""

from collections.abc import Callable
from enum import StrEnum

from reconciler.late_methods import dataclass


class ReadPhase(StrEnum):
    """Phase of reading one kind. The values are words for people."""

    LISTING = "Listing"
    READING = "Reading"
    CONFIRMING = "Confirming"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent:
    """One finished call, or the start of a phase.

    `done` of `total` objects are listed or read, or creates and deletes confirmed; `total` is 0 while it is unknown.
    `calls_left` are the calls that this kind is expected to take from here, those of later phases included as far as
    they are foreseen; None while that is unknown. `called` is false for the start of a phase.
    """

    kind: str
    phase: ReadPhase
    done: int = 0
    total: int = 0
    calls_left: int | None = None
    called: bool = True


ReadListener = Callable[[ReadEvent], None]

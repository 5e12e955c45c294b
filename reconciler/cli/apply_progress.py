"""Progress of an apply on stderr, in Terraform's words: when a change starts, while it lasts, and when it ends."""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import field
from threading import Event, Thread

from reconciler.cli.command_context import CommandContext
from reconciler.cli.output import one_line, progress
from reconciler.late_methods import dataclass
from reconciler.model.change import Action
from reconciler.model.outcome import ApplyEvent, ApplyPhase, Outcome, OutcomeStatus

STILL_SECONDS = 10.0
"""Seconds between two lines about a change that lasts."""


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of one action: while it lasts, and for its end."""

    lasting: str
    ended: str


_WORDS = {
    Action.CREATE: _Words("creating", "Creation"),
    Action.UPDATE: _Words("modifying", "Modifications"),
    Action.DELETE: _Words("destroying", "Destruction"),
    Action.NONE: _Words("recording", "Recording"),
}

_ENDS = {
    OutcomeStatus.APPLIED: "complete",
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.SKIPPED: "skipped",
    OutcomeStatus.UNKNOWN: "not confirmed: the outcome is unknown",
}

_PHASES = {
    ApplyPhase.LOCKED: "Lock acquired",
    ApplyPhase.SETTLING: "Waiting",
    ApplyPhase.STOPPING: "Stopping",
    ApplyPhase.VERIFYING: "Planning once more, to verify the result",
    ApplyPhase.UNLOCKED: "Lock released",
}


@dataclass(slots=True)
class ApplyProgress:
    """Listener of the events of one apply. `every` is the time between two lines about a change that lasts.

    `displays` holds what is shown while the result is verified, and ends it at the latest when the apply ends.
    """

    session: CommandContext
    displays: ExitStack = field(default_factory=ExitStack)
    every: float = STILL_SECONDS
    _started: float = 0.0
    _over: Event = field(default_factory=Event)

    def __call__(self, event: ApplyEvent) -> None:
        """Write the line of an event."""
        if event.step is ApplyPhase.STARTED:
            self._start(event)
        elif event.step is ApplyPhase.FINISHED and event.outcome is not None:
            self._over.set()
            self.session.note(self._finished(event.outcome))
        else:
            self.displays.close()
            parts = (_PHASES[event.step], one_line(event.address), one_line(event.message))
            self.session.note(": ".join(filter(None, parts)))
            if event.step is ApplyPhase.VERIFYING and not event.message:
                self.displays.enter_context(progress(self.session, "Verifying"))

    def _start(self, event: ApplyEvent) -> None:
        words, clock = _WORDS[Action(event.action)], self.session.clock
        self._started, self._over = clock.monotonic(), Event()
        known = f" [id={one_line(event.id)}]" if event.id else ""
        self.session.note(f"{one_line(event.address)}: {words.lasting.capitalize()}…{known}")
        line = f"{one_line(event.address)}: Still {words.lasting}…"
        told = {"over": self._over, "every": self.every, "tell": lambda: self._still(line)}
        with suppress(RuntimeError):  # no further thread can be started: the change goes on without these lines
            Thread(target=_repeat, kwargs=told, daemon=True, name="progress").start()

    def _still(self, line: str) -> None:
        self.session.note(f"{line} [{elapsed(self.session.clock.monotonic() - self._started)} elapsed]")

    def _finished(self, outcome: Outcome) -> str:
        words = _WORDS[outcome.action]
        end = f"{one_line(outcome.address)}: {words.ended} {_ENDS[outcome.status]}"
        if outcome.status is not OutcomeStatus.SKIPPED:
            end += f" after {elapsed(self.session.clock.monotonic() - self._started)}"
        known = f" [id={one_line(outcome.id)}]" if outcome.id and outcome.status is OutcomeStatus.APPLIED else ""
        code = f" ({outcome.code})" if outcome.code else ""
        reason = f": {one_line(outcome.reason)}" if outcome.reason else ""
        return f"{end}{known}{code}{reason}"


def elapsed(seconds: float) -> str:
    """Return a duration as Terraform prints it: `7s`, `2m5s`, `1h0m3s`."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _repeat(*, over: Event, every: float, tell: Callable[[], None]) -> None:
    """Tell repeatedly until the change is over."""
    while not over.wait(every):
        tell()

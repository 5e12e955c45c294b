"""What a signal means to an apply: a clean stop while it may write; the end while it only looks or asks."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from reconciler.cli.interruption import ONE_SIGNAL, Interrupted, handled


@dataclass(slots=True)
class Stop:
    """Asked before each change: true once the run is to end after the change at hand."""

    say: Callable[[str], None]
    _asked: list[float] = field(default_factory=list)
    _gentle: bool = False

    def __call__(self) -> bool:
        """Tell whether a signal has come."""
        return bool(self._asked)

    @contextmanager
    def gently(self) -> Iterator[None]:
        """Let the first signal wait for the change at hand.

        Outside of it nothing is half done, so a signal interrupts at once: a question at a terminal too, which Python
        would go on asking after a signal that only takes a note.
        """
        self._gentle = True
        try:
            yield
        finally:
            self._gentle = False

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Take one signal."""
        now = time.monotonic()
        if self._asked and now - self._asked[0] <= ONE_SIGNAL:
            return
        if self._asked or not self._gentle:
            raise Interrupted(number)
        self._asked.append(now)
        self.say("Stopping after the change at hand; once more stops at once.")


@contextmanager
def stopping(say: Callable[[str], None]) -> Iterator[Stop]:
    """Turn the first signal into a clean stop after the change at hand; a later one interrupts."""
    stop = Stop(say)
    with handled(stop.note):
        yield stop

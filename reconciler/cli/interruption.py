"""Signals that end a run: SIGINT, SIGTERM and SIGHUP mean the same, as process 1 of a container too.

A process without a handler is not ended by SIGTERM where it is process 1 (pid_namespaces(7)), so there is always one.
A signal that whoever started the process wants ignored (`nohup`) stays ignored.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from reconciler.cli.streams import say_at_once

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ONE_SIGNAL = 0.5
"""Seconds in which signals are one: `timeout` and terminals send theirs to the process and to its whole group."""

Handler = Callable[[int, FrameType | None], None]


class Interrupted(BaseException):
    """A signal came; `number` says which. No library takes it for its own, as some do KeyboardInterrupt."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What a shell makes of a process that the signal ended: 130, 143 or 129."""
        return 128 + self.number


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Let a handler take these signals for the length of a `with`, except those that are ignored."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    mine = [number for number in NUMBERS if before[number] is not signal.SIG_IGN]
    for number in mine:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, before[number])


class Interrupting:
    """Ends at once while the program is still being loaded; from `begin` on by raising Interrupted, once."""

    def __init__(self) -> None:
        self._begun = False
        self._came = 0.0

    def begin(self) -> None:
        """Say that everything is loaded: what is under way gets to clean up behind itself."""
        self._begun = True

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Take one signal. One that comes while the last is still being obeyed ends the process."""
        now = time.monotonic()
        if self._came and now - self._came <= ONE_SIGNAL:
            return
        if not self._begun or self._came:
            say_at_once(b"Interrupted.\n")
            os._exit(128 + number)
        self._came = now
        raise Interrupted(number)

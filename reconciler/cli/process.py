"""Signals that end a run: SIGINT, SIGTERM and SIGHUP mean the same, as process 1 of a container too.

A process without a handler is not ended by SIGTERM where it is process 1 (pid_namespaces(7)), so there is always one.
A signal that whoever started the process wants ignored (`nohup`) stays ignored.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


_STREAMS = (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))
"""stdout is opened so that writing fails: a report that nobody gets must not end as if all were well."""


def open_missing_streams() -> None:
    """Open the null device in place of each closed stream, so that no file of ours ever gets its number.

    A ledger opened as number 2 would have every message written into it.
    """
    for number, (name, flags, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            _occupy(number, flags)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it stays open


def _occupy(number: int, flags: int) -> None:
    handle = os.open(os.devnull, flags)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)


def discard_stdout() -> None:
    """Take what is left to write to stdout away quietly, so that Python does not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_at_once(words: bytes) -> None:
    """Write fixed words to stderr from a signal handler, where no buffer may be touched."""
    os.write(2, words)


def moving(*, color: bool) -> "Console":
    """Return the terminal on stderr for what moves there; whoever shows texts on it escapes them."""
    from rich.console import Console

    return Console(stderr=True, no_color=not color)


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


@dataclass(slots=True)
class StopSignal:
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
def stopping(say: Callable[[str], None]) -> Iterator[StopSignal]:
    """Turn the first signal into a clean stop after the change at hand; a later one interrupts."""
    stop = StopSignal(say)
    with handled(stop.note):
        yield stop

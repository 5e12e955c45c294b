"""Signals that end a run: SIGINT, SIGTERM and SIGHUP are treated alike, also in process 1 of a container.

SIGTERM does not end process 1 without a handler (pid_namespaces(7)), so there is always one. A signal that the parent
process ignores (`nohup`) stays ignored.
"""

import atexit
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from types import FrameType
from typing import TYPE_CHECKING

from reconciler.late_methods import dataclass

if TYPE_CHECKING:
    from rich.console import Console


_STREAMS = (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))
"""A closed stdout is opened so that writing fails: a lost report must not end with success."""


def open_missing_streams() -> None:
    """Open the null device in place of each closed stream, so that no other file gets its descriptor.

    A ledger opened as descriptor 2 would get every message of stderr.
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
    """Discard the buffered rest of stdout, so that Python reports no error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end_process(code: int) -> None:
    """End this process without freeing its objects, which takes the interpreter a tenth of a short run.

    What is registered for the end is done, and the streams are flushed. It returns, for the interpreter to end as it
    does, while other threads run, under a profiler or a debugger, and where a stream cannot be written.
    """
    threading = sys.modules.get("threading")
    if (threading and threading.active_count() > 1) or sys.getprofile() or sys.gettrace():
        return
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(code)


def is_narrower(columns: int) -> bool:
    """Tell whether stdout is a terminal with fewer columns."""
    try:
        return sys.stdout.isatty() and 0 < os.get_terminal_size(sys.stdout.fileno()).columns < columns
    except (OSError, ValueError):
        return False


def write_at_once(text: str) -> bool:
    """Write a fixed text to stdout, and tell whether it took it."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, ValueError):
        return False
    return True


def say_at_once(words: bytes) -> None:
    """Write fixed text to stderr from a signal handler, which must not use buffers."""
    os.write(2, words)


def moving(*, color: bool) -> "Console":
    """Return the terminal on stderr for progress output; the caller escapes texts on it."""
    from rich.console import Console

    return Console(stderr=True, no_color=not color)


NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ONE_SIGNAL = 0.5
"""Seconds in which repeated signals count as one: `timeout` and terminals signal the process and its whole group."""

Handler = Callable[[int, FrameType | None], None]


class Interrupted(BaseException):
    """A signal arrived; `number` says which. Unlike KeyboardInterrupt, no library handles it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """Exit code of a process that the signal ended: 130, 143 or 129."""
        return 128 + self.number


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """Install a handler for these signals for the duration of a `with`, except for ignored ones."""
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
    """Exits at once while the program is being loaded; after `begin` it raises Interrupted, once."""

    def __init__(self) -> None:
        self._begun = False
        self._came = 0.0

    def begin(self) -> None:
        """Mark the program as loaded: work in progress can then clean up."""
        self._begun = True

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Handle one signal. One that arrives while the last is being handled ends the process."""
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
    """Checked before each change: true once the run must end after the current change."""

    say: Callable[[str], None]
    _asked: list[float] = field(default_factory=list)
    _gentle: bool = False

    def __call__(self) -> bool:
        """Tell whether a signal has arrived."""
        return bool(self._asked)

    @contextmanager
    def gently(self) -> Iterator[None]:
        """Let the first signal wait for the current change.

        Outside of it no write is in progress, so a signal interrupts at once: a question at a terminal too, which
        Python would repeat after a handler that only sets a flag.
        """
        self._gentle = True
        try:
            yield
        finally:
            self._gentle = False

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Record one signal."""
        now = time.monotonic()
        if self._asked and now - self._asked[0] <= ONE_SIGNAL:
            return
        if self._asked or not self._gentle:
            raise Interrupted(number)
        self._asked.append(now)
        self.say("Stopping after the change at hand; once more stops at once.")


@contextmanager
def stopping(say: Callable[[str], None]) -> Iterator[StopSignal]:
    """Convert the first signal to a stop after the current change; a later one interrupts."""
    stop = StopSignal(say)
    with handled(stop.note):
        yield stop

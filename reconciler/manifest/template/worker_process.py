"""Renders templates in a forked child process with CPU, memory and output limits.

Limits cover compiling too. The child opens no file: it requests templates over a socket, and its parent sends them from
the tree. Where the platform has seccomp it can also not start or signal processes, nor create or remove files
(system_calls.py). Messages are plain data (JSON and text), because the child's output is not trusted.
"""

import gc
import json
import math
import os
import resource
import select
import signal
import socket
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from reconciler.late_methods import dataclass
from reconciler.manifest.template.exceptions import OutOfTimeError
from reconciler.manifest.template.system_calls import restrict_system_calls

Left = Callable[[], float]
"""Returns the seconds left to wait, called again after each wait; 0.0 when there are none."""
GRACE = 0.25
"""Seconds of CPU time beyond its `fair` share after which a child that did not stop by itself is killed."""
GLANCE = 0.05
"""Seconds between checks of a file's CPU time, once its wall-clock time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Resource limits of a child.

    `cpu` and `wall` are seconds for one file, `memory` bytes above its start, `output` characters a file. A file whose
    `wall` is over before it got `fair` seconds of CPU time may continue, up to `patience` seconds, so that a busy
    machine refuses no valid template.
    """

    cpu: float = 1.0
    wall: float = 1.5
    fair: float = 0.6
    patience: float = 10.0
    memory: int = 192 << 20
    output: int = 16 << 20


class TimeBudget:
    """Time budget of a child for one result."""

    def __init__(self, pid: int, budget: WorkerLimits) -> None:
        self._pid = pid
        self._budget = budget
        self._began = time.monotonic()
        self._used = _cpu_of(pid)

    def __call__(self) -> float:
        """Return the seconds left to wait before the next check; 0.0 when there are none."""
        budget, gone = self._budget, time.monotonic() - self._began
        if gone < budget.wall:
            return budget.wall - gone
        if gone < budget.patience and _cpu_of(self._pid) - self._used < budget.fair + GRACE:
            return min(GLANCE, budget.patience - gone)
        return 0.0


def _cpu_of(pid: int) -> float:
    """Return the seconds of CPU time a process has used; infinite where unavailable."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return math.inf


_HEADER = struct.Struct("!Q")
_LARGEST = 1 << 30
_RESERVE = 32 << 20
"""Address space above the budget: with threads the allocator reserves more of it than it uses."""
_SOON = 0.9
"""Fraction of its time after which the child stops by itself and reports its position."""


class WorkerDiedError(Exception):
    """The child ended before its work was done; `args` are the reason."""


Message = dict[str, Any]
Answer = Callable[[Message], Message]
Work = Callable[["WorkerChannel"], None]


class WorkerChannel:
    """Messages over a socket: a length, then JSON. Lone surrogates pass; the parent refuses them with a position."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: Message) -> None:
        """Send one message; its `texts`, which may be long, follow unencoded."""
        texts = [each.encode("utf-8", "surrogatepass") for each in message.get("texts", ())]
        rest = {**message, "texts": [len(text) for text in texts]}
        data = json.dumps(rest, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._end.sendall(_HEADER.pack(len(data)) + data)
        for text in texts:
            self._end.sendall(text)

    def receive(self, left: Left | None = None) -> Message:
        """Return the next message. Raises WorkerDiedError when there is none in time, or the child ended."""
        (size,) = _HEADER.unpack(self._exactly(_HEADER.size, left))
        message: Message = json.loads(self._text(size, left))
        message["texts"] = [self._text(int(each), left) for each in message["texts"]]
        return message

    def _text(self, size: int, left: Left | None) -> str:
        if not 0 <= size <= _LARGEST:
            raise WorkerDiedError("its answer is too large")
        return self._exactly(size, left).decode("utf-8", "surrogatepass")

    def ask(self, message: Message) -> Message:
        """Send a question and return the response."""
        self.send(message)
        return self.receive()

    def _exactly(self, size: int, left: Left | None) -> bytearray:
        data = bytearray()
        while len(data) < size:
            if left is not None:
                self._wait(left)
            part = self._end.recv(min(size - len(data), 1 << 20))
            if not part:
                raise WorkerDiedError("it ended")
            data += part
        return data

    def _wait(self, left: Left) -> None:
        """Wait for data. Raises WorkerDiedError when time is over."""
        while not select.select([self._end], [], [], seconds := left())[0]:
            if seconds <= 0:
                raise WorkerDiedError("it took too long")


class WorkerProcess:
    """A confined child that does `work`, and ends each part of it with `done`.

    `restrict` limits the child's system calls where the platform supports it. It must be closed.
    """

    def __init__(self, work: Work, budget: WorkerLimits, restrict: Callable[[], bool] = restrict_system_calls) -> None:
        ours, theirs = socket.socketpair()
        self._pid = _forked()
        if self._pid == 0:
            _child(work, ours, theirs, budget, restrict)
        theirs.close()
        self._end = ours
        self._budget = budget
        self._channel = WorkerChannel(ours)

    def send(self, message: Message) -> None:
        """Send what the next part of the work is. Raises WorkerDiedError where it cannot be sent."""
        try:
            self._channel.send(message)
        except (OSError, TypeError, ValueError) as problem:
            raise WorkerDiedError(_cause(self.close(), problem)) from None

    def results(self, answer: Answer) -> Iterator[Message]:
        """Yield the results up to `done`, each with its own wall clock.

        A message with the key `ask` is a question, answered at once. Raises WorkerDiedError when the child ends before.
        """
        try:
            while "done" not in (message := _until_result(self._channel, answer, TimeBudget(self._pid, self._budget))):
                yield message
        except (WorkerDiedError, OSError, ValueError) as problem:
            raise WorkerDiedError(_cause(self.close(), problem)) from None

    def close(self) -> int:
        """End the child, and return its exit status; 0 where it was ended before."""
        pid, self._pid = self._pid, 0
        status = _ended(pid) if pid else 0
        self._end.close()
        return status


def _ended(pid: int) -> int:
    """End the child, if it has not ended by itself, and return its exit status."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _cause(status: int, problem: Exception) -> str:
    signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if signalled == signal.SIGXCPU:
        return "it took too much time"
    if isinstance(problem, WorkerDiedError) and problem.args[0] != "it ended":
        return str(problem.args[0])
    return "it took too much memory or depth"


def _until_result(channel: WorkerChannel, answer: Answer, left: Left) -> Message:
    while "ask" in (message := channel.receive(left)):
        channel.send(answer(message))
    return message


def _forked() -> int:
    with warnings.catch_warnings():
        # Python warns of forking beside threads: the child takes no lock, imports nothing and ends by _exit
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _child(
    work: Work, ours: socket.socket, theirs: socket.socket, budget: WorkerLimits, restrict: Callable[[], bool]
) -> NoReturn:
    try:
        ours.close()
        _confine(theirs.fileno(), budget)
        restrict()
        channel = WorkerChannel(theirs)
        work(channel)
        channel.send({"done": True})
    finally:
        os._exit(0)


def _confine(kept: int, budget: WorkerLimits) -> None:
    """Remove everything that rendering does not need: environment, files, memory, new files and processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ.clear()
    gc.disable()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    limit = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 4096)
    os.closerange(3, kept)
    os.closerange(kept + 1, limit)
    space, written = _memory()  # while files can still be opened
    for name in ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NPROC"):
        _limit(getattr(resource, name), 0)
    _limit(resource.RLIMIT_DATA, written + budget.memory)
    _limit(resource.RLIMIT_AS, space + budget.memory + _RESERVE)


def _limit(name: int, wanted: int) -> None:
    """Lower a limit, never raise it."""
    hard = resource.getrlimit(name)[1]
    lowered = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):  # a system without the limit
        resource.setrlimit(name, (lowered, hard if name == resource.RLIMIT_CPU else lowered))


def _memory() -> tuple[int, int]:
    """Return the address space, and the private memory, of the process in bytes."""
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = [int(word) for word in file.read().split()]
            return pages[0] * resource.getpagesize(), pages[5] * resource.getpagesize()
    except OSError:
        return 1 << 30, 1 << 30  # not Linux: a generous estimate


@contextmanager
def time_limit(budget: WorkerLimits) -> Iterator[None]:
    """Raise OutOfTimeError in the child shortly before its CPU or wall-clock time is over.

    An uninterruptible call is killed soon after by the system or the parent.
    """
    began = time.process_time()

    def over(_signal: int, _frame: object) -> None:
        if time.process_time() - began < min(budget.fair, budget.cpu * _SOON):
            signal.setitimer(signal.ITIMER_REAL, GLANCE)
            return
        raise OutOfTimeError

    _limit(resource.RLIMIT_CPU, math.ceil(began + budget.cpu))
    for timer, signalled, seconds in (
        (signal.ITIMER_PROF, signal.SIGPROF, budget.cpu * _SOON),
        (signal.ITIMER_REAL, signal.SIGALRM, budget.wall * _SOON),
    ):
        signal.signal(signalled, over)
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)

"""Counts the calls of reading one kind, from any thread, and emits an event after each."""

from collections.abc import Callable
from threading import Lock

from reconciler.api.client import ListPage
from reconciler.api.pagination import LIMIT
from reconciler.model.read_progress import ReadEvent, ReadListener, ReadPhase
from reconciler.readers.live_objects import Row


class ReadTracker:
    """Progress of one kind. `needs_show` tells of a listed row whether its object is read in full afterwards.

    `counted`: the list's count counts its objects. Without a listener every method does nothing.
    """

    def __init__(
        self,
        kind: str = "",
        listener: ReadListener | None = None,
        *,
        phase: ReadPhase = ReadPhase.READING,
        counted: bool = True,
        needs_show: Callable[[Row], bool] | None = None,
    ) -> None:
        self._kind = kind
        self._listener = listener
        self._phase = phase
        self._counted = counted
        self._needs_show = needs_show
        self._lock = Lock()
        self._done = 0
        self._total = 0
        self._needed = 0

    def list(self) -> None:
        """Begin a scan of the list."""
        with self._lock:
            self._done = self._total = self._needed = 0
        self._emit(self._listing, called=False)

    def page(self, page: ListPage) -> None:
        """Count one page of a scan."""
        if self._listener is None:
            return
        needed = sum(1 for row in page.rows if self._needs_show(row)) if self._needs_show else 0
        with self._lock:
            self._done += page.size
            self._total = max(self._total, page.count or 0) if self._counted else 0
            self._needed += needed
        self._emit(self._listing)

    def begin(self, total: int) -> None:
        """Begin to read, or to confirm, so many objects by a call each."""
        with self._lock:
            self._done, self._total = 0, total
        if total:
            self._emit(self._reading, called=False)

    def advance(self) -> None:
        """Count one object."""
        with self._lock:
            self._done += 1
        self._emit(self._reading)

    def finish(self) -> None:
        """Say that no further call of this kind is expected."""
        with self._lock:
            self._total = self._done
        self._emit(self._reading, called=False)

    def _emit(self, event: Callable[[], ReadEvent], *, called: bool = True) -> None:
        if self._listener is None:
            return
        with self._lock:
            made = event()
        self._listener(made if called else _start(made))

    def _listing(self) -> ReadEvent:
        phase = ReadPhase.LISTING if self._phase is ReadPhase.READING else self._phase
        if not self._total or self._total < self._done:  # the count is not known, or counts something else
            return ReadEvent(kind=self._kind, phase=phase, done=self._done)
        pages = -(-(self._total - self._done) // LIMIT)
        shows = self._needed * self._total // self._done if self._done else 0
        return ReadEvent(kind=self._kind, phase=phase, done=self._done, total=self._total, calls_left=pages + shows)

    def _reading(self) -> ReadEvent:
        left = max(0, self._total - self._done)
        return ReadEvent(kind=self._kind, phase=self._phase, done=self._done, total=self._total, calls_left=left)


def _start(event: ReadEvent) -> ReadEvent:
    return ReadEvent(
        kind=event.kind,
        phase=event.phase,
        done=event.done,
        total=event.total,
        calls_left=event.calls_left,
        called=False,
    )

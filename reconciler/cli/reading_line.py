"""Line about the progress of reading: phase, counter, rate, pause for the rate limit, and the time that is left."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from reconciler.model.read_progress import ReadEvent
from reconciler.strings import escape_control

WINDOW = 30.0
"""Seconds over which the rate is measured."""

LINE_SECONDS = 30.0
"""Seconds between two lines where stderr is no terminal."""

_SETTLED = 1.0
"""Least seconds of calls from which a rate is measured."""

_MOST_EVENTS = 10_000


class ReadingLine:
    """Collects the events of readers and formats a line of them: a listener of every kind of one environment.

    `monotonic` measures time. `pause` returns the seconds for which the rate limiter holds all calls now.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, pause: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._monotonic = monotonic
        self.pause = pause
        self._lock = Lock()
        self._latest: dict[str, ReadEvent] = {}
        self._calls: deque[float] = deque(maxlen=_MOST_EVENTS)
        self._began = monotonic()
        self._tell: Callable[[str], None] | None = None
        self._told = 0.0

    def __call__(self, event: ReadEvent) -> None:
        """Take one event, from any thread."""
        with self._lock:
            self._latest[event.kind] = event
            if event.called:
                self._calls.append(self._monotonic())
            tell = self._tell if self._monotonic() - self._told >= LINE_SECONDS else None
            if tell is not None:
                self._told = self._monotonic()
        if tell is not None:
            tell(self.line())

    @contextmanager
    def telling(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Write the line through `tell` from time to time, for the duration of a `with`."""
        self._tell, self._told = tell, self._monotonic()
        try:
            yield
        finally:
            self._tell = None

    def restart(self) -> None:
        """Forget what was read before: another read begins."""
        with self._lock:
            self._latest.clear()
            self._calls.clear()
            self._began = self._monotonic()

    @property
    def rate(self) -> float:
        """Calls a second over the latest time; 0 while too little is known."""
        with self._lock:
            now = self._monotonic()
            since = max(self._began, now - WINDOW)
            recent = [moment for moment in self._calls if moment > since]
            if len(recent) < 2 or now - since < _SETTLED:
                return 0.0
            if len(recent) == _MOST_EVENTS:
                since = recent[0]
            return len(recent) / (now - since)

    @property
    def seconds_left(self) -> float | None:
        """Seconds that reading is expected to take from now; None while that is unknown."""
        rate, pause = self.rate, self.pause()
        with self._lock:
            left = [event.calls_left for event in self._latest.values()]
        if not rate or not left or None in left:
            return None
        return pause + sum(calls or 0 for calls in left) / rate

    def line(self) -> str:
        """`Reading SmartLiveRoom 431/2000 · 5.0/s · 5 min left`; empty while nothing was read."""
        with self._lock:
            events = list(self._latest.values())
        if not events:
            return ""
        shown = max(events, key=lambda event: (event.calls_left or 0, event.total - event.done))
        counter = f"{shown.done}/{shown.total}" if shown.total else f"{shown.done}"
        parts = [f"{shown.phase} {escape_control(shown.kind)} {counter}"]
        if rate := self.rate:
            parts.append(f"{rate:.1f}/s")
        if (pause := self.pause()) >= 1:
            parts.append(f"rate limit, waits {pause:.0f} s")
        if (left := self.seconds_left) is not None and left >= 1:
            parts.append(f"{duration(left)} left")
        return " · ".join(parts)


def duration(seconds: float) -> str:
    """Return a duration of an estimate, in units that are not more exact than it: `40 s`, `2 min 30 s`, `5 min`."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 300:
        minutes, rest = divmod(round(seconds / 10) * 10, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"

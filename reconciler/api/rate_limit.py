"""Rate limiter for all threads of a project: an even rate that halves after a refusal and recovers.

After a refusal the rate drops to half, rises quickly to just below the refused rate, and then slowly, since probing
costs refusals. A pause that the server requests applies to all threads.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.errors import RateLimitedError

_SAFE = 0.85
"""Fraction of a refused rate at which the quick rise ends."""
_FLOOR = 0.2
"""Least calls a second."""
_QUICK = 0.04
_SLOW = 0.001
"""Increase of the rate for each accepted call, as a fraction: up to the safe rate, and beyond it."""
_HIGHER = 1.3
"""Multiple of the safe rate, reached without a refusal, from which the rise is quick again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePermit:
    """Permission to send one call: `epoch` identifies the refusals it can have caused, `waited` the seconds it took."""

    epoch: int
    waited: float


class RateLimiter:
    """Admits at most `rate` calls a second, `burst` of them at once; a rate of None admits all.

    `deadline` bounds the time a run spends waiting because the service refused calls or did not answer them; a wait
    that would exceed it raises RateLimitedError. Waits for the even rate do not count, and a pause that several threads
    share counts once. No thread sleeps while holding the lock.
    """

    def __init__(
        self,
        rate: float | None,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        deadline: float,
        burst: int = 1,
    ) -> None:
        self._configured = rate
        self._rate = rate or 0.0
        self._safe = rate or 0.0
        self._burst = burst
        self._monotonic = monotonic
        self._sleep = sleep
        self._deadline = deadline
        self._waited = 0.0
        self._counted_until = -math.inf
        self._lock = threading.Lock()
        self._next = 0.0
        self._hold = 0.0
        self._epoch = 0

    @property
    def rate(self) -> float:
        """Present rate in calls a second; 0 where there is no limit."""
        return self._rate

    @property
    def pause_left(self) -> float:
        """Seconds for which a refusal holds all calls from now."""
        return max(0.0, self._hold - self._monotonic())

    def enter(self) -> RatePermit:
        """Wait for a permit; a pause that begins meanwhile delays all waiting threads to its end, one by one."""
        waited = 0.0
        while True:
            due, epoch = self._reserve()
            now = self._monotonic()
            if due > now:
                self._count(now, min(due, self._hold))
                self._sleep(due - now)
                waited += due - now
            if epoch == self._epoch:
                return RatePermit(epoch=epoch, waited=waited)

    def wait(self, seconds: float) -> None:
        """Sleep before a retry. Raises RateLimitedError where the run has then waited too long."""
        now = self._monotonic()
        self._count(now, now + seconds)
        self._sleep(seconds)

    def _count(self, start: float, end: float) -> None:
        """Add a wait to the total of the run, without the part that another thread waits too."""
        with self._lock:
            added = max(0.0, end - max(start, self._counted_until))
            if self._waited + added > self._deadline:
                raise RateLimitedError(
                    f"this run has waited {self._waited:.0f} s for the service, and it still asks to wait",
                    hint="run again later, raise the deadline, or ask for a higher limit",
                )
            self._waited += added
            self._counted_until = max(self._counted_until, end)

    def accepted(self) -> None:
        """Record an accepted call: the rate rises."""
        with self._lock:
            if self._configured and self._rate < self._configured:
                share = _QUICK if self._rate < self._safe else _SLOW
                self._rate = min(self._configured, self._rate * (1 + share))
                if self._rate > self._safe * _HIGHER:
                    self._safe = self._configured

    def refused(self, ticket: RatePermit, pause: float) -> None:
        """Record a refusal: halve the rate once for all calls in flight, and hold all threads for `pause`."""
        with self._lock:
            now = self._monotonic()
            self._hold = max(self._hold, now + pause)
            if ticket.epoch == self._epoch:
                self._epoch += 1
                self._safe = max(_FLOOR, self._rate * _SAFE)
                self._rate = max(_FLOOR, self._rate / 2) if self._configured else 0.0
                self._next = now + 1 / self._rate if self._rate else now

    def _reserve(self) -> tuple[float, int]:
        with self._lock:
            now = self._monotonic()
            due = max(now, self._hold)
            if self._rate:
                early = (self._burst - 1) / self._rate
                due = max(due, self._next - early)
                self._next = max(self._next, due) + 1 / self._rate
            return due, self._epoch

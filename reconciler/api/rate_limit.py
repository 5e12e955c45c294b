"""One gate for all threads of a project: an even pace that halves when the gateway refuses and recovers by itself.

After a refusal the pace drops to half at once, climbs back quickly to just below where it was refused, and from there
only slowly: probing costs refusals. A pause that the server asks for holds everyone.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.errors import RateLimitedError

_SAFE = 0.85
"""Of a refused pace: where the quick climb ends."""
_FLOOR = 0.2
"""Calls a second that are always tried: a run creeps on rather than stop."""
_QUICK = 0.04
_SLOW = 0.001
"""What one accepted call adds to the pace, as a share of it: up to the safe pace, and beyond it."""
_HIGHER = 1.3
"""Times the safe pace, reached without a refusal: the limit has moved, and the climb is quick again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePermit:
    """Leave to send one call: `epoch` tells which refusals it can have been the cause of, `waited` what it cost."""

    epoch: int
    waited: float


class RateLimiter:
    """Lets at most `rate` calls a second through, `burst` of them at once; a rate of None lets all through.

    `deadline` bounds the time a run spends waiting because the service refused calls or did not answer them; one more
    wait that would pass it raises ThrottledError. The even pace of a run is not such a wait, however long the run is,
    and a pause that many threads sit out together counts once. Clock and sleep are given; nobody sleeps while holding
    the lock.
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
        """The pace at present, in calls a second; 0 where there is no limit."""
        return self._rate

    def enter(self) -> RatePermit:
        """Wait for a turn; a pause that begins meanwhile sends everybody back to the end of it, one by one."""
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
        """Sleep before a call is tried again, unless the run has waited for the service too long by then."""
        now = self._monotonic()
        self._count(now, now + seconds)
        self._sleep(seconds)

    def _count(self, start: float, end: float) -> None:
        """Add a wait for the service to what the run has waited; the part that another thread sits out too is known."""
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
        """Note that a call was let through: the pace climbs."""
        with self._lock:
            if self._configured and self._rate < self._configured:
                share = _QUICK if self._rate < self._safe else _SLOW
                self._rate = min(self._configured, self._rate * (1 + share))
                if self._rate > self._safe * _HIGHER:
                    self._safe = self._configured

    def refused(self, ticket: RatePermit, pause: float) -> None:
        """Note a refusal: halve the pace, once for all calls that were on their way, and hold everyone for `pause`."""
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

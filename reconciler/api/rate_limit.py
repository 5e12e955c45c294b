"""Rate limiter for all threads of a project: an even rate, at most the setting's, that is learnt from the answers.

After a refusal the rate drops to half, rises quickly to just below the refused rate, and then slowly, since probing
costs refusals. Limits that the service states in headers lower it at once, and a used up window delays all threads to
its end. A pause that the server requests after a refusal applies to all threads too. What a header says is bounded: it
never raises the rate above the setting's, and never lowers it below the floor.
"""

import math
import threading
from collections.abc import Callable

from reconciler.errors import RateLimitedError
from reconciler.late_methods import dataclass
from reconciler.model.read_result import RateUse

_SAFE = 0.85
"""Fraction of a refused rate at which the quick rise ends."""
_STATED = 0.95
"""Fraction of a stated rate that is used: calls arrive less evenly than they are sent."""
_FLOOR = 0.2
"""Least calls a second."""
_QUICK = 0.04
_SLOW = 0.001
"""Increase of the rate for each accepted call, as a fraction: up to the safe rate, and beyond it."""
_HIGHER = 1.3
"""Multiple of the safe rate, reached without a refusal, from which the rise is quick again."""
_LONGEST = 60.0
"""Most seconds until the end of a window that is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePermit:
    """Permission to send one call: `epoch` identifies the refusals it can have caused, `waited` the seconds it took."""

    epoch: int
    waited: float


class RateLimiter:
    """Admits at most `rate` calls a second, `burst` of them at once; a rate of None admits all, unless the service
    states a limit.

    `deadline` bounds the time a run spends waiting because the service refused calls or did not answer them; a wait
    that would exceed it raises RateLimitedError. Waits for the even rate and for the end of a window do not count, and
    a pause that several threads share counts once. No thread sleeps while holding the lock. Without `advised` nothing
    that the service states is followed.
    """

    def __init__(
        self,
        rate: float | None,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        deadline: float,
        burst: int = 1,
        advised: bool = True,
    ) -> None:
        self._advised = advised
        self._setting = rate or math.inf
        self._limit = self._setting
        self._rate = rate or 0.0
        self._safe = self._setting
        self._started = self._rate
        self._stated: float | None = None
        self._refusals = 0
        self._since_window = 0
        self._burst = burst
        self._monotonic = monotonic
        self._sleep = sleep
        self._deadline = deadline
        self._waited = 0.0
        self._counted_until = -math.inf
        self._lock = threading.Lock()
        self._next = 0.0
        self._hold = 0.0
        self._window_end = 0.0
        self._epoch = 0
        self._used = False

    @property
    def rate(self) -> float:
        """Present rate in calls a second; 0 where there is no limit."""
        return self._rate

    @property
    def pause_left(self) -> float:
        """Seconds for which a refusal or a used up window holds all calls from now."""
        return max(0.0, max(self._hold, self._window_end) - self._monotonic())

    @property
    def use(self) -> RateUse:
        """What was learnt so far."""
        with self._lock:
            return RateUse(
                per_second=self._rate,
                setting=self._setting if math.isfinite(self._setting) else 0.0,
                started=self._started,
                refused=self._refusals,
                stated=self._stated,
            )

    @property
    def learnt(self) -> float | None:
        """Rate from which a later run starts: one below the setting that was not refused; None without one."""
        with self._lock:
            rate = max(self._rate, min(self._safe, self._limit)) if self._rate else 0.0
            return rate if 0 < rate < self._setting else None

    def start(self, rate: float) -> None:
        """Begin at a rate that an earlier run learnt, and recover from there; without effect after the first call."""
        with self._lock:
            if not self._used and math.isfinite(rate) and rate < self._setting:
                self._rate = self._safe = self._started = max(_FLOOR, rate)

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
            self._since_window += 1
            if self._rate and self._rate < self._limit:
                share = _QUICK if self._rate < self._safe else _SLOW
                self._rate = min(self._limit, self._rate * (1 + share))
                if self._rate > self._safe * _HIGHER:
                    self._safe = self._limit

    def refused(self, ticket: RatePermit, pause: float) -> None:
        """Record a refusal: halve the rate once for all calls in flight, and hold all threads for `pause`."""
        with self._lock:
            now = self._monotonic()
            self._refusals += 1
            self._hold = max(self._hold, now + pause)
            if ticket.epoch == self._epoch:
                self._epoch += 1
                if self._rate:
                    self._safe = max(_FLOOR, self._rate * _SAFE)
                    self._rate = max(_FLOOR, self._rate / 2)
                self._next = now + 1 / self._rate if self._rate else now

    def advise(self, rate: float | None, pause: float) -> None:
        """Follow what the service states: the rate to keep, None where it states none, and the wait until it has calls.

        A wait never makes the calls rarer than the least rate: it is as long as the accepted calls before it allow.
        """
        if not self._advised:
            return
        with self._lock:
            if rate is not None:
                self._stated = rate
                self._limit = min(self._setting, max(_FLOOR, rate * _STATED))
                self._rate = min(self._rate or math.inf, self._limit)
                self._safe = min(self._safe, self._limit)
            if pause > 0:
                allowed = min(pause, _LONGEST, max(1, self._since_window) / _FLOOR)
                self._window_end = max(self._window_end, self._monotonic() + allowed)
                self._since_window = 0

    def _reserve(self) -> tuple[float, int]:
        with self._lock:
            self._used = True
            now = self._monotonic()
            due = max(now, self._hold, self._window_end)
            if self._rate:
                early = (self._burst - 1) / self._rate
                due = max(due, self._next - early)
                self._next = max(self._next, due) + 1 / self._rate
            return due, self._epoch

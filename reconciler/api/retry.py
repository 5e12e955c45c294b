"""What may be tried again, how often, and after how long.

A read may always be repeated. A write only where it cannot have been processed: the gateway turned it away (429 with
code 0308, before the service), or no connection was made. Everything else is for a later read to settle.
"""

from collections.abc import Callable
from datetime import datetime

from reconciler.api.call import Answer, Call, http_date
from reconciler.api.refusal import Refusal
from reconciler.errors import TransportError

MAX_PAUSE = 60.0
"""Seconds: the longest wait a Retry-After is granted, so that no header can hold a run for a day."""
TRIES = 4
TRIES_REFUSED = 12
_PASSING = frozenset({500, 502, 503, 504})
_BASE = 0.25
_CAP = 10.0


class Patience:
    """How often one call has failed, and how long to wait before its next try; None means give up."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._failures = 0
        self._refusals = 0
        self._long_pauses = 0
        self._renewed = False

    def may_renew(self) -> bool:
        """Tell, once, that fresh credentials are worth a try."""
        first, self._renewed = not self._renewed, True
        return first

    def after_failure(self) -> float | None:
        """Return the wait after a lost answer or a passing fault of the service."""
        self._failures += 1
        return None if self._failures >= TRIES else self._backoff(self._failures)

    def after_refusal(self, asked: float | None) -> float | None:
        """Return the wait after a 429; what the server asked for is served at the gate, by everybody."""
        self._refusals += 1
        self._long_pauses += asked is not None and asked > MAX_PAUSE
        if self._refusals >= TRIES_REFUSED or self._long_pauses > 1:
            return None
        return 0.0 if asked is not None else self._backoff(self._refusals)

    def _backoff(self, failures: int) -> float:
        return min(_CAP, _BASE * 2.0**failures) * (0.5 + self._jitter() / 2)


def may_repeat(call: Call, refusal: Refusal) -> bool:
    """Tell whether a refused call can be tried again without doing anything twice."""
    if refusal.status == 429:
        return call.reading or refusal.throttled
    return call.reading and refusal.status in _PASSING


def may_repeat_lost(call: Call, error: TransportError) -> bool:
    """Tell whether a call without an answer can be tried again without doing anything twice."""
    return error.code != "E_TLS" and (call.reading or not error.sent)


def asked_pause(answer: Answer, now: datetime) -> float | None:
    """Return the seconds a Retry-After asks for; None where there is none, or where it is no sense (past, text).

    A moment is measured from the answer's own Date: only without one does `now`, the local time, stand in for it.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    moment = http_date(text)
    seconds = (moment - (answer.date or now)).total_seconds() if moment else 0.0
    return seconds if seconds > 0 else None

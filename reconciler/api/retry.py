"""Retries: which calls, how often, and after which wait.

A read may always be repeated. A write only where it cannot have been processed: the gateway turned it away (429 with
code 0308, before the service), or no connection was made. The outcome of everything else is determined by a later read.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler.api.connection import Connection, UsageCounter
from reconciler.api.error_responses import ApiErrorBody, refusal, to_exception
from reconciler.api.logins import REFUSED
from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.quota_headers import StatedLimits, stated_limits
from reconciler.api.rate_limit import RateLimiter
from reconciler.api.transport import Budget, HttpTransport
from reconciler.errors import TransportError
from reconciler.model.read_result import ApiUsage
from reconciler.timestamps import parse_http_date

if TYPE_CHECKING:
    from reconciler.api.pooled_transport import PooledTransport

MAX_PAUSE = 60.0
"""Longest wait in seconds that a Retry-After is granted."""
TRIES = 4
TRIES_REFUSED = 12
_PASSING = frozenset({500, 502, 503, 504})
_BASE = 0.25
_CAP = 10.0


class RetryState:
    """Failures of one call so far, and the wait before its next attempt; None means give up."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._failures = 0
        self._refusals = 0
        self._long_pauses = 0
        self._renewed = False

    def may_renew(self) -> bool:
        """Tell, once, that fresh credentials permit another attempt."""
        first, self._renewed = not self._renewed, True
        return first

    def after_failure(self) -> float | None:
        """Return the wait after a lost response or a temporary service error."""
        self._failures += 1
        return None if self._failures >= TRIES else self._backoff(self._failures)

    def after_refusal(self, asked: float | None) -> float | None:
        """Return the wait after a 429; the rate limiter applies the server's requested pause to all threads."""
        self._refusals += 1
        self._long_pauses += asked is not None and asked > MAX_PAUSE
        if self._refusals >= TRIES_REFUSED or self._long_pauses > 1:
            return None
        return 0.0 if asked is not None else self._backoff(self._refusals)

    def _backoff(self, failures: int) -> float:
        return min(_CAP, _BASE * 2.0**failures) * (0.5 + self._jitter() / 2)


def may_repeat(call: ApiRequest, refusal: ApiErrorBody) -> bool:
    """Tell whether a refused call can be repeated without applying anything twice."""
    if refusal.status == 429:
        return call.reading or refusal.throttled
    return call.reading and refusal.status in _PASSING


def may_repeat_lost(call: ApiRequest, error: TransportError) -> bool:
    """Tell whether a call without a response can be repeated without applying anything twice."""
    return error.code != "E_TLS" and (call.reading or not error.sent)


def retry_after_seconds(answer: ApiResponse, now: datetime) -> float | None:
    """Return the seconds of a Retry-After; None where there is none, or an invalid one (past, text).

    A date is relative to the response's Date header, or without one to `now`, the local time.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    moment = parse_http_date(text)
    seconds = (moment - (answer.date or now)).total_seconds() if moment else 0.0
    return seconds if seconds > 0 else None


def asked_pause(answer: ApiResponse, now: datetime) -> float | None:
    """Return the seconds after which a refused call is welcome: of a Retry-After, or else of a used up window."""
    said = retry_after_seconds(answer, now)
    if said is not None:
        return said
    window = stated_by(answer, now).wait
    return window if 0 < window <= MAX_PAUSE else None


def stated_by(answer: ApiResponse, now: datetime) -> StatedLimits:
    """Return the limits of the rate that a response states, relative to its own date."""
    message = refusal(answer).message if answer.status == 429 else ""
    return stated_limits(answer.headers, answer.date or now, message)


_LOG = logging.getLogger("reconciler.api")
"""Logs every attempt, without headers and bodies."""


class RetryingSender:
    """Sends calls of one Connection until a response arrives or retries are exhausted."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.meter = UsageCounter()
        self.service_date = ""
        self.service_offset: float | None = None
        """Seconds that the service's clock is ahead of the local one, by the latest Date header; None without one."""
        self._wire = HttpTransport(connection.transport or _network(connection), connection.monotonic)

    def send(self, call: ApiRequest) -> ApiResponse:
        """Return the response with a status of 200-299; raises ApiError, or TransportError where there was none."""
        patience, budget = RetryState(self.connection.jitter), Budget()
        while True:
            try:
                answer, used = self._try(call, budget)
            except TransportError as error:
                again = budget.left > 0 and may_repeat_lost(call, error)
                wait = patience.after_failure() if again else None
                if wait is None:
                    raise
            else:
                if answer.status < 300:
                    return answer
                wait = self._wait(call, answer, used, patience) if budget.left > 0 else None
                if wait is None:
                    raise to_exception(call, answer, self.connection.clock())
            self._pause(call, wait)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _try(self, call: ApiRequest, budget: Budget) -> tuple[ApiResponse, Mapping[str, str]]:
        gate = self._gate(call)
        ticket = gate.enter()
        now = self.connection.clock()
        used = self.connection.auth.headers(call, now, partial(self._ask, budget))
        self.meter.add(ApiUsage(requests=1, waited=ticket.waited))
        self.connection.redactor.add(used.get("X-Auth-Token", ""))
        credential = self.connection.auth.credential
        answer = self.connection.logins.call(call.origin, credential, partial(self._admitted, call, used, budget))
        _LOG.debug("%s %s -> %d, %d bytes", call.method, call.url, answer.status, len(answer.body))
        self._note_time(answer)
        said = stated_by(answer, now)
        if said.limits:
            gate.advise(said.even_rate, said.wait)
        if answer.status == 429:
            gate.refused(ticket, min(asked_pause(answer, now) or 0.0, MAX_PAUSE))
        else:
            gate.accepted()
        return answer, used

    def _admitted(self, call: ApiRequest, headers: Mapping[str, str], budget: Budget) -> ApiResponse:
        """Send one attempt. Raises AuthError where a credential that cannot be renewed is refused."""
        answer = self._sent(call, headers, budget)
        if answer.status == REFUSED and self.connection.auth.credential:
            raise to_exception(call, answer, self.connection.clock())
        return answer

    def _note_time(self, answer: ApiResponse) -> None:
        """Take the service's time from a response of its own: an error may come from an intermediary with another."""
        if answer.status >= 300:
            return
        self.service_date = answer.headers.get("date", "")
        moment = answer.date
        if moment is not None:
            self.service_offset = (moment - self.connection.clock()).total_seconds()

    def _sent(self, call: ApiRequest, headers: Mapping[str, str], budget: Budget) -> ApiResponse:
        """Send one attempt; secrets are redacted from the response's text before it is truncated or quoted."""
        self.connection.observer.before(call)
        call.sending()
        answer = replace(self._wire.send(call, headers, budget), redact=self.connection.redactor.cut_text)
        self.connection.observer.after(call, answer)
        return answer

    def _ask(self, budget: Budget, call: ApiRequest) -> ApiResponse:
        """Send a call that carries its own credentials (to IAM) through the same transport, counted like any other."""
        self.meter.add(ApiUsage(requests=1))
        try:
            return self._sent(call, {}, budget)
        except TransportError as error:  # the call that needs these credentials was not sent in any case
            raise TransportError(error.message, code=error.code, hint=error.hint, sent=False) from None

    def _wait(
        self, call: ApiRequest, answer: ApiResponse, used: Mapping[str, str], patience: RetryState
    ) -> float | None:
        """Return the wait before the next attempt of a refused call; None for no further attempt."""
        found = refusal(answer)
        if found.expired and patience.may_renew() and self.connection.auth.renew(used):
            return 0.0
        if not may_repeat(call, found):
            return None
        if found.status == 429:
            return patience.after_refusal(asked_pause(answer, self.connection.clock()))
        return patience.after_failure()

    def _pause(self, call: ApiRequest, seconds: float) -> None:
        if seconds:
            self._gate(call).wait(seconds)
        self.meter.add(ApiUsage(retries=1, waited=seconds))

    def _gate(self, call: ApiRequest) -> RateLimiter:
        return self.connection.reads if call.reading else self.connection.writes


def _network(connection: Connection) -> "PooledTransport":
    from reconciler.api.pooled_transport import PooledTransport  # for start-up: the embedded simulator has no network

    return PooledTransport(
        connections=connection.parallelism,
        monotonic=connection.monotonic,
        proxy=connection.proxy,
        ca_file=connection.ca_file,
    )

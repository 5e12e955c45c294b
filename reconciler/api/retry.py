"""What may be tried again, how often, and after how long.

A read may always be repeated. A write only where it cannot have been processed: the gateway turned it away (429 with
code 0308, before the service), or no connection was made. Everything else is for a later read to settle.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from reconciler.api.connection import Connection, UsageCounter
from reconciler.api.error_responses import ApiErrorBody, refusal, to_exception
from reconciler.api.logins import REFUSED
from reconciler.api.messages import ApiRequest, ApiResponse, http_date
from reconciler.api.rate_limit import RateLimiter
from reconciler.api.transport import Budget, HttpTransport, PooledTransport
from reconciler.errors import TransportError
from reconciler.model.read_result import ApiUsage

MAX_PAUSE = 60.0
"""Seconds: the longest wait a Retry-After is granted, so that no header can hold a run for a day."""
TRIES = 4
TRIES_REFUSED = 12
_PASSING = frozenset({500, 502, 503, 504})
_BASE = 0.25
_CAP = 10.0


class RetryState:
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


def may_repeat(call: ApiRequest, refusal: ApiErrorBody) -> bool:
    """Tell whether a refused call can be tried again without doing anything twice."""
    if refusal.status == 429:
        return call.reading or refusal.throttled
    return call.reading and refusal.status in _PASSING


def may_repeat_lost(call: ApiRequest, error: TransportError) -> bool:
    """Tell whether a call without an answer can be tried again without doing anything twice."""
    return error.code != "E_TLS" and (call.reading or not error.sent)


def retry_after_seconds(answer: ApiResponse, now: datetime) -> float | None:
    """Return the seconds a Retry-After asks for; None where there is none, or where it is no sense (past, text).

    A moment is measured from the answer's own Date: only without one does `now`, the local time, stand in for it.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    moment = http_date(text)
    seconds = (moment - (answer.date or now)).total_seconds() if moment else 0.0
    return seconds if seconds > 0 else None


_LOG = logging.getLogger("reconciler.api")
"""Told of every try: never a header, never a body."""


class RetryingSender:
    """Sends calls of one Connection until they are answered, or it is clear that they will not be."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.meter = UsageCounter()
        self.service_date = ""
        self.service_offset = 0.0
        """Seconds that the service's clock is ahead of ours, by the Date of its latest answer; 0 while it gave none."""
        self._wire = HttpTransport(connection.transport or _network(connection), connection.monotonic)

    def send(self, call: ApiRequest) -> ApiResponse:
        """Return the answer with a status of 200-299; raises ApiError, or TransportError where there was none."""
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
        if answer.status == 429:
            gate.refused(ticket, min(retry_after_seconds(answer, now) or 0.0, MAX_PAUSE))
        else:
            gate.accepted()
        return answer, used

    def _admitted(self, call: ApiRequest, headers: Mapping[str, str], budget: Budget) -> ApiResponse:
        """Send one try; raises AuthError where a credential that cannot be renewed is refused."""
        answer = self._sent(call, headers, budget)
        if answer.status == REFUSED and self.connection.auth.credential:
            raise to_exception(call, answer, self.connection.clock())
        return answer

    def _note_time(self, answer: ApiResponse) -> None:
        self.service_date = answer.headers.get("date", "")
        moment = answer.date
        if moment is not None:
            self.service_offset = (moment - self.connection.clock()).total_seconds()

    def _sent(self, call: ApiRequest, headers: Mapping[str, str], budget: Budget) -> ApiResponse:
        """Send one try; what its answer says in words loses our secrets before it is cut or quoted."""
        return replace(self._wire.send(call, headers, budget), redact=self.connection.redactor.cut_text)

    def _ask(self, budget: Budget, call: ApiRequest) -> ApiResponse:
        """Send a call that carries its own credentials (to IAM), through the same wire and counted like any other."""
        self.meter.add(ApiUsage(requests=1))
        try:
            return self._sent(call, {}, budget)
        except TransportError as error:  # whatever became of this call, the one it is for was not sent
            raise TransportError(error.message, code=error.code, hint=error.hint, sent=False) from None

    def _wait(
        self, call: ApiRequest, answer: ApiResponse, used: Mapping[str, str], patience: RetryState
    ) -> float | None:
        """Return how long to wait before the next try of a refused call; None where there is none."""
        found = refusal(answer)
        if found.expired and patience.may_renew() and self.connection.auth.renew(used):
            return 0.0
        if not may_repeat(call, found):
            return None
        if found.status == 429:
            return patience.after_refusal(retry_after_seconds(answer, self.connection.clock()))
        return patience.after_failure()

    def _pause(self, call: ApiRequest, seconds: float) -> None:
        if seconds:
            self._gate(call).wait(seconds)
        self.meter.add(ApiUsage(retries=1, waited=seconds))

    def _gate(self, call: ApiRequest) -> RateLimiter:
        return self.connection.reads if call.reading else self.connection.writes


def _network(connection: Connection) -> PooledTransport:
    return PooledTransport(
        connections=connection.parallelism,
        monotonic=connection.monotonic,
        proxy=connection.proxy,
        ca_file=connection.ca_file,
    )

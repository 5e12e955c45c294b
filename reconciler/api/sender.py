"""The core both clients share: pace, credentials, tries and errors around the wire."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from reconciler.api.call import Answer, Call
from reconciler.api.connection import Connection
from reconciler.api.logins import REFUSED
from reconciler.api.meter import Meter
from reconciler.api.pool import PoolTransport
from reconciler.api.refusal import as_error, refusal
from reconciler.api.retry import MAX_PAUSE, Patience, asked_pause, may_repeat, may_repeat_lost
from reconciler.api.throttle import Gate
from reconciler.api.wire import Budget, Wire
from reconciler.errors import TransportError
from reconciler.model.reading import Usage

_LOG = logging.getLogger("reconciler.api")
"""Told of every try: never a header, never a body."""


class Sender:
    """Sends calls of one Connection until they are answered, or it is clear that they will not be."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.meter = Meter()
        self.service_date = ""
        self.service_offset = 0.0
        """Seconds that the service's clock is ahead of ours, by the Date of its latest answer; 0 while it gave none."""
        self._wire = Wire(connection.transport or _network(connection), connection.monotonic)

    def send(self, call: Call) -> Answer:
        """Return the answer with a status of 200-299; raises ApiError, or TransportError where there was none."""
        patience, budget = Patience(self.connection.jitter), Budget()
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
                    raise as_error(call, answer, self.connection.clock())
            self._pause(call, wait)

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _try(self, call: Call, budget: Budget) -> tuple[Answer, Mapping[str, str]]:
        gate = self._gate(call)
        ticket = gate.enter()
        now = self.connection.clock()
        used = self.connection.auth.headers(call, now, partial(self._ask, budget))
        self.meter.add(Usage(requests=1, waited=ticket.waited))
        self.connection.redactor.add(used.get("X-Auth-Token", ""))
        credential = self.connection.auth.credential
        answer = self.connection.logins.call(call.origin, credential, partial(self._admitted, call, used, budget))
        _LOG.debug("%s %s -> %d, %d bytes", call.method, call.url, answer.status, len(answer.body))
        self._note_time(answer)
        if answer.status == 429:
            gate.refused(ticket, min(asked_pause(answer, now) or 0.0, MAX_PAUSE))
        else:
            gate.accepted()
        return answer, used

    def _admitted(self, call: Call, headers: Mapping[str, str], budget: Budget) -> Answer:
        """Send one try; raises AuthError where a credential that cannot be renewed is refused."""
        answer = self._sent(call, headers, budget)
        if answer.status == REFUSED and self.connection.auth.credential:
            raise as_error(call, answer, self.connection.clock())
        return answer

    def _note_time(self, answer: Answer) -> None:
        self.service_date = answer.headers.get("date", "")
        moment = answer.date
        if moment is not None:
            self.service_offset = (moment - self.connection.clock()).total_seconds()

    def _sent(self, call: Call, headers: Mapping[str, str], budget: Budget) -> Answer:
        """Send one try; what its answer says in words loses our secrets before it is cut or quoted."""
        return replace(self._wire.send(call, headers, budget), redact=self.connection.redactor.cut_text)

    def _ask(self, budget: Budget, call: Call) -> Answer:
        """Send a call that carries its own credentials (to IAM), through the same wire and counted like any other."""
        self.meter.add(Usage(requests=1))
        try:
            return self._sent(call, {}, budget)
        except TransportError as error:  # whatever became of this call, the one it is for was not sent
            raise TransportError(error.message, code=error.code, hint=error.hint, sent=False) from None

    def _wait(self, call: Call, answer: Answer, used: Mapping[str, str], patience: Patience) -> float | None:
        """Return how long to wait before the next try of a refused call; None where there is none."""
        found = refusal(answer)
        if found.expired and patience.may_renew() and self.connection.auth.renew(used):
            return 0.0
        if not may_repeat(call, found):
            return None
        if found.status == 429:
            return patience.after_refusal(asked_pause(answer, self.connection.clock()))
        return patience.after_failure()

    def _pause(self, call: Call, seconds: float) -> None:
        if seconds:
            self._gate(call).wait(seconds)
        self.meter.add(Usage(retries=1, waited=seconds))

    def _gate(self, call: Call) -> Gate:
        return self.connection.reads if call.reading else self.connection.writes


def _network(connection: Connection) -> PoolTransport:
    return PoolTransport(
        connections=connection.parallelism,
        monotonic=connection.monotonic,
        proxy=connection.proxy,
        ca_file=connection.ca_file,
    )

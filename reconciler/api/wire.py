"""One try over the network: an httpx transport, hard limits, and every failure as one of our errors.

Transports are called directly, without httpx's client: nothing here follows a redirect, reads ~/.netrc, proxy or CA
variables, or keeps cookies, because none of that code takes part.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from reconciler.api.body import Inflater
from reconciler.api.call import Answer, Call
from reconciler.errors import TransportError

CONNECT = 5.0
READ = 30.0
WHOLE = 120.0
"""Seconds: to connect, between two pieces of an answer, and for all tries of one call together, without the waits."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(slots=True)
class Budget:
    """Seconds left for the tries of one call: a server that drips its answers cannot have them all for each try."""

    left: float = WHOLE


class Wire:
    """Sends calls through one transport. Safe to share between threads."""

    def __init__(self, transport: httpx.BaseTransport, monotonic: Callable[[], float]) -> None:
        self._transport = transport
        self._monotonic = monotonic

    def send(self, call: Call, headers: Mapping[str, str], budget: "Budget | None" = None) -> Answer:
        """Send one try and return the whole answer; raises TransportError where there is none, or only a part.

        It ends within what is left of the `budget`, which it uses up, and within WHOLE seconds without one.
        """
        budget = budget or Budget()
        started = self._monotonic()
        try:
            return self._answer(call, headers, started + budget.left)
        finally:
            budget.left -= self._monotonic() - started

    def _answer(self, call: Call, headers: Mapping[str, str], until: float) -> Answer:
        try:
            response = self._transport.handle_request(_request(call, headers, until))
            try:
                return self._received(response, until)
            finally:
                response.close()
        except httpx.TransportError as error:
            raise _failure(call, error) from None

    def _received(self, response: httpx.Response, until: float) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        inflater = Inflater(headers.get("content-encoding", ""))
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - a transport of this class gives no other
        for piece in response.stream:
            inflater.feed(piece)
            if self._monotonic() > until:
                raise httpx.ReadTimeout("the whole answer took too long")
        return Answer(status=response.status_code, headers=headers, body=inflater.finish())

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()


def _request(call: Call, headers: Mapping[str, str], until: float) -> httpx.Request:
    limits = {"connect": CONNECT, "read": READ, "write": READ, "pool": WHOLE}
    sent = {**call.headers, **headers, "Accept": "application/json", "Accept-Encoding": "gzip"}
    return httpx.Request(
        call.method,
        call.url,
        headers=sent,
        content=call.body or None,
        extensions={"timeout": limits, "until": until},
    )


def _failure(call: Call, error: httpx.TransportError) -> TransportError:
    if _about_tls(error):
        return TransportError(
            f"{call.origin}: the certificate cannot be trusted: {error}",
            code="E_TLS",
            sent=False,
            hint="a private certificate authority is named by the operator, never by a file of the repository",
        )
    sent = not isinstance(error, _NEVER_SENT)
    what = "the answer was lost or cut" if sent else "no connection"
    return TransportError(f"{call}: {what}: {type(error).__name__} {error}".rstrip(), sent=sent)


def _about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False

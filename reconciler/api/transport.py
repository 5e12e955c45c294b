"""One attempt of a call over a transport, within a hard time limit."""

import ssl
from collections.abc import Callable, Mapping

from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.response_body import BodyDecoder
from reconciler.errors import TransportError
from reconciler.http_library import httpx
from reconciler.late_methods import dataclass

CONNECT = 5.0
READ = 30.0
WHOLE = 120.0
"""Seconds: to connect, between two chunks of a response, and for all attempts of one call together, without waits."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(slots=True)
class Budget:
    """Seconds left for the attempts of one call, so that a slow server cannot use the full time for each."""

    left: float = WHOLE


class HttpTransport:
    """Sends calls through one transport. Safe to share between threads."""

    def __init__(self, transport: httpx.BaseTransport, monotonic: Callable[[], float]) -> None:
        self._transport = transport
        self._monotonic = monotonic

    def send(self, call: ApiRequest, headers: Mapping[str, str], budget: "Budget | None" = None) -> ApiResponse:
        """Send one attempt and return the complete response. Raises TransportError where there is none.

        It ends within what is left of the `budget`, which it uses up, and within WHOLE seconds without one.
        """
        budget = budget or Budget()
        started = self._monotonic()
        try:
            return self._answer(call, headers, started + budget.left)
        finally:
            budget.left -= self._monotonic() - started

    def _answer(self, call: ApiRequest, headers: Mapping[str, str], until: float) -> ApiResponse:
        try:
            response = self._transport.handle_request(_request(call, headers, until))
            try:
                return self._received(response, until)
            finally:
                response.close()
        except httpx.TransportError as error:
            raise _failure(call, error) from None

    def _received(self, response: httpx.Response, until: float) -> ApiResponse:
        headers = {name.lower(): value for name, value in response.headers.items()}
        inflater = BodyDecoder(headers.get("content-encoding", ""))
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - a transport of this class gives no other
        for piece in response.stream:
            inflater.feed(piece)
            if self._monotonic() > until:
                raise httpx.ReadTimeout("the whole answer took too long")
        return ApiResponse(status=response.status_code, headers=headers, body=inflater.finish())

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()


def _request(call: ApiRequest, headers: Mapping[str, str], until: float) -> httpx.Request:
    limits = {"connect": CONNECT, "read": READ, "write": READ, "pool": WHOLE}
    sent = {**call.headers, **headers, "Accept": "application/json", "Accept-Encoding": "gzip"}
    return httpx.Request(
        call.method,
        call.url,
        headers=sent,
        content=call.body or None,
        extensions={"timeout": limits, "until": until},
    )


def _failure(call: ApiRequest, error: httpx.TransportError) -> TransportError:
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

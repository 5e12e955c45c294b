"""One request and its response over httpx; its errors become those of this package."""

import ssl
from collections.abc import Callable, Iterator, Mapping

from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.transport import WHOLE, received
from reconciler.errors import TransportError
from reconciler.http_library import httpx

CONNECT = 5.0
READ = 30.0
"""Seconds: to connect, and between two chunks of a response."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def exchange(
    handle: Callable[[httpx.Request], httpx.Response],
    call: ApiRequest,
    headers: Mapping[str, str],
    until: float,
    monotonic: Callable[[], float],
) -> ApiResponse:
    """Send a request with these headers, and return the whole response. Raises TransportError where there is none."""
    try:
        response = handle(_request(call, headers, until))
        try:
            given = {name.lower(): value for name, value in response.headers.items()}
            return received(response.status_code, given, _pieces(response, until, monotonic))
        finally:
            response.close()
    except httpx.TransportError as error:
        raise _failure(call, error) from None


def _pieces(response: httpx.Response, until: float, monotonic: Callable[[], float]) -> Iterator[bytes]:
    assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - a synchronous transport gives no other
    for piece in response.stream:
        yield piece
        if monotonic() > until:
            raise httpx.ReadTimeout("the whole answer took too long")


def _request(call: ApiRequest, headers: Mapping[str, str], until: float) -> httpx.Request:
    limits = {"connect": CONNECT, "read": READ, "write": READ, "pool": WHOLE}
    return httpx.Request(
        call.method,
        call.url,
        headers=headers,
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

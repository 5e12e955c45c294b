"""Requests and responses over HTTP: time limits, and this package's errors in place of those of httpcore and httpx.

The network is httpcore's (pooled_transport.py). A transport of httpx may be given in its place, and httpx is imported
only then; both libraries name their errors alike.
"""

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.transport import WHOLE, received
from reconciler.errors import TransportError

if TYPE_CHECKING:
    from reconciler.http_library import httpx

LIMITS = {"connect": 5.0, "read": 30.0, "write": 30.0, "pool": WHOLE}
"""Seconds: to connect, between two chunks of a response or a request, and for a free connection."""

_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})


def exchange(
    handle: "Callable[[httpx.Request], httpx.Response]",
    call: ApiRequest,
    headers: Mapping[str, str],
    until: float,
    monotonic: Callable[[], float],
) -> ApiResponse:
    """Send a request over httpx, and return the whole response. Raises TransportError where there is none.

    Its extension `until` is the time at which the attempt must have ended.
    """
    from reconciler.http_library import httpx  # for start-up: neither the network nor the embedded simulator needs it

    extensions = {"timeout": LIMITS, "until": until}
    request = httpx.Request(call.method, call.url, headers=headers, content=call.body or None, extensions=extensions)
    try:
        response = handle(request)
        try:
            assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - a synchronous transport gives no other
            pieces = bounded(response.stream, until, monotonic, httpx.ReadTimeout)
            return received(response.status_code, response.headers.raw, pieces)
        finally:
            response.close()
    except httpx.TransportError as error:
        raise transport_error(call, error) from None


def bounded(
    pieces: Iterable[bytes], until: float, monotonic: Callable[[], float], late: Callable[[str], Exception]
) -> Iterator[bytes]:
    """Yield the chunks of a body, and raise what `late` makes once its attempt must have ended."""
    for piece in pieces:
        yield piece
        if monotonic() > until:
            raise late("the whole answer took too long")


def transport_error(call: ApiRequest, error: Exception) -> TransportError:
    """Return the error of a call without a response, of what httpcore or httpx raised."""
    if _about_tls(error):
        return TransportError(
            f"{call.origin}: the certificate cannot be trusted: {error}",
            code="E_TLS",
            sent=False,
            hint="a private certificate authority is named by the operator, never by a file of the repository",
        )
    name = type(error).__name__
    sent = name not in _NEVER_SENT
    what = "the answer was lost or cut" if sent else "no connection"
    return TransportError(f"{call}: {what}: {name} {error}".rstrip(), sent=sent)


def _about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False

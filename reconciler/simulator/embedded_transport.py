"""The simulated API inside this process: an httpx transport without a socket."""

import time
from collections.abc import Callable, Iterator

from reconciler.http_library import httpx
from reconciler.simulator.messages import Request, RequestHandler, Response

PIECES = 16
"""Number of chunks of a slow body."""


def transport(simulator: RequestHandler, *, sleep: Callable[[float], None] = time.sleep) -> httpx.BaseTransport:
    """Return a transport that answers from a simulator; `sleep` is called for delays.

    A delay beyond the client's read timeout raises ReadTimeout after that time, and a cut connection raises what httpx
    raises on a real one, so that callers meet the same errors as on a socket.
    """

    def respond(request: httpx.Request) -> httpx.Response:
        response = simulator.handle(_request(request))
        _wait(response, request, sleep)
        if response.raw or (response.cut is not None and response.cut.at is None):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        return httpx.Response(response.status, headers=header_bytes(response), stream=_Body(response, sleep))

    return httpx.MockTransport(respond)


def _request(request: httpx.Request) -> Request:
    return Request(
        method=request.method,
        path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
        query=request.url.query.decode("ascii"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw),
        body=request.content,
    )


def _wait(response: Response, request: httpx.Request, sleep: Callable[[float], None]) -> None:
    allowed = (request.extensions.get("timeout") or {}).get("read")
    if allowed is not None and response.delay > allowed:
        sleep(allowed)
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if response.delay:
        sleep(response.delay)


def header_bytes(response: Response) -> list[tuple[bytes, bytes]]:
    """Return a response's headers as sent, with its length unless it is cut without one."""
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    if any(name == b"content-length" for name, _ in headers):
        return headers
    if response.cut is not None and response.cut.chunked:
        return headers
    return [*headers, (b"content-length", str(len(response.body)).encode())]


class _Body(httpx.SyncByteStream):
    def __init__(self, response: Response, sleep: Callable[[float], None]) -> None:
        self._response = response
        self._sleep = sleep

    def __iter__(self) -> Iterator[bytes]:
        cut = self._response.cut
        for piece in pieces(self._response):
            yield piece
            if self._response.drip:
                self._sleep(self._response.drip)
        if cut is not None:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def pieces(response: Response) -> list[bytes]:
    """Return the body in the chunks in which it is sent, as far as it is sent."""
    body = response.body if response.cut is None else response.body[: response.cut.at]
    size = max(1, len(body) // PIECES) if response.drip else max(1, len(body))
    return [body[start : start + size] for start in range(0, len(body), size)]

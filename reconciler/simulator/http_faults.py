"""Responses of the simulator as httpx gives them: late, slow, cut, or none at all."""

from collections.abc import Callable, Iterator, Sequence

from reconciler.http_library import httpx
from reconciler.simulator.messages import Response


def sent(
    response: Response,
    headers: Sequence[tuple[bytes, bytes]],
    pieces: Sequence[bytes],
    request: httpx.Request,
    sleep: Callable[[float], None],
) -> httpx.Response:
    """Return a response with its headers and the pieces of its body; raises what httpx raises for a lost one."""
    _wait(response, request, sleep)
    if response.raw or (response.cut is not None and response.cut.at is None):
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    return httpx.Response(response.status, headers=list(headers), stream=_Body(response, pieces, sleep))


def _wait(response: Response, request: httpx.Request, sleep: Callable[[float], None]) -> None:
    allowed = (request.extensions.get("timeout") or {}).get("read")
    if allowed is not None and response.delay > allowed:
        sleep(allowed)
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if response.delay:
        sleep(response.delay)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: Response, pieces: Sequence[bytes], sleep: Callable[[float], None]) -> None:
        self._response = response
        self._pieces = pieces
        self._sleep = sleep

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            yield piece
            if self._response.drip:
                self._sleep(self._response.drip)
        if self._response.cut is not None:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

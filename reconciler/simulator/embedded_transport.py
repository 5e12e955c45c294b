"""The simulated API inside this process: a transport without a socket."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Self

from reconciler.api.transport import DirectAnswer, DirectTransport
from reconciler.simulator.messages import Request, RequestHandler, Response

if TYPE_CHECKING:
    from reconciler.http_library import httpx

PIECES = 16
"""Number of chunks of a slow body."""


class EmbeddedTransport(DirectTransport):
    """Answers from a simulator; a client of httpx may use it too.

    A delay beyond the client's read timeout raises ReadTimeout after that time, and a cut connection raises what httpx
    raises on a real one, so that callers meet the same errors as on a socket.
    """

    def __init__(self, simulator: RequestHandler, *, sleep: Callable[[float], None]) -> None:
        self._simulator = simulator
        self._sleep = sleep

    def answer(
        self, method: str, path: str, query: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> DirectAnswer:
        """Process one request; a response with a fault is sent over httpx alone."""
        response = self._simulator.handle(
            Request(method=method, path=path, query=query, headers=tuple(headers), body=body)
        )
        whole = not response.raw and response.cut is None and not response.delay and not response.drip
        return DirectAnswer(
            status=response.status,
            headers=header_bytes(response),
            body=response.body if whole else None,
            over_http=partial(self._over_http, response),
        )

    def handle_request(self, request: "httpx.Request") -> "httpx.Response":
        """Process a request of httpx."""
        body = request.read()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        answer = self.answer(request.method, path, request.url.query.decode("ascii"), headers, body)
        return answer.over_http(request)

    def _over_http(self, response: Response, request: "httpx.Request") -> "httpx.Response":
        from reconciler.simulator.http_faults import sent  # for start-up: most responses have no fault

        return sent(response, header_bytes(response), pieces(response), request, self._sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def transport(simulator: RequestHandler, *, sleep: Callable[[float], None] = time.sleep) -> EmbeddedTransport:
    """Return a transport that answers from a simulator; `sleep` is called for delays."""
    return EmbeddedTransport(simulator, sleep=sleep)


def header_bytes(response: Response) -> list[tuple[bytes, bytes]]:
    """Return a response's headers as sent, with its length unless it is cut without one."""
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    if any(name == b"content-length" for name, _ in headers):
        return headers
    if response.cut is not None and response.cut.chunked:
        return headers
    return [*headers, (b"content-length", str(len(response.body)).encode())]


def pieces(response: Response) -> list[bytes]:
    """Return the body in the chunks in which it is sent, as far as it is sent."""
    body = response.body if response.cut is None else response.body[: response.cut.at]
    size = max(1, len(body) // PIECES) if response.drip else max(1, len(body))
    return [body[start : start + size] for start in range(0, len(body), size)]

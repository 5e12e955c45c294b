"""One attempt of a call over a transport, within a hard time limit."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.response_body import BodyDecoder
from reconciler.late_methods import dataclass

if TYPE_CHECKING:
    from reconciler.http_library import httpx

WHOLE = 120.0
"""Seconds for all attempts of one call together, without waits."""

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
"""Methods of which a request tells its length, though it has no body."""


@dataclass(slots=True)
class Budget:
    """Seconds left for the attempts of one call, so that a slow server cannot use the full time for each."""

    left: float = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectAnswer:
    """Response of a service in this process: `body` is complete, or None where it is not sent as one piece at once.

    `over_http` gives the response as httpx does: with its delays, and with the errors of a cut connection.
    """

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes | None
    over_http: "Callable[[httpx.Request], httpx.Response]"


class DirectTransport(ABC):
    """Transport to a service in this process, for which no httpx is loaded."""

    @abstractmethod
    def answer(
        self, method: str, path: str, query: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> DirectAnswer:
        """Process one request, with its headers as they are sent."""

    def close(self) -> None:  # noqa: B027 - there is no connection
        """Close nothing."""


class NetworkTransport(ABC):
    """Transport to a service over a network, for which no httpx is loaded."""

    @abstractmethod
    def exchange(self, call: ApiRequest, headers: Sequence[tuple[str, str]], until: float) -> ApiResponse:
        """Send one attempt that ends at this time, with its headers as they are sent. Raises TransportError."""

    @abstractmethod
    def close(self) -> None:
        """Close its connections."""


class HttpTransport:
    """Sends calls through one transport. Safe to share between threads."""

    def __init__(
        self, transport: "httpx.BaseTransport | DirectTransport | NetworkTransport", monotonic: Callable[[], float]
    ) -> None:
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
        sent = {**call.headers, **headers, "Accept": "application/json", "Accept-Encoding": "gzip"}
        if isinstance(self._transport, NetworkTransport):
            return self._transport.exchange(call, _sent_headers(call, sent), until)
        if isinstance(self._transport, DirectTransport):
            answer = self._transport.answer(call.method, call.path, call.query, _sent_headers(call, sent), call.body)
            if answer.body is not None and self._monotonic() <= until:
                return received(answer.status, answer.headers, [answer.body] if answer.body else [])
            handle = answer.over_http
        else:
            handle = self._transport.handle_request
        from reconciler.api.http_exchange import exchange  # for start-up: the embedded simulator needs no TLS

        return exchange(handle, call, sent, until, self._monotonic)

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()


def received(status: int, headers: Sequence[tuple[bytes, bytes]], pieces: Iterable[bytes]) -> ApiResponse:
    """Return a response whose headers and pieces of the body come as sent."""
    named = _by_name(headers)
    decoder = BodyDecoder(named.get("content-encoding", ""))
    for piece in pieces:
        decoder.feed(piece)
    return ApiResponse(status=status, headers=named, body=decoder.finish())


def _sent_headers(call: ApiRequest, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a request's headers in the order in which httpx sends them."""
    host, length = ("Host", call.origin.netloc), ("Content-Length", str(len(call.body)))
    if call.body:
        return [host, *headers.items(), length]
    return [host, *([length] if call.method in _WITH_BODY else []), *headers.items()]


def _by_name(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name; those of one name are joined. A text that is no UTF-8 is Latin-1."""
    encoding = _encoding(headers)
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.lower().decode(encoding), raw_value.decode(encoding)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _encoding(headers: Sequence[tuple[bytes, bytes]]) -> str:
    try:
        b"".join([text for header in headers for text in header]).decode("utf-8")
    except UnicodeDecodeError:
        return "iso-8859-1"
    return "utf-8"

"""Network transport: pooled connections, verified TLS, and a hard time limit for every attempt.

httpx bounds the time between two reads, not their sum: a server that sends one byte of a header at a time could delay a
run for hours. Here every read and write is limited to what is left of the attempt's total time.
"""

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.response_body import BodyDecoder
from reconciler.errors import ReconcilerError, TransportError
from reconciler.http_library import httpcore, httpx
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import DOCUMENT, read_file


class PooledTransport(httpx.BaseTransport):
    """An httpx transport over httpcore. A request's extension `until` is the time at which its attempt must have ended.

    `proxy` and `ca_file` are the operator's; neither is ever read from the environment. Without a `ca_file` the trusted
    certificates are the ones httpx brings.
    """

    def __init__(self, *, connections: int, monotonic: Callable[[], float], proxy: str = "", ca_file: str = "") -> None:
        self._hurry = _Hurry(monotonic)
        self._connections = connections
        self._proxy = proxy
        self._ca_file = ca_file
        self._pools: dict[bytes, httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the response's stream is read by the same thread."""
        self._hurry.until = request.extensions.get("until", float("inf"))
        assert isinstance(request.stream, httpx.SyncByteStream)  # noqa: S101 - Wire makes no other
        raw = httpcore.Request(
            method=request.method.encode(),
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._pool(raw.url.scheme).handle_request(raw)
        assert isinstance(answer.stream, Iterable)  # noqa: S101 - the sync pool gives no other
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer.stream))

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, scheme: bytes) -> httpcore.ConnectionPool:
        """Return the pool of a scheme; a plain one never loads the trusted certificates, which is slow."""
        with self._lock:
            if scheme not in self._pools:
                self._pools[scheme] = httpcore.ConnectionPool(
                    ssl_context=_trust(self._ca_file) if scheme == b"https" else None,
                    proxy=httpcore.Proxy(self._proxy) if self._proxy else None,
                    max_connections=self._connections,
                    max_keepalive_connections=self._connections,
                    keepalive_expiry=30.0,
                    network_backend=_Backend(self._hurry),
                )
            return self._pools[scheme]


@cache
def _trust(ca_file: str) -> ssl.SSLContext:
    context = _trusting(ca_file) if ca_file else httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _trusting(ca_file: str) -> ssl.SSLContext:
    """Return a context that trusts only the certificates of a PEM file. Raises ReconcilerError."""
    text = read_file(ca_file, DOCUMENT).decode("ascii", "ignore")  # bundles have comments in any encoding
    try:
        return ssl.create_default_context(cadata=text or "-")  # without data it would trust the system's certificates
    except (ssl.SSLError, ValueError) as error:
        message = f"{ca_file} holds no certificates: {error}"
        raise ReconcilerError(message, code="E_CA_FILE", hint="set RECONCILER_CA_FILE to a file in PEM") from None


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError) as error:
        same = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise same(str(error)) from error


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _Hurry(threading.local):
    """Time left for the attempt of this thread."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.until = float("inf")
        self._monotonic = monotonic

    def left(self, timeout: float | None) -> float:
        left = self.until - self._monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return left if timeout is None else min(left, timeout)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, hurry: _Hurry) -> None:
        self._inner = httpcore.SyncBackend()
        self._hurry = hurry

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *rest: Any, **more: Any) -> "_Socket":
        return _Socket(self._inner.connect_tcp(host, port, self._hurry.left(timeout), *rest, **more), self._hurry)


class _Socket(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, hurry: _Hurry) -> None:
        self._inner = inner
        self._hurry = hurry

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._hurry.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._hurry.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Socket":
        return _Socket(self._inner.start_tls(ssl_context, server_hostname, self._hurry.left(timeout)), self._hurry)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


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

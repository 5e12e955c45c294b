"""Network transport: pooled connections, verified TLS, and a hard time limit for every attempt.

httpcore bounds the time between two reads, not their sum: a server that sends one byte of a header at a time could
delay a run for hours. Here every read and write is limited to what is left of the attempt's total time.
"""

import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import certifi

from reconciler.api.http_exchange import LIMITS, bounded, transport_error
from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.transport import NetworkTransport, received
from reconciler.errors import ReconcilerError
from reconciler.http_library import httpcore
from reconciler.manifest.files.project_tree import DOCUMENT, read_file

_LOST = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError)
"""What httpcore raises where there is no response."""


class PooledTransport(NetworkTransport):
    """Transport over httpcore, with at most so many `connections` at a time.

    `proxy` and `ca_file` are the operator's; neither is ever read from the environment. Without a `ca_file` the trusted
    certificates are those of certifi, which httpcore brings.

    Each connection is a pool of its own, which one call at a time has: where threads share a pool of httpcore 1.0, one
    may close the connection that another has just been given (encode/httpcore#1110), and its response is lost.
    """

    def __init__(self, *, connections: int, monotonic: Callable[[], float], proxy: str = "", ca_file: str = "") -> None:
        self._hurry = _Hurry(monotonic)
        self._monotonic = monotonic
        self._proxy = proxy
        self._ca_file = ca_file
        self._slots = threading.Semaphore(connections)
        self._lock = threading.Lock()
        self._made: list[httpcore.ConnectionPool] = []
        self._free: dict[str, list[httpcore.ConnectionPool]] = {}

    def exchange(self, call: ApiRequest, headers: Sequence[tuple[str, str]], until: float) -> ApiResponse:
        """Send a request and read its response, both in this thread."""
        self._hurry.until = until
        try:
            with self._connection(call.origin.scheme) as connection:
                answer = connection.handle_request(_request(call, headers))
                try:
                    pieces = bounded(answer.iter_stream(), until, self._monotonic, httpcore.ReadTimeout)
                    return received(answer.status, answer.headers, pieces)
                finally:
                    answer.close()
        except _LOST as error:
            raise transport_error(call, error) from None

    def close(self) -> None:
        """Close every connection."""
        for connection in self._made:
            connection.close()

    @contextmanager
    def _connection(self, scheme: str) -> Iterator[httpcore.ConnectionPool]:
        """Yield a connection that no other call has meanwhile: the one that was used last, or a new one."""
        if not self._slots.acquire(timeout=self._hurry.left(LIMITS["pool"])):
            raise httpcore.PoolTimeout("no connection became free")
        try:
            free = self._free.setdefault(scheme, [])
            try:
                connection = free.pop()
            except IndexError:
                connection = self._new(scheme)
            try:
                yield connection
            finally:
                free.append(connection)
        finally:
            self._slots.release()

    def _new(self, scheme: str) -> httpcore.ConnectionPool:
        """Return a connection that is opened at its first call.

        The trusted certificates, which are slow to load, are loaded by the first one with TLS while the others wait.
        """
        with self._lock:
            context = _trust(self._ca_file) if scheme == "https" else None
        connection = httpcore.ConnectionPool(
            ssl_context=context,
            proxy=httpcore.Proxy(self._proxy) if self._proxy else None,
            max_connections=1,
            keepalive_expiry=30.0,
            network_backend=_Backend(self._hurry),
        )
        self._made.append(connection)
        return connection


def _request(call: ApiRequest, headers: Sequence[tuple[str, str]]) -> httpcore.Request:
    origin = call.origin
    url = httpcore.URL(
        scheme=origin.scheme,
        host=origin.host.strip("[]"),
        port=None if origin.has_standard_port else origin.port,
        target=f"{call.path}?{call.query}" if call.query else call.path,
    )
    return httpcore.Request(call.method, url, headers=headers, content=call.body, extensions={"timeout": LIMITS})


@cache
def _trust(ca_file: str) -> ssl.SSLContext:
    context = _trusting(ca_file) if ca_file else ssl.create_default_context(cafile=certifi.where())
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

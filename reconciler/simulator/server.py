"""The simulated API on a real port, on loopback only: Starlette and uvicorn (extra `sim`)."""

import asyncio
import json
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import parse_qsl

from reconciler.errors import PluginError
from reconciler.model.json_types import Json
from reconciler.simulator.clock import real_clock
from reconciler.simulator.embedded_transport import header_bytes, pieces
from reconciler.simulator.messages import Request, Response
from reconciler.simulator.service.simulator import Simulator

SECRET_HEADERS = frozenset({"authorization", "x-auth-token", "x-security-token", "x-subject-token", "cookie"})
MASK = "***"


class LogSink(Protocol):
    """Target of log lines: an open text file, or any text stream."""

    def write(self, text: str, /) -> object:
        """Write one line."""
        ...

    def flush(self) -> None:
        """Flush the lines."""
        ...


def line(request: Request, response: Response, sensitive: frozenset[str]) -> str:
    """Return a request and its response as one JSON line; sensitive fields of bodies are redacted."""
    record = {
        "method": request.method,
        "path": request.path,
        "query": dict(parse_qsl(request.query, keep_blank_values=True)),
        "headers": _headers(request.headers),
        "body": _body(request.body, sensitive),
        "operation": response.operation,
        "kind": response.kind,
        "status": response.status,
        "bytes": len(response.body),
        "request_id": response.header("X-Request-Id"),
        "faults": response.faults,
    }
    return json.dumps(record, ensure_ascii=True, separators=(",", ":")) + "\n"


def _headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): MASK if name.lower() in SECRET_HEADERS else value for name, value in headers}


def _body(body: bytes, sensitive: frozenset[str]) -> Json:
    if not body:
        return None
    try:
        return masked(json.loads(body), sensitive)
    except (ValueError, RecursionError):
        return f"{len(body)} bytes that are no JSON"


def masked(value: Json, sensitive: frozenset[str]) -> Json:
    """Return a body with every value under a sensitive name redacted, at any depth."""
    if isinstance(value, dict):
        return {name: MASK if name in sensitive else masked(item, sensitive) for name, item in value.items()}
    return [masked(item, sensitive) for item in value] if isinstance(value, list) else value


try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.types import Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from reconciler.simulator.control_api import control_routes
except ImportError as error:
    raise PluginError(
        f"serving the simulated API needs {error.name}", hint='install the extra: pip install "reconciler[sim]"'
    ) from error

HOST = "127.0.0.1"


def serve(simulator: Simulator, port: int, log: LogSink | None, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP. `announce` gets the base URL once, as soon as requests are accepted.

    The clock is the machine's, unless the seed or the constructor sets another: clients sign with real time.
    """
    simulator.go_by(real_clock)
    with _listening(port) as listener:
        server = uvicorn.Server(_config(simulator, log))
        with _stopping(server):
            listener.listen(socket.SOMAXCONN)
            announce(base_url(listener))
            server.run(sockets=[listener])


@contextmanager
def _stopping(server: uvicorn.Server) -> Iterator[None]:
    """Stop the server on three signals; uvicorn handles two of them while it runs, and raises them again afterwards."""

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def running(simulator: Simulator, *, log: LogSink | None = None, port: int = 0) -> Iterator[str]:
    """Serve from a thread for the duration of a `with`, which gets the base URL."""
    with _listening(port) as listener:
        listener.listen(socket.SOMAXCONN)
        server = uvicorn.Server(_config(simulator, log))
        thread = threading.Thread(target=_run, args=(server, listener), daemon=True, name="simulator")
        thread.start()
        try:
            yield base_url(listener)
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def base_url(listener: socket.socket) -> str:
    """Return the base URL for clients."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    asyncio.run(server.serve(sockets=[listener]))


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((HOST, port))
    try:
        yield listener
    finally:
        listener.close()


def _config(simulator: Simulator, log: LogSink | None) -> uvicorn.Config:
    return uvicorn.Config(
        application(simulator, log),
        http=_Protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )


def application(simulator: Simulator, log: LogSink | None) -> Starlette:
    """Return the ASGI application: the API, and the control routes below `/_control`."""
    api = _Api(simulator, log)
    return Starlette(routes=[Mount("/_control", routes=control_routes(simulator)), Mount("/", app=api)])


class _Protocol(H11Protocol):
    """uvicorn's protocol that also passes its transport to the application, which must be able to break connections."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Api:
    """ASGI application of the service."""

    def __init__(self, simulator: Simulator, log: LogSink | None) -> None:
        self._simulator = simulator
        self._log = log
        self._sensitive = simulator.sensitive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _request(scope, await _receive_body(receive))
        response = self._simulator.handle(request)
        if self._log is not None:
            self._log.write(line(request, response, self._sensitive))
            self._log.flush()
        try:
            await asyncio.sleep(response.delay)
            await _send(response, send, scope["state"]["transport"])
        except asyncio.CancelledError:  # the server stops: a waiting client gets no response instead of a false 500
            scope["state"]["transport"].abort()
            raise


async def _receive_body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _request(scope: Scope, body: bytes) -> Request:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=path.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
    )


async def _send(response: Response, send: Send, transport: Any) -> None:
    if response.raw:
        transport.write(response.raw)
        transport.close()
        return
    if response.cut is not None and response.cut.at is None:
        transport.abort()
        return
    await send({"type": "http.response.start", "status": response.status, "headers": header_bytes(response)})
    for piece in pieces(response):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        if response.drip:
            await asyncio.sleep(response.drip)
    if response.cut is None:
        await send({"type": "http.response.body", "body": b""})
    else:
        transport.close()

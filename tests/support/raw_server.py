"""A socket that says exactly the given bytes, for answers no HTTP server would give. Bounded in time; loopback only."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]


@dataclass
class Raw:
    """A running server: its address, and what clients have sent it."""

    url: str
    port: int
    received: list[bytes] = field(default_factory=list)


@contextmanager
def raw_server(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[Raw]:
    """Answer each connection's first request with `script(socket)`, then close it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        port = listener.getsockname()[1]
        raw = Raw(url=f"{'https' if tls else 'http'}://localhost:{port}", port=port)
        thread = threading.Thread(target=_serve, args=(listener, script, raw, tls), daemon=True)
        thread.start()
        yield raw
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=20)


def _serve(listener: socket.socket, script: Script, raw: Raw, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(plain, script, raw, tls), daemon=True).start()


def _answer(plain: socket.socket, script: Script, raw: Raw, tls: ssl.SSLContext | None) -> None:
    plain.settimeout(20)
    try:
        connection = tls.wrap_socket(plain, server_side=True) if tls else plain
    except OSError:
        plain.close()
        return
    with connection:
        try:
            raw.received.append(connection.recv(65536))
            script(connection)
        except OSError:
            return


def says(answer: bytes) -> Script:
    """Say these bytes and close."""
    return lambda connection: connection.sendall(answer)


def says_slowly(answer: bytes, *, pause: float, size: int = 1) -> Script:
    """Say these bytes a few at a time."""

    def script(connection: socket.socket) -> None:
        for start in range(0, len(answer), size):
            connection.sendall(answer[start : start + size])
            time.sleep(pause)

    return script


def http(body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    """Return a whole answer, with a length that may be a lie."""
    announced = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {announced}\r\n{headers}\r\n".encode() + body

"""A server that speaks enough of PostgreSQL's protocol to be given a password, and keeps all it is sent."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Demand = Literal["cleartext", "md5", "scram"]

_SSL, _GSS = 80877103, 80877104
_ASKED = {
    "cleartext": struct.pack("!I", 3),
    "md5": struct.pack("!I", 5) + b"salt",
    "scram": struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0",
}


@dataclass
class FakePostgres:
    """A running server: its port, and what came, connection by connection."""

    port: int
    connections: int = 0
    startups: list[dict[str, str]] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)

    @property
    def everything(self) -> bytes:
        """All bytes that came."""
        return b"".join(self.received)


@contextmanager
def fake_postgres(demand: Demand = "cleartext") -> Iterator[FakePostgres]:
    """Serve on loopback: refuse TLS, take the startup message, ask for the password in one way, then refuse it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = FakePostgres(port=listener.getsockname()[1])
        thread = threading.Thread(target=_serve, args=(listener, server, demand), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=20)


def _serve(listener: socket.socket, server: FakePostgres, demand: Demand) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        server.connections += 1
        with connection:
            connection.settimeout(10)
            try:
                _speak(connection, server, demand)
            except OSError:
                continue


def _speak(connection: socket.socket, server: FakePostgres, demand: Demand) -> None:
    while True:
        message = _packet(connection, server)
        if not message:
            return
        (version,) = struct.unpack("!I", message[:4])
        if version not in (_SSL, _GSS):
            break
        connection.sendall(b"N")
    words = message[4:].split(b"\0")
    server.startups.append({a.decode(): b.decode() for a, b in zip(words[::2], words[1::2], strict=False) if a})
    asked = _ASKED[demand]
    connection.sendall(b"R" + struct.pack("!I", len(asked) + 4) + asked)
    if connection.recv(1, socket.MSG_PEEK):
        connection.recv(1)
        _packet(connection, server)
    refusal = b"SFATAL\0VFATAL\0C28P01\0Mrefused\0\0"
    connection.sendall(b"E" + struct.pack("!I", len(refusal) + 4) + refusal)


def _packet(connection: socket.socket, server: FakePostgres) -> bytes:
    """Return what stands behind one message's length."""
    head = _exactly(connection, 4)
    if not head:
        return b""
    body = _exactly(connection, struct.unpack("!I", head)[0] - 4)
    server.received.append(body)
    return body


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        piece = connection.recv(size - len(found))
        if not piece:
            return b""
        found += piece
    return found

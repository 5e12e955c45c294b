"""Requests and responses as plain values, independent of an HTTP library."""

import json
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Protocol
from urllib.parse import parse_qsl, unquote

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json

JSON_TYPE = ("Content-Type", "application/json;charset=utf8")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as received.

    `path` and `query` are as sent, still percent-encoded (a signature is over these bytes). `headers` may hold a name
    twice; look one up with `header`.
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str, default: str = "") -> str:
        """Return the first value of a header, whatever its case."""
        return self._by_name.get(name.lower(), default)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Decoded segments of the path."""
        return tuple(unquote(part) for part in self.path.strip("/").split("/"))

    @cached_property
    def arguments(self) -> Mapping[str, str]:
        """Decoded query; of a repeated name the last one counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @cached_property
    def _by_name(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in reversed(self.headers)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCut:
    """Broken connection: `at` is the number of body bytes that are still sent; None means not even a status.

    With `chunked` there is no length, so that only the missing last chunk reveals it.
    """

    at: int | None = None
    chunked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response: status, headers and exact bytes, and the behaviour of the connection.

    `delay` is in seconds, before the first byte; `drip` is waited between each sixteenth of the body. `raw` goes out in
    place of everything else. `operation`, `kind` and `faults` describe the request for the request log; they are never
    sent to the client.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    drip: float = 0.0
    cut: ConnectionCut | None = None
    raw: bytes = b""
    operation: str = field(default="", compare=False)
    kind: str = field(default="", compare=False)
    faults: tuple[str, ...] = field(default=(), compare=False)

    def header(self, name: str, default: str = "") -> str:
        """Return the first value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), default)

    def json(self) -> Json:
        """Return the decoded body."""
        value: Json = json.loads(self.body)
        return value


class ServiceError(Exception):
    """The service answers with an error body: HTTP status, error_code and error_msg (api.md §7)."""

    def __init__(self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.response = Response(
            status=status, body=encode({"error_code": code, "error_msg": message}), headers=(JSON_TYPE, *headers)
        )


def encode(value: Json) -> bytes:
    """Return the JSON text of a value as the service writes it: UTF-8, CJK in clear."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def answer(value: Json, status: int = 200) -> Response:
    """Return a JSON response."""
    return Response(status=status, body=encode(value), headers=(JSON_TYPE,))


def empty(status: int = 200) -> Response:
    """Return a response without a body, as for delete and confirm."""
    return Response(status=status)


class RequestHandler(Protocol):
    """What answers requests: the simulator, alone or with a state file."""

    def handle(self, request: Request) -> Response:
        """Process one request."""
        ...

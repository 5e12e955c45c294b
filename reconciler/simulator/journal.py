"""The request log: one JSON line a request, with nothing in it that must stay secret."""

import json
from collections.abc import Iterable
from typing import Protocol
from urllib.parse import parse_qsl

from reconciler.model.resource import Json
from reconciler.simulator.message import Request, Response

SECRET_HEADERS = frozenset({"authorization", "x-auth-token", "x-security-token", "x-subject-token", "cookie"})
MASK = "***"


class Sink(Protocol):
    """Where the lines go: an open text file, or anything that takes text."""

    def write(self, text: str, /) -> object:
        """Take one line."""
        ...

    def flush(self) -> None:
        """Let readers see it."""
        ...


def line(request: Request, response: Response, sensitive: frozenset[str]) -> str:
    """Return a request and its answer as one JSON line; bodies are kept, their sensitive fields are not."""
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
    """Return a body with every value under a sensitive name, at any depth, masked."""
    if isinstance(value, dict):
        return {name: MASK if name in sensitive else masked(item, sensitive) for name, item in value.items()}
    return [masked(item, sensitive) for item in value] if isinstance(value, list) else value

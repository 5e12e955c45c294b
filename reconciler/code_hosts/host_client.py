"""JSON calls to one host: through the API's sender, with its rate limit, retries, size limits and errors."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from reconciler.api.allowed_hosts import Origin, check_allowed
from reconciler.api.connection import Connection
from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.retry import RetryingSender
from reconciler.api.signing import encode_query
from reconciler.errors import ApiError, UsageError
from reconciler.json_codec import loads_strict
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json

PER_PAGE = 100
MOST_PAGES = 100
"""Most pages of a list (ten thousand comments); beyond it nothing is written."""

_WEB = late_pattern(r"(?:https://[\w.-]+|http://(?:127\.0\.0\.1|localhost|\[::1\]))(?::\d+)?(?:/[!-~]*)?", re.ASCII)
_BASE_PATH = late_pattern(r"(?:/[\w.-]+)*", re.ASCII)


class HostToken:
    """The host's token as headers of every call; never in a repr."""

    credential: tuple[str, ...] = ()

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def headers(self, call: ApiRequest, now: datetime, ask: Callable[[ApiRequest], ApiResponse]) -> Mapping[str, str]:  # noqa: ARG002
        """Return the same headers for each attempt."""
        return self._headers

    def renew(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - a shared shape
        """Return false: a job's token cannot be renewed."""
        return False

    def __repr__(self) -> str:
        return "Bearer(...)"


class HostClient:
    """Gets, posts and changes JSON below one base address, which the operator's job names."""

    def __init__(self, api: str, headers: Mapping[str, str], agent: str = "reconciler", **seams: Any) -> None:
        parts = urlsplit(api.rstrip("/"))
        if not _BASE_PATH.fullmatch(parts.path) or parts.query or parts.fragment:
            raise UsageError(f"{api[:200]!r} is no base address of an API")
        base = f"{parts.scheme}://{parts.netloc}".lower()
        self._path = parts.path
        self._agent = agent
        origin = _named(base)
        connection = Connection(
            base_url=base, project_id="none", auth=HostToken(headers), allowed_hosts=(str(origin),), **seams
        )
        self._origin = connection.origin
        self._sender = RetryingSender(connection)

    def get(self, path: str, **query: str | int) -> Json:
        """Return the JSON found at a path."""
        return self._send("GET", path, query=encode_query((name, str(value)) for name, value in query.items()))

    def write(self, method: str, path: str, body: Mapping[str, Json]) -> Json:
        """Send JSON with POST, PUT or PATCH and return the response."""
        return self._send(method, path, body=json.dumps(body).encode())

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def _send(self, method: str, path: str, *, query: str = "", body: bytes = b"") -> Json:
        headers = {"User-Agent": self._agent, **({"Content-Type": "application/json"} if body else {})}
        path = self._path + path
        call = ApiRequest(method=method, origin=self._origin, path=path, query=query, headers=headers, body=body)
        return _decoded(self._sender.send(call).body)


def _named(base: str) -> Origin:
    """Return the origin in a variable of the operator's job: https anywhere, plain http on this machine only."""
    return check_allowed(base, (base,) if base.startswith("https://") else ())


def _decoded(body: bytes) -> Json:
    try:
        return loads_strict(body)
    except ValueError:
        raise ApiError("the host's answer is no JSON", code="E_READ_SCHEMA", hint="is the API address right?") from None


def rows(value: Json) -> list[Mapping[str, Json]]:
    """Return a list of objects, or raise ApiError (E_READ_SCHEMA)."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ApiError("the host's answer is no list of objects", code="E_READ_SCHEMA", hint="is the API right?")
    return value


def paginate(
    client: HostClient, path: str, *, noun: str = "comments", **query: str | int
) -> Iterator[Mapping[str, Json]]:
    """Yield all rows of a list, page by page until one is not full; a link to elsewhere is never followed."""
    for page in range(1, MOST_PAGES + 1):
        these = rows(client.get(path, per_page=PER_PAGE, page=page, **query))
        yield from these
        if len(these) < PER_PAGE:
            return
    raise ApiError(
        f"more than {MOST_PAGES * PER_PAGE:,} {noun}: nothing was written",
        code="E_HOST_PAGES",
        hint="comment on another request, or delete old comments" if noun == "comments" else "close those not needed",
    )


def text_of(row: Mapping[str, Json], *path: str) -> str:
    """Return a text inside an object, or nothing."""
    value: Json = row
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def id_of(row: Mapping[str, Json], name: str = "id") -> int:
    """Return the number of a comment or a request, or raise ApiError (E_READ_SCHEMA)."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ApiError("the host's answer has an object without a number", code="E_READ_SCHEMA")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """An open pull or merge request: its number, source branch, description, and address on the web."""

    number: int
    branch: str
    body: str
    url: str


def same_text(one: str, other: str) -> bool:
    """Compare texts as hosts store them, with normalized line ends and trailing ones trimmed."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()


def web_address(url: str) -> str:
    """Return an address that a host gave, if a browser opens it: https anywhere, http on this machine; else nothing."""
    found = _WEB.fullmatch(url)
    return url if found else ""

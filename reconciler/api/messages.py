"""Request and response as values: auth signs them, the transport sends them, retries repeat them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from reconciler.api.allowed_hosts import Origin
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.timestamps import parse_http_date

READING_VERBS = frozenset({"GET"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request before it is signed. `query` is already encoded; `body` holds the exact bytes to send.

    `not_found_codes` are the codes of an error response that mean a missing object (Kind.not_found_codes).
    Headers are not in its repr: they may carry credentials. `sending` is called before each attempt, and what it raises
    ends the call.
    """

    method: str
    origin: Origin
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    not_found_codes: frozenset[str] = frozenset()
    sending: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    @property
    def url(self) -> str:
        """URL exactly as it is signed."""
        return f"{self.origin}{self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def reading(self) -> bool:
        """Whether it is a read."""
        return self.method in READING_VERBS

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResponse:
    """Complete response: status, headers under lower-case names, and the decoded body within its limits."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    redact: Callable[[str], str] = field(default=str, repr=False)
    """Removes the sent credentials from a text: a response may echo them."""

    @property
    def date(self) -> datetime | None:
        """Server's time, from its Date header."""
        return parse_http_date(self.headers.get("date", ""))

    @property
    def request_id(self) -> str:
        """X-Request-Id header, which support asks for."""
        return self.redact(self.headers.get("x-request-id", ""))[:100]


class CallObserver:
    """Observer of the attempts of a connection's calls, those for credentials included; this one ignores them all."""

    def before(self, call: ApiRequest) -> None:
        """Note an attempt before it is sent. May raise ReconcilerError, which ends the call."""

    def after(self, call: ApiRequest, answer: ApiResponse) -> None:
        """Note the response of an attempt."""

    def listed(self, kind: Kind, rows: Sequence[Mapping[str, Json]]) -> None:
        """Note the rows of the first page of a whole list."""

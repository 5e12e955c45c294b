"""Log of the probes' requests: their number, which is bounded, and statuses, error codes and headers of responses."""

import json
from collections import Counter

from reconciler.api.error_responses import refusal
from reconciler.api.messages import ApiRequest, ApiResponse, CallObserver
from reconciler.errors import ReconcilerError

_ID_FROM = 4
"""Segments of a path after which each second one is an id: `v1/PROJECT/COLLECTION/ID/ITEMS/ID`."""
_LIMIT_WORDS = ("ratelimit", "rate-limit", "retry-after", "throttl")


class ProbeLimitError(ReconcilerError):
    """The next request would exceed the announced number; it was not sent."""

    default_code = "E_PROBE_LIMIT"


class RequestLog(CallObserver):
    """Counts attempts, retries included; with `limit` none is sent beyond it.

    `statuses` counts the statuses by call (`GET rooms/{id}`), `error_shapes` the keys of error bodies, `codes` error
    codes by status, `limit_headers` the names of headers about rate limits.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.sent = 0
        self.last_code = ""
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.error_shapes: Counter[str] = Counter()
        self.codes: Counter[tuple[int, str]] = Counter()
        self.limit_headers: Counter[str] = Counter()

    def before(self, call: ApiRequest) -> None:
        """Count an attempt. Raises ProbeLimitError where the limit is reached."""
        if self.limit is not None and self.sent >= self.limit:
            raise ProbeLimitError(f"{call} was not sent: {self.limit} requests are the limit")
        self.sent += 1

    def after(self, call: ApiRequest, answer: ApiResponse) -> None:
        """Note status, error body and rate limit headers of a response."""
        self.statuses[_operation(call), answer.status] += 1
        self.limit_headers.update(name for name in answer.headers if any(word in name for word in _LIMIT_WORDS))
        self.last_code = ""
        if answer.status >= 300:
            self.last_code = refusal(answer).code
            self.codes[answer.status, self.last_code] += 1
            self.error_shapes[_shape(answer.body)] += 1


def _operation(call: ApiRequest) -> str:
    segments = call.path.strip("/").split("/")
    if segments[0] != "v1":
        return f"{call.method} {call.path}"
    named = ["{id}" if at >= _ID_FROM - 1 and at % 2 else part for at, part in enumerate(segments[2:], start=2)]
    return f"{call.method} {'/'.join(named)}"


def _shape(body: bytes) -> str:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON" if body else "empty"
    return ", ".join(sorted(map(str, value))) if isinstance(value, dict) else "JSON without keys"

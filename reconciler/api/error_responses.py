"""Error responses: the status decides; the code is shown and never trusted alone (api.md §7)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.errors import ApiError, AuthError, ForbiddenError, NotFoundError, RateLimitedError
from reconciler.json_codec import loads_object
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.timestamps import format_rfc3339

MAX_SKEW = timedelta(minutes=14)
"""Greatest clock skew; the gateway refuses 15 minutes (api.md §5.2), and a signature ages before it is checked."""

_NO_SUCH_API = "0101"
_RENEW = "0307"
_THROTTLED = "0308"
_SERVICE_AUTH = frozenset({"MSS.00010008", "MSS.00010009", "MSS.00000001"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiErrorBody:
    """Body of an error response of the service, the gateway, or IAM."""

    status: int
    code: str = ""
    message: str = ""

    def gateway(self, number: str) -> bool:
        """Whether it is this gateway code, under the new prefix or the old (api.md §7)."""
        return self.code in {f"APIGW.{number}", f"APIG.{number}"}

    @property
    def throttled(self) -> bool:
        """Whether the gateway rejected the call before the service received it."""
        return self.gateway(_THROTTLED)

    @property
    def expired(self) -> bool:
        """Whether a fresh token may help."""
        return self.status == 401 and self.gateway(_RENEW)

    def __str__(self) -> str:
        text = f"HTTP {self.status}"
        text += f" {self.code}" if self.code else ""
        return text + (f": {self.message}" if self.message else "")


def refusal(answer: ApiResponse) -> ApiErrorBody:
    """Parse an error response of any source; an unreadable one has its status alone."""
    body = _json(answer.body)
    error = body.get("error")
    nested = error if isinstance(error, Mapping) else next((v for v in body.values() if isinstance(v, Mapping)), {})
    for found in (body, nested):
        code = found.get("error_code") or found.get("errorCode") or found.get("code") or ""
        message = found.get("error_msg") or found.get("errorMsg") or found.get("message") or ""
        if code or message:
            return ApiErrorBody(
                status=answer.status, code=_line(code, 64, answer.redact), message=_line(message, 500, answer.redact)
            )
    return ApiErrorBody(status=answer.status)


def to_exception(call: ApiRequest, answer: ApiResponse, local_time: datetime) -> ApiError:
    """Convert a refused call to an exception with a hint."""
    found = refusal(answer)
    trace = f" (X-Request-Id: {answer.request_id})" if answer.request_id else ""
    text = f"{call}: {found}{trace}"
    status = answer.status
    if 300 <= status < 400:
        return ApiError(
            f"{call}: the answer points to another address; it was not followed (HTTP {status})",
            code="E_REDIRECT",
            status=status,
            hint="the endpoint must answer by itself: look for a proxy or a login page in between",
        )
    if status == 401 or found.code in _SERVICE_AUTH:
        return _auth_error(text, found, answer, local_time)
    if status == 429:
        return RateLimitedError(text, status=status, hint="lower `throttle:` of this environment, or try again later")
    if found.gateway(_NO_SUCH_API):
        return ApiError(text, status=status, hint="the gateway knows no such API here: check region and endpoint")
    if status == 403:
        return ForbiddenError(text, status=status, hint="the credentials may not see this; ask for the permission")
    if status == 404 or (call.method in {"GET", "DELETE"} and found.code.endswith(tuple(call.not_found_codes))):
        return NotFoundError(text, status=status)
    return ApiError(text, status=status, hint="the code is the service's own; its error-code page explains it")


def _auth_error(text: str, found: ApiErrorBody, answer: ApiResponse, local: datetime) -> AuthError:
    server = answer.date
    if server is not None and abs(server - local) > MAX_SKEW:
        ahead = "ahead of" if local > server else "behind"
        return AuthError(
            f"{text}; the local clock is {_minutes(local - server)} minutes {ahead} the service: "
            f"here {format_rfc3339(local)}, there {format_rfc3339(server)}",
            code="E_CLOCK",
            status=answer.status,
            hint="set this machine's clock; the gateway refuses a difference of more than 15 minutes",
        )
    hint = "the token has expired, or belongs to another region" if found.expired else "check the credentials"
    return AuthError(text, status=answer.status, hint=hint)


def _minutes(difference: timedelta) -> int:
    return round(abs(difference).total_seconds() / 60)


def _json(body: bytes) -> Mapping[str, Json]:
    try:
        return loads_object(body[:65536])
    except ValueError:
        return {}


def _line(value: Json, limit: int, redact: Callable[[str], str]) -> str:
    """Return a foreign text as one short line without secrets and control characters; reporters still escape it."""
    text = redact(value) if isinstance(value, str) else str(value) if isinstance(value, int) else ""
    return "".join(c if c.isprintable() else " " for c in text[:limit])

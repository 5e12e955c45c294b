"""Authentication: no credentials, a token, a token fetched from IAM, or AK/SK. No repr contains a secret.

An Auth returns the headers of one attempt and is called again for each, so that no header is reused.
"""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from reconciler.api.allowed_hosts import Origin
from reconciler.api.error_responses import refusal
from reconciler.api.logins import LOGINS, Logins
from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.signing import canonical_request, sign
from reconciler.errors import AuthError, TransportError
from reconciler.json_codec import loads_object
from reconciler.timestamps import format_compact, parse_iso8601

SendDirect = Callable[[ApiRequest], ApiResponse]
"""Sends a call that carries its own credentials in the body, and returns any response."""

_EARLY = timedelta(minutes=15)
_LIFETIME = timedelta(hours=23)
"""Lifetime of a token (24 hours, api.md §5.1), used where its `expires_at` cannot be parsed."""

_SIGNED = ("content-type", "x-app-userid", "x-project-id", "x-sdk-date", "x-security-token")
"""Beside host. Signing fewer headers than are sent is valid; a proxy may rewrite the others (api.md §5.2)."""


class Auth(Protocol):
    """Adds credentials to a request."""

    @property
    def credential(self) -> tuple[str, ...]:
        """Credential that is sent unchanged with each call; empty for none, or for a fetched token."""
        ...

    def headers(self, call: ApiRequest, now: datetime, ask: SendDirect) -> Mapping[str, str]:
        """Return the authentication headers for this call at this time."""
        ...

    def renew(self, used: Mapping[str, str]) -> bool:
        """Handle a refusal of `used` as expired; tell whether another attempt has fresh credentials."""
        ...


class NoAuth:
    """No credentials, for the simulator and for services behind the user's own gateway."""

    credential: tuple[str, ...] = ()

    def headers(self, call: ApiRequest, now: datetime, ask: SendDirect) -> Mapping[str, str]:  # noqa: ARG002 - a shared shape
        """Return none."""
        return {}

    def renew(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - a shared shape
        """Return false: there are no credentials to renew."""
        return False

    def __repr__(self) -> str:
        return "NoAuth()"


class TokenAuth:
    """Given token (HW_AUTH_TOKEN); it cannot be renewed."""

    def __init__(self, token: str) -> None:
        if not token:
            raise AuthError("the token is empty", hint="set HW_AUTH_TOKEN")
        self._token = _header(token, "the token")
        self.credential: tuple[str, ...] = ("token", self._token)

    def headers(self, call: ApiRequest, now: datetime, ask: SendDirect) -> Mapping[str, str]:  # noqa: ARG002 - a shared shape
        """Return the token's header."""
        return {"X-Auth-Token": self._token}

    def renew(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - a shared shape
        """Return false: a given token cannot be renewed."""
        return False

    def __repr__(self) -> str:
        return "TokenAuth(...)"


class AkSkAuth:
    """Signs each request with an access key pair, temporary ones included (their security token is signed too)."""

    def __init__(self, access_key: str, secret_key: str, *, security_token: str = "") -> None:
        if not access_key or not secret_key:
            raise AuthError(
                "the access key or the secret key is empty", hint="set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK"
            )
        self._access_key = _header(access_key, "the access key")
        self._secret_key = secret_key.strip()
        self._security_token = _header(security_token, "the security token")
        self.credential: tuple[str, ...] = ("keys", self._access_key, self._secret_key, self._security_token)

    def headers(self, call: ApiRequest, now: datetime, ask: SendDirect) -> Mapping[str, str]:  # noqa: ARG002 - a shared shape
        """Return date, security token and signature of this request."""
        date = format_compact(now)
        own = {"X-Sdk-Date": date}
        if self._security_token:
            own["X-Security-Token"] = self._security_token
        sent = {name.lower(): value for name, value in {**call.headers, **own}.items()}
        signed = {"host": call.origin.netloc} | {name: sent[name] for name in _SIGNED if name in sent}
        canonical = canonical_request(call.method, call.path, call.query, signed, call.body)
        signature = sign(canonical, access_key=self._access_key, secret_key=self._secret_key, date=date)
        return own | {"Authorization": signature}

    def renew(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002 - a shared shape
        """Return false: keys cannot be renewed."""
        return False

    def __repr__(self) -> str:
        return "AkSkAuth(...)"


class PasswordAuth:
    """Fetches a token from IAM by user name and password, caches it, and renews it before it expires.

    `iam` is an allowed origin; the token is scoped to `project_id` (project scope is needed, api.md §5.1). Threads may
    share it: one of them fetches, the others wait. `logins` prevents a second attempt with a refused credential, by
    default in the whole process.
    """

    credential: tuple[str, ...] = ()

    def __init__(
        self, *, user: str, password: str, domain: str, iam: Origin, project_id: str, logins: Logins = LOGINS
    ) -> None:
        if not (user and password and domain):
            raise AuthError(
                "user name, password or account name is empty",
                hint="set HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME",
            )
        self._body = _token_request(user, password, domain, project_id)
        self._credential = (user, password, domain)
        self._logins = logins
        self._iam = iam
        self._lock = threading.Lock()
        self._token = ""
        self._until = datetime.min.replace(tzinfo=UTC)

    def headers(self, call: ApiRequest, now: datetime, ask: SendDirect) -> Mapping[str, str]:  # noqa: ARG002 - a shared shape
        """Return the token's header, fetching a token first where none is valid."""
        with self._lock:
            if not self._token or now >= self._until:
                fetch = partial(self._fetch, now, ask)
                self._token, self._until = self._logins.login(self._iam, self._credential, fetch)
            return {"X-Auth-Token": self._token}

    def renew(self, used: Mapping[str, str]) -> bool:
        """Discard the refused token, unless another thread already did."""
        with self._lock:
            if used.get("X-Auth-Token") == self._token:
                self._token = ""
            return True

    def _fetch(self, now: datetime, ask: SendDirect) -> tuple[str, datetime]:
        headers = {"Content-Type": "application/json"}
        call = ApiRequest(
            method="POST",
            origin=self._iam,
            path="/v3/auth/tokens",
            query="nocatalog=true",
            headers=headers,
            body=self._body,
        )
        answer = ask(call)
        token = answer.headers.get("x-subject-token", "")
        if answer.status == 429 or answer.status >= 500:
            raise TransportError(f"IAM is not available ({refusal(answer)})", code="E_AUTH_UNAVAILABLE", sent=False)
        if answer.status not in {200, 201} or not token:
            raise AuthError(
                f"IAM gave no token ({refusal(answer)})",
                status=answer.status,
                hint="check HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME; an account of the HUAWEI ID kind needs "
                "an IAM user with programmatic access",
            )
        return _header(token, "the token IAM gave"), _expiry(answer.body, now) - _EARLY

    def __repr__(self) -> str:
        return "PasswordAuth(...)"


def _header(text: str, what: str) -> str:
    """Return a credential without surrounding blanks; an invalid header value is refused without being shown."""
    text = text.strip()
    if not (text.isascii() and (text.isprintable())):
        raise AuthError(
            f"{what} holds characters that no credential has", hint="look for a line break or a quote in it"
        )
    return text


def _token_request(user: str, password: str, domain: str, project_id: str) -> bytes:
    identity = {
        "methods": ["password"],
        "password": {"user": {"name": user, "password": password, "domain": {"name": domain}}},
    }
    body = {"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}
    return json.dumps(body).encode()


def _expiry(body: bytes, now: datetime) -> datetime:
    try:
        token = loads_object(body).get("token")
    except ValueError:
        return now + _LIFETIME
    moment = parse_iso8601(token.get("expires_at")) if isinstance(token, dict) else None
    return moment or now + _LIFETIME

"""Checks SDK-HMAC-SHA256 signatures as the gateway does (api.md §5.2). It shares no code with the client's signer."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json
from reconciler.simulator.messages import Request, ServiceError
from reconciler.simulator.seed_check import SeedChecker

DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A pair of access key and secret key; temporary ones come with a security token."""

    ak: str
    sk: str = field(repr=False)
    security_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An IAM user who may have tokens for a password."""

    name: str
    password: str = field(repr=False)
    domain: str = ""

    def is_same(self, asked: "User") -> bool:
        """Tell whether a token request is by this user; a user without a domain matches every one."""
        return (asked.name, asked.password) == (self.name, self.password) and self.domain in {"", asked.domain}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Accepted credentials; without any, everything is accepted. `token_seconds` is the lifetime of issued tokens."""

    keys: Mapping[str, AccessKey] = field(default_factory=dict)
    users: tuple[User, ...] = ()
    tokens: frozenset[str] = field(default=frozenset(), repr=False)
    token_seconds: float = DAY

    def __bool__(self) -> bool:
        return bool(self.keys or self.users or self.tokens)


def credentials_of(value: Json, check: SeedChecker) -> Credentials:
    """Read a seed's `credentials`: `ak` and `sk` of one key, or `keys`, `users`, `tokens` and `token_seconds`."""
    path = ("credentials",)
    known = ("ak", "sk", "security_token", "keys", "users", "tokens", "token_seconds")
    given = check.mapping(value, path, known)
    keys = [
        _key(item, (*path, "keys", index), check) for index, item in enumerate(check.listed(given.get("keys"), path))
    ]
    if "ak" in given or "sk" in given:
        one = {name: given[name] for name in ("ak", "sk", "security_token") if name in given}
        keys.append(_key(one, path, check))
    users = enumerate(check.listed(given.get("users"), (*path, "users")))
    tokens = enumerate(check.listed(given.get("tokens"), (*path, "tokens")))
    return Credentials(
        keys={key.ak: key for key in keys},
        users=tuple(_user(item, (*path, "users", index), check) for index, item in users),
        tokens=frozenset(check.text(item, (*path, "tokens", index)) for index, item in tokens),
        token_seconds=check.number(given.get("token_seconds"), (*path, "token_seconds"), DAY),
    )


def _key(value: Json, path: tuple[str | int, ...], check: SeedChecker) -> AccessKey:
    given = check.mapping(value, path, ("ak", "sk", "security_token"))
    for name in ("ak", "sk"):
        if not given.get(name):
            check.wrong(path, f"an access key needs `{name}`")
    return AccessKey(**{name: check.text(item, (*path, name)) for name, item in {"ak": "", "sk": "", **given}.items()})


def _user(value: Json, path: tuple[str | int, ...], check: SeedChecker) -> User:
    given = check.mapping(value, path, ("name", "password", "domain"))
    for name in ("name", "password"):
        if not given.get(name):
            check.wrong(path, f"a user needs `{name}`")
    return User(
        **{name: check.text(item, (*path, name)) for name, item in {"name": "", "password": "", **given}.items()}
    )


ALGORITHM = "SDK-HMAC-SHA256"
SKEW = timedelta(minutes=15)
UNSIGNED = "UNSIGNED-PAYLOAD"

_AUTHORIZATION = late_pattern(
    rf"{ALGORITHM} Access=(?P<ak>[^,\s]+),\s*SignedHeaders=(?P<names>[^,\s]+)"
    r",\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def check_signature(request: Request, keys: Mapping[str, AccessKey], now: datetime) -> None:
    """Refuse a request with a signature that is missing, wrong, of an unknown key, or of another time."""
    found = _AUTHORIZATION.fullmatch(request.header("Authorization"))
    if found is None:
        raise _refused("the Authorization header cannot be read")
    names = found["names"].split(";")
    if "x-sdk-date" not in names:
        raise _refused("X-Sdk-Date is not signed")
    _check_date(request.header("X-Sdk-Date"), now)
    key = keys.get(found["ak"])
    if key is None:
        raise _refused(f"Get secretKey failed,ak:{found['ak']},err:ak not exist")
    canonical = canonical_request(request, names)
    if not hmac.compare_digest(_signature(key.sk, request.header("X-Sdk-Date"), canonical), found["signature"]):
        raise _refused(f"verify aksk signature fail, canonicalRequest:{canonical.replace(chr(10), '|')}")
    _check_token(request, key, names)


def canonical_request(request: Request, names: list[str]) -> str:
    """Return the canonical request, whose hash is signed."""
    headers = "".join(f"{name}:{request.header(name).strip()}\n" for name in names)
    unsigned = request.header("X-Sdk-Content-Sha256") == UNSIGNED
    body = UNSIGNED if unsigned else hashlib.sha256(request.body).hexdigest()
    return "\n".join([request.method, _uri(request.path), _query(request.query), headers, ";".join(names), body])


def _uri(path: str) -> str:
    parts = "/".join(_encoded(part) for part in unquote(path).split("/"))
    return parts if parts.endswith("/") else parts + "/"


def _query(query: str) -> str:
    pairs = [part.partition("=") for part in query.split("&") if part]
    return "&".join(
        f"{name}={value}" for name, value in sorted((_again(name), _again(value)) for name, _, value in pairs)
    )


def _again(text: str) -> str:
    return _encoded(unquote(text.replace("+", " ")))


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _signature(secret: str, date: str, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(secret.encode(), f"{ALGORITHM}\n{date}\n{digest}".encode(), hashlib.sha256).hexdigest()


def _check_date(text: str, now: datetime) -> None:
    try:
        moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _refused("X-Sdk-Date cannot be read") from None
    if abs(now - moment) > SKEW:
        here = now.strftime("%Y%m%dT%H%M%SZ")
        message = (
            f"Incorrect app authentication information: signature expired, signature time:{text},server time:{here}"
        )
        raise ServiceError(401, "APIGW.0303", message)


def _check_token(request: Request, key: AccessKey, names: list[str]) -> None:
    token = request.header("X-Security-Token")
    if token != key.security_token or (token and "x-security-token" not in names):
        raise _refused("the security token is missing, wrong or not signed")


def _refused(why: str) -> ServiceError:
    return ServiceError(401, "APIGW.0301", f"Incorrect IAM authentication information: {why}")

"""API gateway: checks tokens and signatures, and contains the identity service that issues tokens."""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json, as_object
from reconciler.simulator.gateway.authentication import ALGORITHM, Credentials, User, check_signature
from reconciler.simulator.messages import JSON_TYPE, Request, Response, ServiceError, encode
from reconciler.simulator.seed_check import SeedChecker
from reconciler.simulator.service.request_bodies import decoded

LARGEST_BODY = 12 << 20
LONGEST_QUERY = 16 << 10
LONGEST_USER = 256

TOKENS = ("v3", "auth", "tokens")
PROJECTS = ("v3", "projects")


def check_size(request: Request) -> None:
    """Refuse requests with a too large body or query, or an invalid X-App-UserId."""
    if len(request.body) > LARGEST_BODY:
        raise ServiceError(413, "APIGW.0201", "Request entity too large.")
    if len(request.query) > LONGEST_QUERY:
        raise ServiceError(414, "APIGW.0201", "Request URI too long.")
    user = request.header("X-App-UserId")
    if len(user) > LONGEST_USER or not user.isascii():
        raise ServiceError(400, "MSS.00000003", "Invalid parameter: X-App-UserId.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """An issued token: for which project ("" for none), and until when."""

    project: str
    expires: datetime


@dataclass(slots=True)
class Gateway:
    """Authenticates requests. Without credentials all are accepted, and any password gets a token."""

    credentials: Credentials
    own_project: str
    issued: dict[str, IssuedToken] = field(default_factory=dict, repr=False)

    def admit(self, request: Request, project: str, now: datetime) -> None:
        """Refuse a request without valid credentials for a project."""
        if not self.credentials:
            return
        token = request.header("X-Auth-Token")
        if token:
            self._check_token(token, project, now)
        elif request.header("Authorization").startswith(ALGORITHM):
            check_signature(request, self.credentials.keys, now)
            if project and request.header("X-Project-Id", project) != project:
                raise ServiceError(400, "MSS.00010009", "The project in the URL differs from X-Project-Id.")
        else:
            raise ServiceError(401, "APIGW.0301", "Incorrect IAM authentication information: x-auth-token not found")

    def answer(self, request: Request, now: datetime) -> Response | None:
        """Respond as the identity service, or return None for other requests."""
        if (request.method, request.segments) == ("POST", TOKENS):
            return self._token(request, now)
        if (request.method, request.segments) == ("GET", PROJECTS):
            self.admit(request, "", now)
            return self._projects(request.arguments.get("name", ""))
        return None

    def _check_token(self, token: str, project: str, now: datetime) -> None:
        if token in self.credentials.tokens:
            return
        known = self.issued.get(token)
        if known is None:
            raise ServiceError(401, "APIGW.0301", "Incorrect IAM authentication information: decrypt token fail")
        if known.expires <= now:
            raise ServiceError(401, "APIGW.0307", "The token must be updated: token expires")
        if project and known.project != project:
            raise ServiceError(400, "MSS.00010009", "The project in the URL differs from the project of the token.")

    def _token(self, request: Request, now: datetime) -> Response:
        try:
            asked = decoded(request.body)
            user, scope = _asked(asked)
        except (ServiceError, KeyError, TypeError):
            return _refused(400, "The request body is invalid.", "Bad Request")
        if self.credentials and not any(known.is_same(user) for known in self.credentials.users):
            return _refused(401, "The username or password is wrong.", "Unauthorized")
        token = hashlib.sha256(f"token {len(self.issued)} {user.name}".encode()).hexdigest() * 4
        expires = now + timedelta(seconds=self.credentials.token_seconds)
        project = str(scope.get("id") or (self.own_project if scope.get("name") else ""))
        self.issued[token] = IssuedToken(project=project, expires=expires)
        body: Json = {"token": {"expires_at": _micro(expires), "issued_at": _micro(now), "methods": ["password"]}}
        return Response(status=201, body=encode(body), headers=(JSON_TYPE, ("X-Subject-Token", token)))

    def _projects(self, name: str) -> Response:
        projects: list[Json] = [{"id": self.own_project, "name": name, "enabled": True}] if name else []
        return Response(status=200, body=encode({"projects": projects}), headers=(JSON_TYPE,))


def _asked(body: Mapping[str, Json]) -> tuple[User, Mapping[str, Json]]:
    auth = as_object(body["auth"])
    identity = as_object(auth["identity"])
    given = as_object(as_object(identity["password"])["user"])
    domain = as_object(given["domain"])
    user = User(name=_text(given["name"]), password=_text(given["password"]), domain=_text(domain["name"]))
    scope = as_object(as_object(auth.get("scope")).get("project"))
    return user, {"id": scope.get("id"), "name": scope.get("name")}


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _refused(status: int, message: str, title: str) -> Response:
    body: Json = {"error": {"code": status, "message": message, "title": title}}
    return Response(status=status, body=encode(body), headers=(JSON_TYPE,))


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


KNOWN = ("requests", "reads", "writes", "burst", "retry_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Calls a second for each project: of all calls together, of reads and of writes; 0 for no limit.

    `burst` is how many calls may come at once (a second's worth where it is 0). `retry_after` goes into the answer's
    Retry-After header, none where it is empty: the API documents none (api.md §8).
    """

    requests: float = 0.0
    reads: float = 0.0
    writes: float = 0.0
    burst: float = 0.0
    retry_after: str = ""


def limits_of(value: Json, check: SeedChecker) -> RequestLimits:
    """Read a seed's `limits`."""
    given = check.mapping(value, ("limits",), KNOWN)
    rates = {name: check.number(given.get(name), ("limits", name)) for name in KNOWN[:-1]}
    return RequestLimits(**rates, retry_after=check.text(given.get("retry_after"), ("limits", "retry_after")))


@dataclass(slots=True)
class _Bucket:
    """Tokens of a caller, and when they were counted."""

    tokens: float
    at: datetime


@dataclass(slots=True)
class TokenBuckets:
    """Token buckets of every project."""

    limits: RequestLimits
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def admit(self, project: str, method: str, now: datetime) -> None:
        """Take one token from the project's buckets, or refuse with 429 and APIGW.0308."""
        rates: Mapping[str, float] = {
            "requests": self.limits.requests,
            "reads" if method == "GET" else "writes": self.limits.reads if method == "GET" else self.limits.writes,
        }
        for name, rate in rates.items():
            if rate and not self._take((project, name), rate, now):
                policy = f"policy user over ratelimit,limit:{rate:g},time:1 second"
                headers = (("Retry-After", self.limits.retry_after),) if self.limits.retry_after else ()
                raise ServiceError(429, "APIGW.0308", f"The throttling threshold has been reached: {policy}", headers)

    def _take(self, key: tuple[str, str], rate: float, now: datetime) -> bool:
        size = self.limits.burst or max(rate, 1.0)
        bucket = self._buckets.setdefault(key, _Bucket(size, now))
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.tokens, bucket.at = min(size, bucket.tokens + passed * rate), now
        if bucket.tokens < 1.0 - 1e-9:
            return False
        bucket.tokens -= 1.0
        return True

"""What stands before the service: tokens and signatures, and the identity service that issues tokens."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.model.resource import Json
from reconciler.simulator.credentials import Credentials, User
from reconciler.simulator.incoming import decoded
from reconciler.simulator.message import JSON_TYPE, Refusal, Request, Response, encode
from reconciler.simulator.signature import ALGORITHM, check_signature

LARGEST_BODY = 12 << 20
LONGEST_QUERY = 16 << 10
LONGEST_USER = 256

TOKENS = ("v3", "auth", "tokens")
PROJECTS = ("v3", "projects")


def check_size(request: Request) -> None:
    """Refuse what the gateway lets through to no service: too large a body or query, an impossible X-App-UserId."""
    if len(request.body) > LARGEST_BODY:
        raise Refusal(413, "APIGW.0201", "Request entity too large.")
    if len(request.query) > LONGEST_QUERY:
        raise Refusal(414, "APIGW.0201", "Request URI too long.")
    user = request.header("X-App-UserId")
    if len(user) > LONGEST_USER or not user.isascii():
        raise Refusal(400, "MSS.00000003", "Invalid parameter: X-App-UserId.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An issued token: for which project ("" for none), and until when."""

    project: str
    expires: datetime


@dataclass(slots=True)
class Gateway:
    """Checks who calls. With no credentials everybody may, and any password gets a token."""

    credentials: Credentials
    own_project: str
    issued: dict[str, Token] = field(default_factory=dict, repr=False)

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
                raise Refusal(400, "MSS.00010009", "The project in the URL differs from X-Project-Id.")
        else:
            raise Refusal(401, "APIGW.0301", "Incorrect IAM authentication information: x-auth-token not found")

    def answer(self, request: Request, now: datetime) -> Response | None:
        """Answer as the identity service, or return None when the request is not for it."""
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
            raise Refusal(401, "APIGW.0301", "Incorrect IAM authentication information: decrypt token fail")
        if known.expires <= now:
            raise Refusal(401, "APIGW.0307", "The token must be updated: token expires")
        if project and known.project != project:
            raise Refusal(400, "MSS.00010009", "The project in the URL differs from the project of the token.")

    def _token(self, request: Request, now: datetime) -> Response:
        try:
            asked = decoded(request.body)
            user, scope = _asked(asked)
        except (Refusal, KeyError, TypeError):
            return _refused(400, "The request body is invalid.", "Bad Request")
        if self.credentials and not any(known.is_same(user) for known in self.credentials.users):
            return _refused(401, "The username or password is wrong.", "Unauthorized")
        token = hashlib.sha256(f"token {len(self.issued)} {user.name}".encode()).hexdigest() * 4
        expires = now + timedelta(seconds=self.credentials.token_seconds)
        project = str(scope.get("id") or (self.own_project if scope.get("name") else ""))
        self.issued[token] = Token(project=project, expires=expires)
        body = {"token": {"expires_at": _micro(expires), "issued_at": _micro(now), "methods": ["password"]}}
        return Response(status=201, body=encode(body), headers=(JSON_TYPE, ("X-Subject-Token", token)))

    def _projects(self, name: str) -> Response:
        projects = [{"id": self.own_project, "name": name, "enabled": True}] if name else []
        return Response(status=200, body=encode({"projects": projects}), headers=(JSON_TYPE,))


def _asked(body: Mapping[str, Json]) -> tuple[User, Mapping[str, Json]]:
    auth = body["auth"]
    given = auth["identity"]["password"]["user"]
    user = User(name=given["name"], password=given["password"], domain=given["domain"]["name"])
    scope = (auth.get("scope") or {}).get("project") or {}
    return user, {"id": scope.get("id"), "name": scope.get("name")}


def _refused(status: int, message: str, title: str) -> Response:
    body = {"error": {"code": status, "message": message, "title": title}}
    return Response(status=status, body=encode(body), headers=(JSON_TYPE,))


def _micro(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""Checks SDK-HMAC-SHA256 signatures as the gateway does (api.md §5.2). It shares no code with the client's signer."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from reconciler.simulator.credentials import AccessKey
from reconciler.simulator.message import Refusal, Request

ALGORITHM = "SDK-HMAC-SHA256"
SKEW = timedelta(minutes=15)
UNSIGNED = "UNSIGNED-PAYLOAD"

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<ak>[^,\s]+),\s*SignedHeaders=(?P<names>[^,\s]+)"
    r",\s*Signature=(?P<signature>[0-9a-f]{64})"
)


def check_signature(request: Request, keys: Mapping[str, AccessKey], now: datetime) -> None:
    """Refuse a request whose signature is missing, wrong, of an unknown key, or of another time."""
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
    """Return the text whose hash is signed."""
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
        raise Refusal(401, "APIGW.0303", message)


def _check_token(request: Request, key: AccessKey, names: list[str]) -> None:
    token = request.header("X-Security-Token")
    if token != key.security_token or (token and "x-security-token" not in names):
        raise _refused("the security token is missing, wrong or not signed")


def _refused(why: str) -> Refusal:
    return Refusal(401, "APIGW.0301", f"Incorrect IAM authentication information: {why}")

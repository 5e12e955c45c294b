"""AK/SK request signing, SDK-HMAC-SHA256 (api.md §5.2, with its vectors in the tests).

The query is encoded once, so that the signed and the sent bytes are identical.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

ALGORITHM = "SDK-HMAC-SHA256"


def encode_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the query string as it is signed and sent: encoded and sorted; only `A-Za-z0-9-_.~` stay as they are."""
    encoded = sorted((_encode(name), _encode(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def canonical_request(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str:
    """Return the canonical request, whose hash is signed.

    `query` is already encoded (`encode_query`); `headers` are exactly those to be signed, in any letter case. The path
    ends with a slash here though the request is sent without one (api.md §5.2).
    """
    signed = sorted((name.lower(), value.strip()) for name, value in headers.items())
    return "\n".join(
        [
            method.upper(),
            _canonical_path(path),
            query,
            "".join(f"{name}:{value}\n" for name, value in signed),
            ";".join(name for name, _ in signed),
            hashlib.sha256(body).hexdigest(),
        ]
    )


def sign(canonical: str, *, access_key: str, secret_key: str, date: str) -> str:
    """Return the Authorization header for a canonical request made at `date` (`timestamps.format_compact`)."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{date}\n{digest}"
    signature = hmac.new(secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    signed_headers = canonical.rsplit("\n", 2)[1]
    return f"{ALGORITHM} Access={access_key}, SignedHeaders={signed_headers}, Signature={signature}"


def _encode(text: str) -> str:
    return quote(text, safe="~")


def _canonical_path(path: str) -> str:
    encoded = "/".join(_encode(part) for part in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"

"""Allowlist of hosts for every network client: permitted connections, and permitted recipients of credentials.

It lists exact permitted hosts, never forbidden ones. A URL is matched against one strict pattern instead of being
parsed: parsers disagree about where a host ends (`https://evil.test\\@metastudio…` is one host to some and another to
others), and the pattern matches neither.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

from reconciler.errors import HostNotAllowedError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern

_ORIGIN = late_pattern(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253}|\[::1\])(?::(?P<port>[0-9]{1,5}))?/?", re.ASCII
)
_CLOUD = late_pattern(r"(metastudio\.[a-z0-9-]{1,32}|iam(\.[a-z0-9-]{1,32})?)\.myhuaweicloud\.com", re.ASCII)
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})
_ID = late_pattern(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_REGION = late_pattern(r"[a-z0-9-]{1,32}", re.ASCII)
_STANDARD_PORTS = {"https": 443, "http": 80}
_DATABASE = late_pattern(
    r"(?:postgres(?:ql)?://)?(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?/?", re.ASCII
)
POSTGRESQL_PORT = 5432
VARIABLE = "RECONCILER_ALLOWED_HOSTS"
"""The operator's list: `host` or `host:port` (https, or PostgreSQL), or an origin such as `http://127.0.0.1:8080`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Allowed scheme, host and port; no other part of a URL is kept."""

    scheme: str
    host: str
    port: int

    @property
    def has_standard_port(self) -> bool:
        """Whether the port is the scheme's default, which a URL leaves out."""
        return self.port == _STANDARD_PORTS[self.scheme]

    @property
    def netloc(self) -> str:
        """Value of the Host header: the port only where it is not the scheme's default."""
        return self.host if self.has_standard_port else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


def check_allowed(url: str, extra: Iterable[str] = ()) -> Origin:
    """Return the origin of a base URL, or raise HostNotAllowedError (E_URL_HOST) before any packet is sent.

    Allowed are `metastudio.{region}.` and `iam[.{region}].myhuaweicloud.com` by https on 443, and plain http on any
    port of 127.0.0.1, [::1] and localhost. `extra` is the operator's list (RECONCILER_ALLOWED_HOSTS): `host` or
    `host:port` by https, or a spelled-out `http://host:port`.
    """
    origin = _parsed(url)
    if origin is None or not (_known(origin) or origin in map(_listed, extra)):
        raise HostNotAllowedError(
            f"the address {url[:200]!r} is not allowed: nothing was sent",
            hint=f"use https://metastudio.REGION.myhuaweicloud.com, or let the operator name the host in {VARIABLE}",
        )
    return origin


def check_credentials_allowed(origin: Origin, extra: Iterable[str] = ()) -> None:
    """Raise HostNotAllowedError (E_AUTH_HOST) for an allowed origin that must not receive credentials.

    Any local process may listen on a port of this machine: it gets a token, a password or a signature only where the
    operator's list names exactly this origin.
    """
    if origin.loopback and origin not in map(_listed, extra):
        raise HostNotAllowedError(
            f"{origin} is sent no credentials: it is a port of this machine that the operator has not named",
            code="E_AUTH_HOST",
            hint=f"set {VARIABLE}={origin}, or write `auth: none` for a service that asks for none",
        )


def database_allowed(host: str, port: int, extra: Iterable[str]) -> bool:
    """Tell whether the operator's list names a PostgreSQL server: `host` (port 5432), `host:port`, `postgresql://…`.

    No server is allowed by default, not even on this machine. An entry with the scheme of another protocol does not
    allow a database.
    """
    return (host, port) in map(_listed_database, extra)


def parse_allowed_hosts(text: str) -> tuple[str, ...]:
    """Parse RECONCILER_ALLOWED_HOSTS, entries separated by blanks and commas."""
    return tuple(text.replace(",", " ").split())


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine; an IPv6 address may be in brackets."""
    return host in _LOOPBACK or f"[{host}]" in _LOOPBACK


def endpoint(region: str) -> str:
    """Return the service's address in a region (api.md §6)."""
    return f"https://metastudio.{_region(region)}.myhuaweicloud.com"


def iam_endpoint(region: str) -> str:
    """Return the address of a region's IAM (api.md §5.1)."""
    return f"https://iam.{_region(region)}.myhuaweicloud.com"


def is_segment(text: str) -> bool:
    """Tell whether a text is a valid id: one segment of a URL path."""
    return _ID.fullmatch(text) is not None


def path_segment(text: str) -> str:
    """Return an id as one path segment. Raises HostNotAllowedError (E_ID_FORMAT) for anything but a plain id."""
    if not is_segment(text):
        raise HostNotAllowedError(
            f"{text[:80]!r} is no id: letters, digits, `_` and `-`, at most 64",
            code="E_ID_FORMAT",
            hint="ids are the service's own; look the object up with `reconciler show`",
        )
    return quote(text, safe="")


def _parsed(url: str) -> Origin | None:
    match = _ORIGIN.fullmatch(url)
    if match is None:
        return None
    port = int(match["port"] or _STANDARD_PORTS[match["scheme"]])
    return Origin(scheme=match["scheme"], host=match["host"], port=port) if 0 < port < 65536 else None


def _known(origin: Origin) -> bool:
    if origin.scheme == "http":
        return origin.loopback
    return origin.port == 443 and _CLOUD.fullmatch(origin.host) is not None


def _listed(entry: str) -> Origin | None:
    entry = entry.strip().lower()
    return _parsed(entry if "://" in entry else f"https://{entry}")


def _listed_database(entry: str) -> tuple[str, int] | None:
    match = _DATABASE.fullmatch(entry.strip().lower())
    return (match["host"].strip("[]"), int(match["port"] or POSTGRESQL_PORT)) if match else None


def _region(region: str) -> str:
    if not _REGION.fullmatch(region):
        raise HostNotAllowedError(f"{region[:80]!r} is no region", hint="a region looks like cn-north-4")
    return region

"""PostgreSQL URL of a ledger: parameters for project files, and those for the operator alone.

A URL of a project file or a fleet row is matched against one strict pattern and rebuilt from its parts, so that no
parser finds a further host in it (`?host=`, several hosts, a percent-encoded one). It is used only where the operator
allows that host. The operator's own URL may hold every parameter of libpq.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL

from reconciler.api.allowed_hosts import (
    POSTGRESQL_PORT,
    VARIABLE,
    database_allowed,
    is_loopback,
    parse_allowed_hosts,
)
from reconciler.errors import LedgerError, ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.strings import HIDDEN

_ABOUT_THE_URL = ("E_PATH", "E_LEDGER_FOREIGN", "E_LEDGER_DAMAGED", "E_LEDGER_URL", "E_LEDGER_TLS", "E_URL_HOST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Source of a ledger's URL, and the operator's trust settings.

    `operator`: the URL came from a flag or RECONCILER_LEDGER, so that its host is allowed and its parameters are free.
    Else only `allowed_hosts` (RECONCILER_ALLOWED_HOSTS unparsed) are permitted. `ca_file` holds the certificates to
    trust beyond loopback. `named_at` is the position of the URL in a project file or fleet row, which starts the
    messages about it.
    """

    operator: bool = True
    allowed_hosts: str = ""
    ca_file: str = ""
    named_at: str = ""

    @contextmanager
    def named(self) -> Iterator[None]:
        """Prefix errors about the URL, or its file, with the position of the URL."""
        try:
            yield
        except ReconcilerError as error:
            if error.code.startswith(_ABOUT_THE_URL):
                error.name_place(self.named_at)
            raise


OPERATOR = Trust()
"""Trust of a URL that the caller supplies."""


_URL = late_pattern(
    r"(?:postgresql(?:\+psycopg)?|postgres)://"
    r"(?:(?P<user>[A-Za-z0-9._~%+-]+)(?::(?P<password>[A-Za-z0-9._~%!$&'*+=-]*))?@)?"
    r"(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
    r"/(?P<database>[A-Za-z0-9_.~-]{1,63})"
    r"(?:\?(?P<query>[A-Za-z0-9_.=&-]*))?",
    re.ASCII,
)
_HIGHEST_PORT = 65535
_QUERY_KEYS = frozenset({"application_name", "channel_binding", "require_auth", "sslmode", "target_session_attrs"})
"""Permitted parameters: none of them sets a file, a host, a service or a session setting."""

_HINT = f"the operator gives such a URL in RECONCILER_LEDGER; {VARIABLE} names a host for URLs of project files"


def project_url(url: str, allowed_hosts: str) -> URL:
    """Return the URL of a project file; raises LedgerError for parameters that are not permitted, and for another host.

    The message never holds the URL, which may contain a password.
    """
    match = _URL.fullmatch(url)
    host, port = (match["host"].strip("[]"), int(match["port"] or POSTGRESQL_PORT)) if match else ("", 0)
    if match is None or not 0 < port <= _HIGHEST_PORT or HIDDEN.search(_named(match)):
        raise LedgerError(
            "the ledger's URL is not of the form postgresql://USER@HOST[:PORT]/DATABASE: nothing was sent",
            code="E_LEDGER_URL",
            hint=f"name one host, in lower case and without escapes, and a database; {_HINT}",
        )
    query = _query(match["query"] or "")
    if not database_allowed(host, port, parse_allowed_hosts(allowed_hosts)):
        raise LedgerError(
            f"the ledger's server {match['host']}:{port} is not allowed: nothing was sent",
            code="E_URL_HOST",
            hint=f"let the operator set {VARIABLE}={match['host']}:{port}, or RECONCILER_LEDGER to the whole URL",
        )
    if not is_loopback(host) and query.get("sslmode", "verify-full") != "verify-full":
        raise LedgerError(
            f"`sslmode={query['sslmode']}` does not prove who the ledger's server is: nothing was sent",
            code="E_LEDGER_TLS",
            hint="leave `sslmode` out (verify-full is the default), or let the operator give the URL in "
            "RECONCILER_LEDGER",
        )
    return URL.create(
        "postgresql+psycopg",
        username=unquote(match["user"]) if match["user"] else None,
        password=unquote(match["password"]) if match["password"] else None,
        host=host,
        port=port,
        database=match["database"],
        query=query,
    )


def _named(match: re.Match[str]) -> str:
    """Return the user and password of a URL, without their escapes."""
    return unquote(f"{match['user'] or ''}{match['password'] or ''}")


def _query(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split("&")):
        key, _, value = part.partition("=")
        if key not in _QUERY_KEYS or key in found or not value:
            raise LedgerError(
                f"the ledger's URL may not say `{key}`: nothing was sent"
                if key not in _QUERY_KEYS
                else f"`{key}` in the ledger's URL needs one value: nothing was sent",
                code="E_LEDGER_URL",
                hint=f"a URL of a project file takes {', '.join(sorted(_QUERY_KEYS))}; {_HINT}",
            )
        found[key] = value
    return found


def connect_arguments(url: URL, trust: Trust, variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return libpq's parameters beside the URL's: verified TLS beyond loopback, and no other address.

    libpq reads PGPASSWORD, the password file and a service file by itself: only for a server the operator named.
    PGHOSTADDR would override the allowed host.
    """
    made = {} if trust.operator else {"hostaddr": ""}
    if "sslmode" not in url.query and "service" not in url.query and not _on_this_machine(url):
        made["sslmode"] = "verify-full"
    if "verify-full" in (made.get("sslmode"), url.query.get("sslmode")) and "sslrootcert" not in url.query:
        made |= _root_certificates(trust.ca_file, variables)
    return made


def _root_certificates(ca_file: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the operator's certificates where there are any, else those of the system."""
    if ca_file:
        return {"sslrootcert": ca_file}
    home = Path(variables.get("HOME", "/")) / ".postgresql" / "root.crt"
    return {} if variables.get("PGSSLROOTCERT") or home.is_file() else {"sslrootcert": "system"}


def _on_this_machine(url: URL) -> bool:
    """Tell whether every address in a URL is of this machine; false for a URL without one."""
    named = [url.host or ""]
    for key in ("host", "hostaddr"):
        value = url.query.get(key, "")
        named += [one for text in ([value] if isinstance(value, str) else value) for one in text.split(",")]
    hosts = [one.partition(":")[0] if one.count(":") == 1 else one for one in named if one]
    return bool(hosts) and all(host.startswith("/") or is_loopback(host) for host in hosts)

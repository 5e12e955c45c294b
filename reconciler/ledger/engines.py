"""The two databases: where they are, how they are reached, and what makes their commits durable."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from reconciler.errors import LedgerError, ReconcilerError

POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
"""The schemes of a URL of PostgreSQL; psycopg is the only driver."""

URLS = "write sqlite:///.reconciler/ledger.db or postgresql://user@host/database"


_ABOUT_THE_URL = ("E_PATH", "E_LEDGER_FOREIGN", "E_LEDGER_DAMAGED", "E_LEDGER_URL", "E_LEDGER_TLS", "E_URL_HOST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Who gave a ledger's URL, and what the operator trusts.

    `operator`: the URL came from a flag or RECONCILER_LEDGER, so that its host is allowed and its parameters are free.
    Else only `allowed_hosts` (RECONCILER_ALLOWED_HOSTS as it is written) are spoken to. `ca_file` holds the
    certificates to trust beyond loopback. `named_at` is the place in a project file or fleet row that holds the URL:
    errors about it begin with that.
    """

    operator: bool = True
    allowed_hosts: str = ""
    ca_file: str = ""
    named_at: str = ""

    @contextmanager
    def named(self) -> Iterator[None]:
        """Put the place of the URL before an error about the URL, or about the file it names."""
        try:
            yield
        except ReconcilerError as error:
            if error.code.startswith(_ABOUT_THE_URL):
                error.name_place(self.named_at)
            raise


OPERATOR = Trust()
"""A URL that the caller answers for."""


def checked(url: str, trust: Trust = OPERATOR) -> URL:
    """Read the ledger's URL; raises LedgerError for one that cannot hold a ledger, or whose host is not allowed."""
    if url.startswith("postgres") and not trust.operator:
        from reconciler.ledger.postgres_url import project_url

        return project_url(url, trust.allowed_hosts)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise LedgerError("the ledger's URL cannot be read", code="E_LEDGER_URL", hint=URLS) from None
    if parsed.drivername == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise LedgerError(
                "the ledger needs a file: in memory it would be forgotten", code="E_LEDGER_URL", hint=URLS
            )
        return parsed.set(query={})
    if parsed.drivername in POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    raise LedgerError(f"no ledger can be kept in {parsed.drivername[:40]!r}", code="E_LEDGER_URL", hint=URLS)


def sqlite(file: Path, busy: float) -> Engine:
    """Return an engine for a file."""
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": busy, "isolation_level": None})
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def postgres(url: URL, busy: float, trust: Trust = OPERATOR) -> Engine:
    """Return an engine for a server; raises LedgerError where its driver is missing."""
    from reconciler.ledger.postgres_url import connect_arguments

    arguments: dict[str, Any] = {"connect_timeout": max(2, int(busy)), "prepare_threshold": None}
    arguments |= connect_arguments(url, trust)
    try:
        engine = create_engine(url, pool_size=2, pool_pre_ping=True, connect_args=arguments)
    except (ImportError, NoSuchModuleError):
        raise LedgerError(
            "a ledger in PostgreSQL needs the driver psycopg",
            code="E_LEDGER_DRIVER",
            hint="install it with: pip install 'reconciler[postgres]'",
        ) from None

    def bounded(connection: Connection) -> None:
        # in the transaction, not in the session: a pooler hands sessions around
        for setting in (f"lock_timeout = {int(busy * 1000)}", f"statement_timeout = {int(busy * 2000)}"):
            connection.exec_driver_sql(f"SET LOCAL {setting}")
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")

    event.listen(engine, "begin", bounded)
    return engine

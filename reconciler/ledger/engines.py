"""The two databases: where they are, how they are reached, and what makes their commits durable."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from reconciler.errors import LedgerError

URLS = "write sqlite:///.reconciler/ledger.db or postgresql://user@host/database"


def checked(url: str, root: Path) -> URL:
    """Read the ledger's URL; raises LedgerError for one that cannot hold a ledger."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerError("the ledger's URL cannot be read", code="E_LEDGER_URL", hint=URLS) from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise LedgerError(
                "the ledger needs a file: in memory it would be forgotten", code="E_LEDGER_URL", hint=URLS
            )
        return parsed.set(database=str(root / parsed.database), query={})
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise LedgerError(f"no ledger can be kept in {parsed.get_backend_name()!r}", code="E_LEDGER_URL", hint=URLS)


def private_file(path: Path) -> None:
    """Make the file, and its folder, for nobody else."""
    # It keeps the digest key and names of objects: nobody else's business, and nothing to commit.
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)  # another run may be making it too
        (path.parent / ".gitignore").write_text("*\n")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def sqlite(url: URL, busy: float) -> Engine:
    """Return an engine for a file."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": busy, "isolation_level": None})
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def postgres(url: URL, busy: float) -> Engine:
    """Return an engine for a server; raises LedgerError where its driver is missing."""
    arguments = {"connect_timeout": max(2, int(busy)), "prepare_threshold": None}
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

"""Database of the ledger: connections, transactions, and translation of errors."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, create_engine, event, func, inspect, literal, select
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from reconciler.errors import LedgerError
from reconciler.ledger.db_tables import ADDED, SCHEMA, lease, metadata, runs
from reconciler.ledger.postgres_url import OPERATOR, Trust, connect_arguments, project_url
from reconciler.ledger.sqlite_file import ledger_file, mark, refuse_tables
from reconciler.model.json_types import Json

POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
"""Schemes of a PostgreSQL URL; psycopg is the only driver."""

URLS = "write sqlite:///.reconciler/ledger.db or postgresql://user@host/database"


def checked(url: str, trust: Trust = OPERATOR) -> URL:
    """Parse the ledger's URL. Raises LedgerError for one that is invalid, or with a host that is not allowed."""
    if url.startswith("postgres") and not trust.operator:
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
    """Return an engine for a server. Raises LedgerError where its driver is missing."""
    arguments: dict[str, Json] = {"connect_timeout": max(2, int(busy)), "prepare_threshold": None}
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
        # in the transaction, not in the session: a pooler shares sessions
        for setting in (f"lock_timeout = {int(busy * 1000)}", f"statement_timeout = {int(busy * 2000)}"):
            connection.exec_driver_sql(f"SET LOCAL {setting}")
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")

    event.listen(engine, "begin", bounded)
    return engine


WRITABLE = "check that its folder exists, is writable and has room; nothing further was sent to the API"


class CommitUnknownError(LedgerError):
    """Connection lost: whether the last transaction was committed must be read back."""

    default_code = "E_LEDGER_LOST"


SERVER = (
    "check that the PostgreSQL server runs and answers at the host and port of the ledger's URL (`ledger:` of "
    "the project file, or RECONCILER_LEDGER), and its user, password and database; nothing further was sent to the API"
)


def translate_error(error: SQLAlchemyError | sqlite3.Error, busy: float, *, local: bool = True) -> LedgerError:
    """Return the LedgerError for a database error; `busy` is the time waited, in seconds.

    `local`: the ledger is a file, not a server that may be unreachable.
    """
    hint = WRITABLE if local else SERVER
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()[0:1]
    said = text[0] if text else type(error).__name__
    lowered = said.lower()
    if "locked" in lowered or "lock timeout" in lowered or "busy" in lowered:
        return LedgerError(
            f"the ledger stayed locked by another process for {busy:g} s",
            code="E_LEDGER_BUSY",
            hint="try again when the other run is done; nothing further was sent to the API",
        )
    if local and ("malformed" in lowered or "not a database" in lowered or "corrupt" in lowered):
        return damaged(said)
    if local and ("full" in lowered or "disk i/o" in lowered or "readonly" in lowered or "unable to open" in lowered):
        return LedgerError(f"the ledger cannot be written: {said}", code="E_LEDGER_WRITE", hint=WRITABLE)
    if isinstance(error, (OperationalError, InterfaceError)):
        return CommitUnknownError(f"the ledger cannot be reached: {said}", hint=hint)
    return LedgerError(f"the ledger failed: {said}", hint=hint)


def damaged(said: str) -> LedgerError:
    """Return the error for a damaged file."""
    return LedgerError(
        f"the ledger is damaged: {said}",
        code="E_LEDGER_DAMAGED",
        hint="bring it back from a copy, or move it away: then nothing is owned and nothing is pruned",
    )


MAKING = 0x7265636F6E63
"""Number of PostgreSQL's advisory lock for creating the tables."""
BUSY_SECONDS = 15.0
"""Seconds to wait for another process's write before giving up."""


class Database:
    """One database; `read` and `write` are its transactions.

    SQLite runs with a rollback journal, never with a write-ahead log, which network file systems cannot hold, and syncs
    the folder too (synchronous=EXTRA): what `write` committed survives a power failure. PostgreSQL is used without
    session state, so that a pooler in transaction mode works.
    """

    def __init__(
        self,
        url: str,
        *,
        root: Path,
        trust: Trust = OPERATOR,
        clock: Callable[[], float] | None = None,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        with trust.named():
            self._url = checked(url, trust)
        self._trust = trust
        self._root = root
        self._clock = clock
        self._busy = busy_seconds
        self._engine: Engine | None = None
        self._ready = False
        self._made = False

    @property
    def local(self) -> bool:
        """Whether only processes that share this disk see it."""
        return self._url.get_backend_name() == "sqlite"

    def __repr__(self) -> str:
        return f"Store({self._url.render_as_string(hide_password=True)!r})"

    @contextmanager
    def read(self) -> Iterator[Connection | None]:
        """Yield a connection for reading, or None where no ledger was created yet."""
        if not self._ready and not self._exists():
            yield None
            return
        with self._meaning(), self._connected().connect().execution_options(begin="DEFERRED") as connection:
            self._check(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection for one durable transaction; creates the ledger if necessary."""
        if not self._made:
            self._make()
        with self._meaning(), self._connected().connect().execution_options(begin="IMMEDIATE") as connection:
            yield connection
            connection.commit()

    def now(self) -> ColumnElement[float]:
        """Return the database's clock as an expression: seconds since 1970."""
        if self._clock is not None:
            return literal(self._clock(), Double)
        if self.local:
            return (func.julianday("now") - 2440587.5) * 86400.0
        return cast(func.extract("epoch", func.clock_timestamp()), Double)

    def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def _exists(self) -> bool:
        with self._meaning():
            if self.local and self._file(make=False) is None:
                return False
            return bool(inspect(self._connected()).has_table(lease.name))

    def _make(self) -> None:
        with self._meaning():
            if self.local:
                self._file(make=True)
            with self._connected().connect().execution_options(begin="IMMEDIATE") as connection:
                if not self.local:  # two that create the tables at once would collide; held by the transaction
                    connection.execute(select(func.pg_advisory_xact_lock(MAKING)))
                there = [inspect(connection).has_table(table.name) for table in (lease, *ADDED)]
                if not all(there):
                    if self.local and not any(there):
                        refuse_tables(connection)
                    metadata.create_all(connection)
                if self.local:
                    mark(connection)
                self._check(connection)
                connection.commit()
        self._ready = self._made = True

    def _check(self, connection: Connection) -> None:
        if self._ready:
            return
        if self.local and (found := connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()) != "ok":
            raise damaged(str(found))
        newest = connection.execute(select(func.max(runs.c.schema))).scalar()
        if not isinstance(newest, int | None):
            raise damaged("the version of its tables is no number")
        if newest is not None and newest > SCHEMA:
            raise LedgerError(
                f"the ledger was written by a newer version (its schema is {newest}, this one knows {SCHEMA})",
                code="E_LEDGER_NEWER",
                hint="install the version of reconciler that wrote it, or a newer one",
            )
        self._ready = True

    def _connected(self) -> Engine:
        if self._engine is None:
            if self.local:
                self._engine = sqlite(self._root / (self._url.database or ""), self._busy)
            else:
                self._engine = postgres(self._url, self._busy, self._trust)
        return self._engine

    def _file(self, *, make: bool) -> Path | None:
        return ledger_file(self._root, self._url.database or "", make=make)

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            with self._trust.named():
                yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise translate_error(error, self._busy, local=self.local) from error
        except UnicodeDecodeError as error:  # SQLite's error about a damaged file can contain bytes of that file
            raise damaged("it holds what is no text") from error
        except OSError as error:
            raise LedgerError(f"the ledger cannot be used: {error.strerror or error}", hint=WRITABLE) from error

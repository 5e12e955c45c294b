"""The database behind the ledger: connections, transactions, and what its failures mean."""

import os
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
from reconciler.ledger.tables import SCHEMA, lease, metadata, runs

MAKING = 0x7265636F6E63
"""The number of PostgreSQL's advisory lock under which the tables are made."""
BUSY_SECONDS = 15.0
"""How long to wait for another process's write before giving up."""


class Store:
    """One database; `read` and `write` are its transactions.

    SQLite runs with a rollback journal, never with a write-ahead log, which network file systems cannot hold, and syncs
    the folder too (synchronous=EXTRA): what `write` committed survives a power cut. PostgreSQL is used without session
    state, so that a pooler in transaction mode may sit before it.
    """

    def __init__(
        self, url: str, *, root: Path, clock: Callable[[], float] | None = None, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        self._url = _checked(url, root)
        self._clock = clock
        self._busy = busy_seconds
        self._engine: Engine | None = None
        self._ready = False

    @property
    def local(self) -> bool:
        """Whether only processes that share this disk see it."""
        return self._url.get_backend_name() == "sqlite"

    def __repr__(self) -> str:
        return f"Store({self._url.render_as_string(hide_password=True)!r})"

    @contextmanager
    def read(self) -> Iterator[Connection | None]:
        """Give a connection that only reads, or None where no ledger was made yet."""
        if not self._ready and not self._exists():
            yield None
            return
        with self._meaning(), self._connected().connect().execution_options(begin="DEFERRED") as connection:
            self._check(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose changes are all kept, durably, or all dropped; makes the ledger if need be."""
        if not self._ready:
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
        """Let go of the connections."""
        if self._engine is not None:
            self._engine.dispose()

    def _exists(self) -> bool:
        if self.local and not (self._url.database and Path(self._url.database).is_file()):
            return False
        with self._meaning():
            return bool(inspect(self._connected()).has_table(lease.name))

    def _make(self) -> None:
        with self._meaning():
            if self.local:
                _private_file(Path(self._url.database or ""))
            with self._connected().connect().execution_options(begin="IMMEDIATE") as connection:
                if not self.local:  # two who make the tables at once trip over each other; held by the transaction
                    connection.execute(select(func.pg_advisory_xact_lock(MAKING)))
                if not inspect(connection).has_table(lease.name):
                    metadata.create_all(connection)
                self._check(connection)
                connection.commit()
        self._ready = True

    def _check(self, connection: Connection) -> None:
        if self._ready:
            return
        if self.local and (found := connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()) != "ok":
            raise _damaged(str(found))
        newest = connection.execute(select(func.max(runs.c.schema))).scalar()
        if newest is not None and newest > SCHEMA:
            raise LedgerError(
                f"the ledger was written by a newer version (its schema is {newest}, this one knows {SCHEMA})",
                code="E_LEDGER_NEWER",
                hint="install the version of reconciler that wrote it, or a newer one",
            )
        self._ready = True

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = _sqlite(self._url, self._busy) if self.local else _postgres(self._url, self._busy)
        return self._engine

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _meant(error, self._busy) from error
        except OSError as error:
            raise LedgerError(f"the ledger cannot be used: {error.strerror or error}", hint=_WRITABLE) from error


class LostAnswerError(LedgerError):
    """The connection broke: whether the last transaction was kept must be read back."""

    default_code = "E_LEDGER_LOST"


_WRITABLE = "check that its folder exists, is writable and has room; nothing further was sent to the API"


def _checked(url: str, root: Path) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerError("the ledger's URL cannot be read", code="E_LEDGER_URL", hint=_URLS) from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise LedgerError(
                "the ledger needs a file: in memory it would be forgotten", code="E_LEDGER_URL", hint=_URLS
            )
        return parsed.set(database=str(root / parsed.database), query={})
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise LedgerError(f"no ledger can be kept in {parsed.get_backend_name()!r}", code="E_LEDGER_URL", hint=_URLS)


_URLS = "write sqlite:///.reconciler/ledger.db or postgresql://user@host/database"


def _private_file(path: Path) -> None:
    # It keeps the digest key and names of objects: nobody else's business, and nothing to commit.
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)  # another run may be making it too
        (path.parent / ".gitignore").write_text("*\n")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _sqlite(url: URL, busy: float) -> Engine:
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": busy, "isolation_level": None})
    event.listen(engine, "connect", _durable)
    event.listen(engine, "begin", _begin)
    return engine


def _durable(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")


def _postgres(url: URL, busy: float) -> Engine:
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


def _meant(error: SQLAlchemyError | sqlite3.Error, busy: float) -> LedgerError:
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()[0:1]
    said = text[0] if text else type(error).__name__
    lowered = said.lower()
    if "locked" in lowered or "lock timeout" in lowered or "busy" in lowered:
        return LedgerError(
            f"the ledger stayed locked by another process for {busy:g} s",
            code="E_LEDGER_BUSY",
            hint="try again when the other run is done; nothing further was sent to the API",
        )
    if "malformed" in lowered or "not a database" in lowered or "corrupt" in lowered:
        return _damaged(said)
    if "full" in lowered or "disk i/o" in lowered or "readonly" in lowered or "unable to open" in lowered:
        return LedgerError(f"the ledger cannot be written: {said}", code="E_LEDGER_WRITE", hint=_WRITABLE)
    if isinstance(error, (OperationalError, InterfaceError)):
        return LostAnswerError(f"the ledger cannot be reached: {said}", hint=_WRITABLE)
    return LedgerError(f"the ledger failed: {said}", hint=_WRITABLE)


def _damaged(said: str) -> LedgerError:
    return LedgerError(
        f"the ledger is damaged: {said}",
        code="E_LEDGER_DAMAGED",
        hint="bring it back from a copy, or move it away: then nothing is owned and nothing is pruned",
    )

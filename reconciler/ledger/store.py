"""The database behind the ledger: connections, transactions, and what its failures mean."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import ColumnElement, Double, cast, func, inspect, literal, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from reconciler.errors import LedgerError
from reconciler.ledger.engines import OPERATOR, Trust, checked, postgres, sqlite
from reconciler.ledger.failures import WRITABLE, damaged, meant
from reconciler.ledger.sqlite_file import ledger_file, mark, refuse_tables
from reconciler.ledger.tables import SCHEMA, lease, metadata, owners, runs

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
        """Let go of the connections."""
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
                if not self.local:  # two who make the tables at once trip over each other; held by the transaction
                    connection.execute(select(func.pg_advisory_xact_lock(MAKING)))
                there = [inspect(connection).has_table(table.name) for table in (lease, owners)]
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
            raise meant(error, self._busy, local=self.local) from error
        except UnicodeDecodeError as error:  # what SQLite says of a damaged file can hold bytes of that file
            raise damaged("it holds what is no text") from error
        except OSError as error:
            raise LedgerError(f"the ledger cannot be used: {error.strerror or error}", hint=WRITABLE) from error

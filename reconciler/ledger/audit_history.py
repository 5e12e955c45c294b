"""Audit tables of a ledger: a row for each audited environment, and the age of each drift."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, func, inspect, select
from sqlalchemy.engine import Connection, Row

from reconciler.ledger.database import Database
from reconciler.ledger.db_tables import (
    DriftRows,
    audit_metadata,
    drift,
    drift_by_owner,
    results,
    upsert,
    verify_row,
)
from reconciler.ledger.postgres_url import OPERATOR, Trust
from reconciler.model.run_history import AuditRecord, AuditRun, DriftRecord
from reconciler.timestamps import format_rfc3339


class AuditHistory:
    """Audit part of a ledger. Its tables are created with the first row."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._there = False

    def record(self, run: str, found: Sequence[AuditRecord]) -> None:
        """Record the results of a run for some environments, rows and drift, in one transaction."""
        with self._store.write() as connection:
            self._make(connection)
            at = self._now(connection)
            rows = ({"run": run, "owner": one.owner, "at": at, "result": one.result} for one in found)
            upsert(connection, results, *rows)
            looked = [one for one in found if one.looked]
            known = drift_by_owner(connection, [one.owner for one in looked])
            upsert(connection, drift, *(row for one in looked for row in _drift_rows(one, known[one.owner], at)))

    def done(self, run: str) -> dict[str, str]:
        """Return the result of each environment (by owner) that a run has completed."""
        with self._reading() as connection:
            if connection is None:
                return {}
            rows = connection.execute(select(results).where(results.c.run == run))
            return {values["owner"]: values["result"] for values in map(verify_row, rows)}

    def runs(self, whose: str, limit: int) -> tuple[AuditRun, ...]:
        """Return the newest audits, newest first, with the number of environments each has completed.

        `whose` is an owner (`shop/production`), or with a slash at its end every environment of a project (`shop/`).
        """
        with self._reading() as connection:
            if connection is None:
                return ()
            started, ended = func.min(results.c.at).label("started"), func.max(results.c.at).label("ended")
            query = select(results.c.run, started, ended, func.count().label("done")).where(_of(results, whose))
            query = query.group_by(results.c.run).order_by(ended.desc(), results.c.run).limit(limit)
            return tuple(
                AuditRun(run=row.run, started=row.started, ended=row.ended, environments=row.done)
                for row in connection.execute(query)
            )

    def drift(self, whose: str) -> tuple[DriftRecord, ...]:
        """Return all recorded drift (`whose` as in `runs`): open drift first, oldest first."""
        with self._reading() as connection:
            if connection is None:
                return ()
            query = select(drift).where(_of(drift, whose))
            query = query.order_by(drift.c.open.desc(), drift.c.since, drift.c.owner, drift.c.address, drift.c.path)
            return tuple(_drift(row) for row in connection.execute(query))

    def prune(self, before: str) -> int:
        """Delete rows older than a time (UTC, as in the API), and drift that ended before; returns how many."""
        with self._reading() as connection:
            if connection is None:
                return 0
        with self._store.write() as connection:
            gone = connection.execute(results.delete().where(results.c.at < before)).rowcount
            over = connection.execute(drift.delete().where(~drift.c.open, drift.c.last < before)).rowcount
        return gone + over

    def close(self) -> None:
        """Close the connections."""
        self._store.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection | None]:
        with self._store.read() as connection:
            made = connection is not None and inspect(connection).has_table(results.name)
            yield connection if made else None

    def _make(self, connection: Connection) -> None:
        if not self._there:
            audit_metadata.create_all(connection)
            self._there = True

    def _now(self, connection: Connection) -> str:
        return format_rfc3339(float(connection.execute(select(self._store.now())).scalar_one()))


def open_audits(url: str, *, root: Path | str = ".", trust: Trust = OPERATOR, clock: Any = None) -> AuditHistory:
    """Return the audit part of the ledger at a URL (see `open_ledger`)."""
    return AuditHistory(Database(url, root=Path(root), trust=trust, clock=clock))


def _of(table: Table, whose: str) -> ColumnElement[bool]:
    return table.c.owner.startswith(whose, autoescape=True) if whose.endswith("/") else table.c.owner == whose


def _drift_rows(found: AuditRecord, known: DriftRows, at: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of open drift, and of objects that were read and no longer differ, whose drift is closed."""
    for key, attribution in found.differs.items():
        yield _seen(found.owner, key, attribution, known.get(key), at)
    for key, values in known.items():
        if values["open"] and key not in found.differs and found.saw(key[0]):
            yield {**values, "open": False, "flips": values["flips"] + 1}


def _seen(owner: str, key: tuple[str, str], attribution: str, old: dict[str, Any] | None, at: str) -> dict[str, Any]:
    row = {"owner": owner, "address": key[0], "path": key[1], "attribution": attribution, "open": True, "last": at}
    if old is None:
        return {**row, "first": at, "since": at, "flips": 0}
    if old["open"]:
        return {**old, **row}
    return {**old, **row, "since": at, "flips": old["flips"] + 1}


def _drift(row: Row[Any]) -> DriftRecord:
    return DriftRecord(**verify_row(row))

"""Details of runs and changes for people: who started a run and from what, and the fields of each change.

They are kept beside the tables of runs and of the journal, so that ledgers of earlier versions, which lack these
tables, and earlier versions of the tool, which do not read them, keep working.
"""

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection

from reconciler.ledger.db_tables import change_fields, journal, run_origins, runs, upsert, verify_row
from reconciler.model.run_history import RunOrigin

MOST_FIELDS = 500
"""Most fields of one change that are recorded."""


def write_origin(connection: Connection, run: str, origin: RunOrigin) -> None:
    """Record who started a run, from which commit and which plan; nothing where nothing of it is known."""
    if origin != RunOrigin():
        row = {"run": run, "actor": origin.actor, "revision": origin.commit, "plan": origin.plan}
        upsert(connection, run_origins, row)


def known_origins(connection: Connection, run_ids: Iterable[str]) -> Mapping[str, RunOrigin]:
    """Return the recorded origins of runs by run id."""
    if not inspect(connection).has_table(run_origins.name):  # a ledger of an earlier version
        return {}
    rows = map(verify_row, connection.execute(select(run_origins).where(run_origins.c.run.in_(list(run_ids)))))
    return {row["run"]: RunOrigin(actor=row["actor"], commit=row["revision"], plan=row["plan"]) for row in rows}


def write_fields(connection: Connection, run: str, operation: str, fields: Iterable[str]) -> None:
    """Record the paths that a change is about; nothing where it names none."""
    paths = list(fields)[:MOST_FIELDS]
    if paths:
        upsert(connection, change_fields, {"operation": operation, "run": run, "fields": json.dumps(paths)})


def known_fields(connection: Connection, operations: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the recorded paths of changes by operation."""
    if not inspect(connection).has_table(change_fields.name):  # a ledger of an earlier version
        return {}
    wanted = change_fields.c.operation.in_(list(operations))
    rows = map(verify_row, connection.execute(select(change_fields).where(wanted)))
    return {row["operation"]: tuple(json.loads(row["fields"])) for row in rows}


def prune(connection: Connection) -> None:
    """Delete the details of runs and changes that are no longer recorded."""
    connection.execute(run_origins.delete().where(run_origins.c.run.not_in(select(runs.c.id))))
    connection.execute(change_fields.delete().where(change_fields.c.operation.not_in(select(journal.c.operation))))

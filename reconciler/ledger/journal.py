"""Journal of intents and outcomes, and the objects derived from it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.engine import Connection, Row

from reconciler.ledger import run_details
from reconciler.ledger.db_tables import journal, objects, runs, upsert, verify_row
from reconciler.model.change import Action
from reconciler.model.ledger_state import ObjectRecord, WriteIntent
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.run_history import JournalEntry, RunRecord


def write_entry(
    connection: Connection,
    scope: str,
    run: str,
    intent: WriteIntent,
    *,
    outcome: Outcome | None = None,
    ended: str = "",
) -> None:
    """Write an intent, or add its outcome; an UNKNOWN outcome leaves it open. Its fields are recorded once."""
    shape = asdict(intent)
    fields = shape.pop("fields")
    old = connection.execute(select(journal.c.number).where(journal.c.operation == intent.operation)).scalar()
    row = {
        "operation": intent.operation,
        "number": old if old is not None else _next(connection, journal.c.number),
        "scope": scope,
        "run": run,
        "intent": json.dumps(shape),
        "open": outcome is None or outcome.status is OutcomeStatus.UNKNOWN,
        "outcome": "" if outcome is None else json.dumps(asdict(outcome)),
        "ended": ended,
    }
    upsert(connection, journal, row)
    if old is None:
        run_details.write_fields(connection, run, intent.operation, fields)


def entry(connection: Connection, operation: str) -> JournalEntry | None:
    """Return one entry by its operation, or None."""
    row = connection.execute(select(journal).where(journal.c.operation == operation)).one_or_none()
    return None if row is None else _entry(row)


def open_entries(connection: Connection, scope: str) -> tuple[JournalEntry, ...]:
    """Return open intents, oldest first. Raises LedgerError where a row may be one and is damaged."""
    # queried widely, in every scope: a flipped bit in `open` or `scope` must not hide an open intent
    rows = connection.execute(
        select(journal).where(journal.c.open | (journal.c.ended == "")).order_by(journal.c.number)
    )
    values = [verify_row(row) for row in rows]
    return tuple(_told(one) for one in values if one["scope"] == scope and one["open"])


def entries(connection: Connection, scope: str, run: str, limit: int) -> tuple[JournalEntry, ...]:
    """Return entries, newest first; of every scope or run where none is given."""
    query = select(journal).order_by(journal.c.number.desc()).limit(limit)
    query = query.where(journal.c.scope == scope) if scope else query
    query = query.where(journal.c.run == run) if run else query
    found = tuple(_entry(row) for row in connection.execute(query))
    fields = run_details.known_fields(connection, [one.intent.operation for one in found])
    return tuple(replace(one, intent=replace(one.intent, fields=fields.get(one.intent.operation, ()))) for one in found)


def ended_since(connection: Connection, scope: str, moment: str) -> tuple[JournalEntry, ...]:
    """Return the entries whose outcome was recorded at this time (RFC 3339, UTC) or later, oldest first."""
    query = select(journal).where(journal.c.scope == scope, journal.c.ended >= moment).order_by(journal.c.number)
    return tuple(_entry(row) for row in connection.execute(query))


def write_object(connection: Connection, scope: str, run: str, thing: ObjectRecord) -> None:
    """Write the record of one object; the start of its drift is kept."""
    same = (objects.c.scope == scope, objects.c.kind == thing.kind, objects.c.id == thing.id)
    old = connection.execute(select(objects.c.drift_first, objects.c.drift_last).where(*same)).one_or_none()
    first, last = (old.drift_first, old.drift_last) if old else (thing.drift_first, thing.drift_last)
    row = {
        "scope": scope,
        "kind": thing.kind,
        "id": thing.id,
        "owner": thing.owner,
        "name": thing.name,
        "address": thing.address,
        "run": run,
        "last_applied": json.dumps(thing.last_applied),
        "protected": thing.protected,
        "stuck": json.dumps([list(thing.stuck), list(thing.stuck_as), dict(thing.unkept), thing.unkept_on]),
        "drift_first": first,
        "drift_last": last,
    }
    upsert(connection, objects, row)


def forget_object(connection: Connection, scope: str, kind: str, object_id: str) -> None:
    """Delete the record of a deleted object."""
    same = (objects.c.scope == scope, objects.c.kind == kind, objects.c.id == object_id)
    connection.execute(objects.delete().where(*same))


def known_objects(connection: Connection, scope: str) -> tuple[ObjectRecord, ...]:
    """Return every recorded object of a scope, of every owner."""
    rows = connection.execute(select(objects).where(objects.c.scope == scope).order_by(objects.c.kind, objects.c.id))
    return tuple(_object(row) for row in rows)


def note_drift(
    connection: Connection, scope: str, drifting: Iterable[tuple[str, str]], seen: Iterable[tuple[str, str]], now: str
) -> None:
    """Record the start of drift for drifting objects; the others of those seen are up to date again."""
    drifts, looked_at = set(drifting), set(seen)
    changed = []
    for row in connection.execute(select(objects).where(objects.c.scope == scope)).all():
        values = verify_row(row)
        key = (values["kind"], values["id"])
        if key in drifts:
            changed.append({**values, "drift_first": values["drift_first"] or now, "drift_last": now})
        elif key in looked_at and values["drift_first"]:
            changed.append({**values, "drift_first": ""})
    upsert(connection, objects, *changed)


def write_run(connection: Connection, run: RunRecord, schema: int, sweeps: dict[str, int] | None = None) -> None:
    """Write a run, replacing an earlier row; its scan counts stay unless new ones are given."""
    old = connection.execute(select(runs).where(runs.c.id == run.id)).one_or_none()
    row = {
        "id": run.id,
        "number": old.number if old else _next(connection, runs.c.number),
        "schema": schema,
        "scope": run.scope,
        "owner": run.owner,
        "command": run.command,
        "started": run.started,
        "ended": run.ended,
        "result": run.result,
        "sweeps": json.dumps(sweeps) if sweeps is not None else (old.sweeps if old else "{}"),
    }
    upsert(connection, runs, row)


def find_run(connection: Connection, run_id: str) -> RunRecord | None:
    """Return one run by its id, or None."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
    return None if row is None else _run(row)


def known_runs(connection: Connection, scope: str, limit: int) -> tuple[RunRecord, ...]:
    """Return the newest runs, newest first."""
    query = select(runs).order_by(runs.c.number.desc()).limit(limit)
    found = [_run(row) for row in connection.execute(query.where(runs.c.scope == scope) if scope else query)]
    origins = run_details.known_origins(connection, [run.id for run in found])
    return tuple(replace(run, origin=origins.get(run.id, run.origin)) for run in found)


def run_in(connection: Connection, scope: str, run_id: str) -> RunRecord | None:
    """Return one run of a scope with its origin, or None."""
    found = find_run(connection, run_id)
    if found is None or found.scope != scope:
        return None
    return replace(found, origin=run_details.known_origins(connection, [run_id]).get(run_id, found.origin))


def last_sweeps(connection: Connection, scope: str, owner: str) -> dict[str, int]:
    """Return the number of live objects of each kind in this owner's last complete read."""
    query = select(runs).where(runs.c.scope == scope, runs.c.owner == owner, runs.c.sweeps != "{}")
    row = connection.execute(query.order_by(runs.c.number.desc()).limit(1)).one_or_none()
    return {} if row is None else json.loads(verify_row(row)["sweeps"])


def _next(connection: Connection, column: Any) -> int:
    return int(connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()) + 1


def _entry(row: Row[Any]) -> JournalEntry:
    return _told(verify_row(row))


def _told(values: dict[str, Any]) -> JournalEntry:
    intent = json.loads(values["intent"])
    outcome = json.loads(values["outcome"]) if values["outcome"] else None
    return JournalEntry(
        run=values["run"],
        intent=WriteIntent(**{**intent, "action": Action(intent["action"])}),
        outcome=None if outcome is None else _outcome(outcome),
        ended=values["ended"],
    )


def _outcome(values: dict[str, Any]) -> Outcome:
    typed = {
        "status": OutcomeStatus(values["status"]),
        "action": Action(values["action"]),
        "stuck": tuple(values["stuck"]),
    }
    return Outcome(**{**values, **typed})


def _object(row: Row[Any]) -> ObjectRecord:
    values = verify_row(row)
    stuck, stuck_as, *unkept = json.loads(values["stuck"])  # two of them in rows of an earlier version
    return ObjectRecord(
        kind=values["kind"],
        id=values["id"],
        name=values["name"],
        address=values["address"],
        owner=values["owner"],
        last_applied=json.loads(values["last_applied"]),
        protected=values["protected"],
        stuck=tuple(stuck),
        stuck_as=(stuck_as[0], stuck_as[1]),
        unkept=unkept[0] if unkept else {},
        unkept_on=unkept[1] if unkept else "",
        drift_first=values["drift_first"],
        drift_last=values["drift_last"],
    )


def _run(row: Row[Any]) -> RunRecord:
    values = verify_row(row)
    names = ("id", "scope", "owner", "command", "started", "ended", "result")
    return RunRecord(**{name: values[name] for name in names})


def prune(connection: Connection, scope: str, before: str) -> int:
    """Forget closed journal rows and runs of a scope from before a moment (UTC, as in the API); returns how many.

    A run with an open intent is kept, and so is each owner's last run with a complete read: the guard against a
    collapsed live side compares with it.
    """
    closed = (journal.c.scope == scope, ~journal.c.open, journal.c.ended != "", journal.c.ended < before)
    entries = connection.execute(journal.delete().where(*closed)).rowcount
    old = (runs.c.scope == scope, func.coalesce(func.nullif(runs.c.ended, ""), runs.c.started) < before)
    over = connection.execute(runs.delete().where(*old, ~_open(scope), ~_last_sweep(scope))).rowcount
    run_details.prune(connection)
    return entries + over


def _open(scope: str) -> ColumnElement[bool]:
    return runs.c.id.in_(select(journal.c.run).where(journal.c.scope == scope, journal.c.open))


def _last_sweep(scope: str) -> ColumnElement[bool]:
    swept = select(func.max(runs.c.number)).where(runs.c.scope == scope, runs.c.sweeps != "{}").group_by(runs.c.owner)
    return runs.c.number.in_(swept)

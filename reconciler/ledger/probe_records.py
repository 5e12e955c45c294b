"""Probe tables of a ledger: objects of write probes that may be left over; profile, notes and rates of a scope."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table, inspect, select
from sqlalchemy.engine import Connection

from reconciler.ledger.database import Database
from reconciler.ledger.db_tables import observations, probe_metadata, probe_objects, profiles, rates, upsert, verify_row
from reconciler.model.run_history import ProbeRecord
from reconciler.model.service_profile import MAX_AGE, ServiceProfile
from reconciler.timestamps import utc

_SETTLE = 300.0
"""Seconds after which a create without an answer is no longer on its way."""
_CREATE = "create"


class ProbeRecords:
    """Probe part of a ledger, for one scope. Its tables are created with the first row."""

    def __init__(self, store: Database, scope: str) -> None:
        self._store = store
        self._scope = scope
        self._there = False

    def note(self, kind: str, name: str, step: str) -> None:
        """Record the next write of a probe's object; durable on return."""
        self._write(kind, name, step, is_open=True)

    def close(self, kind: str, name: str) -> None:
        """Record that no object of this name is left."""
        self._write(kind, name, "", is_open=False)

    def open_records(self) -> tuple[ProbeRecord, ...]:
        """Return the objects that may be left over, oldest first."""
        with self._reading() as connection:
            if connection is None:
                return ()
            now = self._seconds(connection)
            query = select(probe_objects).where(probe_objects.c.scope == self._scope, probe_objects.c.open)
            rows = [verify_row(row) for row in connection.execute(query.order_by(probe_objects.c.begun))]
        return tuple(_record(row, now) for row in rows)

    def keep_profile(self, answers: dict[str, str]) -> None:
        """Record the answers of a probe, dated by the database's clock, in place of earlier ones."""
        with self._store.write() as connection:
            self._make(connection)
            row = {"scope": self._scope, "measured": self._seconds(connection), "answers": json.dumps(answers)}
            upsert(connection, profiles, row)

    def drop_profile(self) -> None:
        """Forget the profile of this scope, which a read contradicts."""
        with self._reading() as connection:
            if connection is None:
                return
        with self._store.write() as connection:
            connection.execute(profiles.delete().where(profiles.c.scope == self._scope))

    def profile(self) -> ServiceProfile | None:
        """Return the latest profile of this scope with its age, None where there is none."""
        with self._reading() as connection:
            if connection is None:
                return None
            found = connection.execute(select(profiles).where(profiles.c.scope == self._scope)).one_or_none()
            if found is None:
                return None
            row, now = verify_row(found), self._seconds(connection)
        answers: dict[str, str] = json.loads(row["answers"])
        measured = utc(row["measured"])
        return ServiceProfile(answers=answers, measured=measured, age=now - row["measured"])

    def learn(self, notes: Iterable[tuple[str, str]]) -> None:
        """Record what a run saw by itself, as (name, what was seen); what is known already is not written again."""
        known = set(self.learned())
        new = sorted(set(notes) - known)
        if not new:
            return
        with self._store.write() as connection:
            self._make(connection)
            now = self._seconds(connection)
            rows = ({"scope": self._scope, "name": name, "seen": seen, "first": now} for name, seen in new)
            upsert(connection, observations, *rows)

    def learned(self) -> tuple[tuple[str, str], ...]:
        """Return what runs saw by themselves."""
        with self._reading(observations) as connection:
            if connection is None:
                return ()
            query = select(observations).where(observations.c.scope == self._scope)
            rows = [verify_row(row) for row in connection.execute(query.order_by(observations.c.name))]
        return tuple((row["name"], row["seen"]) for row in rows)

    def keep_rates(self, learnt: Mapping[str, float | None]) -> None:
        """Record the rate of calls (reads, writes) from which a later run starts; None is that of the setting."""
        known = self.rates()
        if all(learnt[calls] == known.get(calls) for calls in learnt):
            return
        with self._store.write() as connection:
            self._make(connection)
            now = self._seconds(connection)
            for calls, rate in learnt.items():
                if rate is None:
                    connection.execute(rates.delete().where(rates.c.scope == self._scope, rates.c.calls == calls))
                else:
                    upsert(connection, rates, {"scope": self._scope, "calls": calls, "rate": rate, "measured": now})

    def rates(self) -> dict[str, float]:
        """Return the rates that an earlier run learnt, as long as a profile is used."""
        with self._reading(rates) as connection:
            if connection is None:
                return {}
            query = select(rates).where(rates.c.scope == self._scope)
            rows, now = [verify_row(row) for row in connection.execute(query)], self._seconds(connection)
        return {row["calls"]: row["rate"] for row in rows if now - row["measured"] <= MAX_AGE}

    def _write(self, kind: str, name: str, step: str, *, is_open: bool) -> None:
        with self._store.write() as connection:
            self._make(connection)
            key = {"scope": self._scope, "kind": kind, "name": name}
            row = {**key, "step": step, "begun": self._seconds(connection), "open": is_open}
            upsert(connection, probe_objects, row)

    @contextmanager
    def _reading(self, table: Table = probe_objects) -> Iterator[Connection | None]:
        with self._store.read() as connection:
            made = connection is not None and inspect(connection).has_table(table.name)
            yield connection if made else None

    def _make(self, connection: Connection) -> None:
        if not self._there:
            probe_metadata.create_all(connection)
            self._there = True

    def _seconds(self, connection: Connection) -> float:
        return float(connection.execute(select(self._store.now())).scalar_one())


def _record(row: dict[str, Any], now: float) -> ProbeRecord:
    return ProbeRecord(
        kind=row["kind"],
        name=row["name"],
        step=row["step"],
        settled=row["step"] != _CREATE or now - row["begun"] > _SETTLE,
    )

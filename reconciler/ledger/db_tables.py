"""Tables of the ledger, and the checksum that detects a damaged row."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Double, Integer, MetaData, Table, Text, bindparam, select
from sqlalchemy.engine import Connection, Row

from reconciler.errors import LedgerError
from reconciler.json_codec import ledger_digest

SCHEMA = 1
"""Version of these tables, recorded with every run: a ledger with runs of a newer version is refused."""

metadata = MetaData()

objects = Table(
    "reconciler_objects",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("last_applied", Text, nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("stuck", Text, nullable=False),
    Column("drift_first", Text, nullable=False),
    Column("drift_last", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Owned objects: owner, last applied values (secrets as keyed digests), protection, first and last drift."""

runs = Table(
    "reconciler_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("scope", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("ended", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("sweeps", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Every run that wrote, with its schema version and the number of live objects of each kind."""

journal = Table(
    "reconciler_journal",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("scope", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("ended", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Intent and outcome of each change in one row: written before the call, completed after it."""

lease = Table(
    "reconciler_lease",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("lock_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("heartbeat", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("digest_key", Text, nullable=False),
)
"""One row a scope: the lock's holder and expiry, by the database's clock. It also holds the scope's digest key."""


owners = Table(
    "reconciler_owners",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("roots", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Display name of each owner, and the root commits of its repository. Ledgers of earlier versions lack this table."""


run_origins = Table(
    "reconciler_run_origins",
    metadata,
    Column("run", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Who started each run, from which commit and which plan. Ledgers of earlier versions lack this table."""

change_fields = Table(
    "reconciler_change_fields",
    metadata,
    Column("operation", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Paths that each change of the journal is about. Ledgers of earlier versions lack this table."""

ADDED = (owners, run_origins, change_fields)
"""Tables that ledgers of earlier versions lack; they are created with the next write."""


def upsert(connection: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Write whole rows in place of those with their keys, with a checksum where the table has one.

    No two rows have one key. Many are written by two statements, each prepared once.
    """
    if not rows:
        return
    values = [{**row, "seal": _seal(row)} if "seal" in table.c else dict(row) for row in rows]
    keys = [column.name for column in table.primary_key.columns]
    same = [table.c[name] == bindparam(f"key_{name}") for name in keys]
    connection.execute(table.delete().where(*same), [{f"key_{name}": row[name] for name in keys} for row in values])
    connection.execute(table.insert(), values)


def verify_row(row: Row[Any]) -> dict[str, Any]:
    """Return a row as a mapping. Raises LedgerError when its checksum does not match."""
    values = dict(row._mapping)
    seal = values.pop("seal")
    if not _sealed(values, seal):
        raise LedgerError(
            "the ledger is damaged: a row is not what was written",
            code="E_LEDGER_DAMAGED",
            hint="bring the ledger back from a copy, or move it away: then nothing is owned and nothing is pruned",
        )
    return values


def _sealed(values: Mapping[str, Any], seal: object) -> bool:
    try:
        return seal == _seal(values)
    except TypeError:  # damage can change a text to bytes
        return False


def _seal(values: Mapping[str, Any]) -> str:
    known = {key: value for key, value in values.items() if key != "seal"}
    return ledger_digest(known)


audit_metadata = MetaData()

results = Table(
    "reconciler_audits",
    audit_metadata,
    Column("run", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""One row for each environment an audit completed; an interrupted run continues with the others."""

drift = Table(
    "reconciler_drift",
    audit_metadata,
    Column("owner", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("attribution", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("first", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("flips", Integer, nullable=False),
    Column("seal", Text, nullable=False),
)
"""One row for each field that ever drifted: first and last time, and the number of transitions."""

DriftRows = dict[tuple[str, str], dict[str, Any]]
"""Rows of the drift of one owner, by address and path."""


def drift_by_owner(connection: Connection, owners: Sequence[str]) -> Mapping[str, DriftRows]:
    """Return the recorded drift of each of the owners."""
    found: dict[str, DriftRows] = {owner: {} for owner in owners}
    for row in connection.execute(select(drift).where(drift.c.owner.in_(owners))):
        values = verify_row(row)
        found[values["owner"]][values["address"], values["path"]] = values
    return found


probe_metadata = MetaData()

probe_objects = Table(
    "reconciler_probe_objects",
    probe_metadata,
    Column("scope", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("step", Text, nullable=False),
    Column("begun", Double, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Objects of `doctor --probe-writes`, written before each write of them; `open` until none is left."""

profiles = Table(
    "reconciler_profiles",
    probe_metadata,
    Column("scope", Text, primary_key=True),
    Column("measured", Double, nullable=False),
    Column("answers", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Latest answers of `doctor` for a scope, as JSON, and when they were measured."""

observations = Table(
    "reconciler_observations",
    probe_metadata,
    Column("scope", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("seen", Text, primary_key=True),
    Column("first", Double, nullable=False),
    Column("seal", Text, nullable=False),
)
"""What runs saw of the service's unknowns by themselves: each once, with its first time and without values."""

rates = Table(
    "reconciler_rates",
    probe_metadata,
    Column("scope", Text, primary_key=True),
    Column("calls", Text, primary_key=True),
    Column("rate", Double, nullable=False),
    Column("measured", Double, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Calls a second (`calls` is reads or writes) that the last run found the service to admit, below the setting."""

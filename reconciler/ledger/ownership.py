"""Owners of objects: their names and repositories, and transfers between them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection

from reconciler.errors import LedgerError
from reconciler.ledger import journal
from reconciler.ledger.db_tables import drift, drift_by_owner, objects, owners, upsert, verify_row
from reconciler.strings import environment_option


def known_owners(connection: Connection) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """Return the name of each owner, and the root commits of its repository where they are known."""
    if not inspect(connection).has_table(owners.name):  # a ledger of an earlier version that was not written since
        return {}, {}
    rows = [verify_row(row) for row in connection.execute(select(owners))]
    roots = {row["owner"]: frozenset(json.loads(row["roots"])) for row in rows}
    return {row["owner"]: row["name"] for row in rows}, roots


def write_owner(connection: Connection, owner: str, name: str, roots: Iterable[str]) -> None:
    """Write the display name of an owner; unknown root commits leave the recorded ones unchanged."""
    _, before = known_owners(connection)
    kept = frozenset(roots) or before.get(owner, frozenset())
    upsert(connection, owners, {"owner": owner, "name": name, "roots": json.dumps(sorted(kept))})


def counts(connection: Connection, scope: str) -> Mapping[str, int]:
    """Return the number of objects of each owner in a scope."""
    found: dict[str, int] = {}
    for thing in journal.known_objects(connection, scope):
        found[thing.owner] = found.get(thing.owner, 0) + 1
    return found


def transfer(connection: Connection, scope: str, source: str, target: str) -> int:
    """Transfer all objects of one owner in a scope to another; returns how many. Raises LedgerError."""
    begun = [entry for entry in journal.open_entries(connection, scope) if entry.intent.owner == source]
    if begun:
        raise LedgerError(
            f"{len(begun)} writes of {source} have an unknown outcome: nothing was handed over",
            code="E_INTENT_OPEN",
            hint=f"settle them first: reconciler history resolve {begun[0].intent.operation}"
            f"{environment_option(target.rpartition('/')[2])}",
        )
    rows = connection.execute(select(objects).where(objects.c.scope == scope, objects.c.owner == source)).all()
    upsert(connection, objects, *({**verify_row(row), "owner": target} for row in rows))
    _transfer_drift(connection, source, target)
    return len(rows)


def _transfer_drift(connection: Connection, source: str, target: str) -> None:
    """Keep the age of known drift under the new owner; drift that this one recorded itself takes precedence."""
    if not inspect(connection).has_table(drift.name):
        return
    rows = drift_by_owner(connection, (source, target))
    kept = (_handed_over(before, rows[target].get(key), target) for key, before in rows[source].items())
    upsert(connection, drift, *kept)
    connection.execute(drift.delete().where(drift.c.owner == source))


def _handed_over(before: dict[str, Any], now: dict[str, Any] | None, target: str) -> dict[str, Any]:
    if now is None:
        return {**before, "owner": target}
    since = min(before["since"], now["since"]) if now["open"] and before["open"] else now["since"]
    return {**now, "first": min(before["first"], now["first"]), "since": since}

"""Forgetting old runs and what they tried; what is owned, what is open, and what guards compare with, stays."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.engine import Connection

from reconciler.ledger.tables import journal, runs


def prune(connection: Connection, scope: str, before: str) -> int:
    """Forget closed journal rows and runs of a scope from before a moment (UTC, as in the API); returns how many.

    A run stays while one of its intents is open, and the last one of each owner that swept the live side stays
    whatever its age: the guard against a collapsed live side compares with it.
    """
    closed = (journal.c.scope == scope, ~journal.c.open, journal.c.ended != "", journal.c.ended < before)
    entries = connection.execute(journal.delete().where(*closed)).rowcount
    old = (runs.c.scope == scope, func.coalesce(func.nullif(runs.c.ended, ""), runs.c.started) < before)
    over = connection.execute(runs.delete().where(*old, ~_open(scope), ~_last_sweep(scope))).rowcount
    return entries + over


def _open(scope: str) -> ColumnElement[bool]:
    return runs.c.id.in_(select(journal.c.run).where(journal.c.scope == scope, journal.c.open))


def _last_sweep(scope: str) -> ColumnElement[bool]:
    swept = select(func.max(runs.c.number)).where(runs.c.scope == scope, runs.c.sweeps != "{}").group_by(runs.c.owner)
    return runs.c.number.in_(swept)

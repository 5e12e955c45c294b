"""Ledger file: its path, and the check that an existing file is a ledger."""

from pathlib import Path

from sqlalchemy import Table, inspect
from sqlalchemy.engine import Connection

from reconciler.errors import LedgerError, ReconcilerError
from reconciler.ledger import db_tables
from reconciler.manifest.files.state_files import DatabaseFormat, check_database, find_state_file

APPLICATION_ID = 0x7265636C
"""Application id in the header of a ledger (PRAGMA application_id): `recl`."""


def _columns(known: dict[str, Table]) -> dict[str, frozenset[str]]:
    return {name: frozenset(table.columns.keys()) for name, table in known.items()}


_OURS = DatabaseFormat(
    what="a ledger of reconciler",
    code="E_LEDGER",
    application_id=APPLICATION_ID,
    tables=_columns(
        {**db_tables.metadata.tables, **db_tables.audit_metadata.tables, **db_tables.probe_metadata.tables}
    ),
    required=frozenset(db_tables.metadata.tables) - {table.name for table in db_tables.ADDED},
)


def ledger_file(root: Path, path: str, *, make: bool) -> Path | None:
    """Return the ledger's file, or None where there is none; with `make` a missing one is created.

    Raises LedgerError for a link below `.reconciler/`, a pipe, a device and any file that is not a ledger.
    """
    try:
        found = find_state_file(root, path, make=make)
        if found is not None:
            check_database(found, _OURS)
    except ReconcilerError as error:
        raise LedgerError(error.message, code=error.code, hint=error.hint) from None
    return found


def refuse_tables(connection: Connection) -> None:
    """Raise LedgerError where tables are to be created in a database with tables of another program."""
    if inspect(connection).get_table_names():
        raise LedgerError(
            "the ledger's file is a database of another program",
            code="E_LEDGER_FOREIGN",
            hint="it was left as it is; name another file",
        )


def mark(connection: Connection) -> None:
    """Write the application id into a ledger's header, for those of versions without it."""
    if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")

"""What the failures of a database mean to an apply, in words and codes of our own."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from reconciler.errors import LedgerError

WRITABLE = "check that its folder exists, is writable and has room; nothing further was sent to the API"


class LostAnswerError(LedgerError):
    """The connection broke: whether the last transaction was kept must be read back."""

    default_code = "E_LEDGER_LOST"


SERVER = (
    "check that the PostgreSQL server runs and answers at the host and port of the ledger's URL (`ledger:` of "
    "the project file, or RECONCILER_LEDGER), and its user, password and database; nothing further was sent to the API"
)


def meant(error: SQLAlchemyError | sqlite3.Error, busy: float, *, local: bool = True) -> LedgerError:
    """Return the error that says what happened and what to do next; `busy` is how long was waited, in seconds.

    `local`: the ledger is a file, and no server that can be away.
    """
    hint = WRITABLE if local else SERVER
    text = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()[0:1]
    said = text[0] if text else type(error).__name__
    lowered = said.lower()
    if "locked" in lowered or "lock timeout" in lowered or "busy" in lowered:
        return LedgerError(
            f"the ledger stayed locked by another process for {busy:g} s",
            code="E_LEDGER_BUSY",
            hint="try again when the other run is done; nothing further was sent to the API",
        )
    if local and ("malformed" in lowered or "not a database" in lowered or "corrupt" in lowered):
        return damaged(said)
    if local and ("full" in lowered or "disk i/o" in lowered or "readonly" in lowered or "unable to open" in lowered):
        return LedgerError(f"the ledger cannot be written: {said}", code="E_LEDGER_WRITE", hint=WRITABLE)
    if isinstance(error, (OperationalError, InterfaceError)):
        return LostAnswerError(f"the ledger cannot be reached: {said}", hint=hint)
    return LedgerError(f"the ledger failed: {said}", hint=hint)


def damaged(said: str) -> LedgerError:
    """Return the error for a file that is not what was written."""
    return LedgerError(
        f"the ledger is damaged: {said}",
        code="E_LEDGER_DAMAGED",
        hint="bring it back from a copy, or move it away: then nothing is owned and nothing is pruned",
    )

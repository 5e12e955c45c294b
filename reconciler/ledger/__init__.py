"""The ledger: what was applied, by whom, and who holds the lock, in SQLite by default or in PostgreSQL by URL."""

from collections.abc import Callable
from pathlib import Path

from reconciler.ledger.audits import Audits, open_audits
from reconciler.ledger.book import Book
from reconciler.ledger.engines import OPERATOR, Trust
from reconciler.ledger.lock import LEASE_SECONDS
from reconciler.ledger.store import BUSY_SECONDS, Store
from reconciler.model.past import ProjectIdentity
from reconciler.redaction import SecretRedactor

__all__ = ["OPERATOR", "Audits", "Book", "Trust", "open_audits", "open_ledger"]


def open_ledger(
    url: str,
    *,
    root: Path | str = ".",
    digest_key: bytes = b"",
    identity: ProjectIdentity | None = None,
    trust: Trust = OPERATOR,
    clock: Callable[[], float] | None = None,
    lease_seconds: float = LEASE_SECONDS,
    busy_seconds: float = BUSY_SECONDS,
    redactor: SecretRedactor | None = None,
) -> Book:
    """Return the ledger at a URL: `sqlite:///FILE` (relative to `root`) or `postgresql://USER@HOST/DATABASE`.

    Nothing is opened or made yet: a ledger stays unmade until something is recorded, and its past says until then that
    it is not present. `digest_key` makes the keyed digests of secrets; without it the ledger keeps one of its own.
    `identity` is the project that asks, for the names of owners. `trust` says who gave the URL: the caller answers for
    it unless told otherwise. `redactor` takes secrets out of what is journalled. `clock` (seconds since 1970) stands in
    for the database's clock in tests.
    """
    store = Store(url, root=Path(root), trust=trust, clock=clock, busy_seconds=busy_seconds)
    return Book(store, digest_key, lease_seconds, redactor, identity)

"""Ledger of the pipeline: each method is one transaction."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import select
from sqlalchemy.engine import Connection

from reconciler.errors import LedgerError
from reconciler.ledger import journal, lock, ownership, run_details
from reconciler.ledger.audit_history import AuditHistory, open_audits
from reconciler.ledger.database import BUSY_SECONDS, CommitUnknownError, Database
from reconciler.ledger.db_tables import SCHEMA
from reconciler.ledger.lock import LEASE_SECONDS
from reconciler.ledger.postgres_url import OPERATOR, Trust
from reconciler.ledger.probe_records import ProbeRecords
from reconciler.model.change import Action
from reconciler.model.ledger_state import LedgerState, ObjectRecord, ProjectIdentity, WriteIntent
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.run_history import JournalEntry, LockInfo, RunRecord
from reconciler.redaction import SecretRedactor
from reconciler.strings import environment_option
from reconciler.timestamps import format_rfc3339

_CERTAIN = 8
"""Least length of a secret to redact in records; a shorter one may be part of a declared word by chance."""


class SqlLedger:
    """Ledger in a database (interfaces.Ledger). `local`: only processes that share this disk see its locks."""

    def __init__(
        self,
        store: Database,
        digest_key: bytes,
        lease_seconds: float,
        redactor: SecretRedactor | None = None,
        identity: ProjectIdentity | None = None,
        *,
        environment: str = "",
    ) -> None:
        self._redactor = redactor or SecretRedactor()
        self._store = store
        self._digest_key = digest_key
        self._lease_seconds = lease_seconds
        self._identity = identity or ProjectIdentity()
        self._environment = environment

    @property
    def local(self) -> bool:
        """Whether it is a file: its lock binds only processes that share the disk."""
        return self._store.local

    def load_state(self, scope: str, owner: str) -> LedgerState:
        """Return the recorded state of one scope; `present` is false where nothing was ever recorded."""
        former = self._identity.former(owner)
        with self._store.read() as connection:
            if connection is None:
                return LedgerState(owner=owner, former=former, adopts=True, digest_key=self._digest_key)
            things = journal.known_objects(connection, scope)
            names, roots = ownership.known_owners(connection)
            return LedgerState(
                present=True,
                owner=owner,
                former=former,
                adopts=True,
                names=names,
                roots=roots,
                objects={(thing.kind, thing.id): thing for thing in things},
                intents=tuple(found.intent for found in journal.open_entries(connection, scope)),
                sweeps=journal.last_sweeps(connection, scope, owner) or journal.last_sweeps(connection, scope, former),
                digest_key=self._digest_key or lock.digest_key(connection, scope),
            )

    @contextmanager
    def lock(self, scope: str, owner: str) -> Iterator[lock.AcquiredLock]:
        """Hold the scope's lock for the duration of a `with`. Raises LockedError that names the holder."""
        held = lock.acquire(self._store, scope, self._identity.name_of(owner), self._lease_seconds, self._environment)
        over = Event()
        heart = Thread(target=lock.renew, args=(held, over), daemon=True, name="heartbeat")
        heart.start()
        try:
            yield held
        finally:
            over.set()
            heart.join()
            with suppress(LedgerError):  # an exception inside matters more, and the lease expires by itself
                lock.release(held)

    def record_intent(self, scope: str, run: str, intent: WriteIntent) -> None:
        """Record a change before it is tried; the record is durable on return."""
        intent = self._kept(intent)

        def write(connection: Connection) -> None:
            journal.write_entry(connection, scope, run, intent)

        self._certainly(write, lambda found: found is not None, intent.operation)

    def record_outcome(
        self, scope: str, run: str, intent: WriteIntent, outcome: Outcome, applied: ObjectRecord | None
    ) -> None:
        """Record the outcome and the new state of the object; an UNKNOWN outcome leaves the intent open."""
        intent = self._kept(intent)
        outcome = replace(outcome, reason=self._redactor.text(outcome.reason))
        if intent.action is not Action.CREATE:
            outcome = replace(outcome, name=intent.name, address=intent.address)
        applied = self._redactor.value(applied, at_least=_CERTAIN)

        def write(connection: Connection) -> None:
            ended = "" if outcome.status is OutcomeStatus.UNKNOWN else self._now(connection)
            journal.write_entry(connection, scope, run, intent, outcome=outcome, ended=ended)
            if applied is not None:
                journal.write_object(connection, scope, run, applied)
            elif outcome.action is Action.DELETE and outcome.status is OutcomeStatus.APPLIED:
                journal.forget_object(connection, scope, intent.kind, intent.id)

        self._certainly(write, lambda found: found is not None and found.outcome == outcome, intent.operation)

    def _kept(self, intent: WriteIntent) -> WriteIntent:
        """Redact secrets in the journal; declared values that identify an object are kept."""
        body, fields = self._redactor.value(intent.body, at_least=_CERTAIN), self._redactor.value(intent.fields)
        if intent.action is Action.CREATE:
            return replace(intent, body=body, fields=fields)
        told = self._redactor.value((intent.name, intent.address))
        return replace(intent, body=body, fields=fields, name=told[0], address=told[1])

    def record_owned(self, scope: str, run: str, objects: tuple[ObjectRecord, ...], sweeps: Mapping[str, int]) -> None:
        """Record declared and matched objects as owned, and the number of objects that the read found."""
        with self._store.write() as connection:
            for thing in self._redactor.value(objects, at_least=_CERTAIN):
                journal.write_object(connection, scope, run, thing)
            known = journal.find_run(connection, run)
            if known is not None:
                journal.write_run(connection, known, SCHEMA, dict(sweeps))

    def remove_objects(self, scope: str, objects: frozenset[tuple[str, str]]) -> None:
        """Remove the records of objects (kind, id) that are known to be deleted."""
        if objects:
            with self._store.write() as connection:
                for kind, object_id in objects:
                    journal.forget_object(connection, scope, kind, object_id)

    def record_drift(self, scope: str, drifting: frozenset[tuple[str, str]], seen: frozenset[tuple[str, str]]) -> None:
        """Record which of the objects seen (kind, id) drift now."""
        with self._store.write() as connection:
            journal.note_drift(connection, scope, drifting, seen, self._now(connection))

    def start(self, run: RunRecord) -> None:
        """Record the start of a run, and its owner's display name."""
        name = self._identity.former(run.owner)
        roots = self._identity.roots() if name else ()
        with self._store.write() as connection:
            if name:
                ownership.write_owner(connection, run.owner, name, roots)
            journal.write_run(connection, replace(run, started=run.started or self._now(connection)), SCHEMA)
            run_details.write_origin(connection, run.id, self._redactor.value(run.origin))

    def end(self, run: str, result: str) -> None:
        """Record the result of a run as text."""
        with self._store.write() as connection:
            known = journal.find_run(connection, run)
            if known is not None:
                journal.write_run(connection, replace(known, ended=self._now(connection), result=result), SCHEMA)

    def list_runs(self, scope: str, limit: int = 20) -> tuple[RunRecord, ...]:
        """Return the newest runs of a scope, newest first; of all scopes where it is empty."""
        with self._store.read() as connection:
            return () if connection is None else journal.known_runs(connection, scope, limit)

    def find_run(self, scope: str, run_id: str) -> RunRecord | None:
        """Return one run of a scope by its id, or None."""
        with self._store.read() as connection:
            return None if connection is None else journal.run_in(connection, scope, run_id)

    def list_entries(self, scope: str, run: str = "", limit: int = 200) -> tuple[JournalEntry, ...]:
        """Return journal entries with their outcomes, newest first."""
        with self._store.read() as connection:
            return () if connection is None else journal.entries(connection, scope, run, limit)

    def list_recent(self, scope: str, seconds: float) -> tuple[JournalEntry, ...]:
        """Return the entries whose outcome was recorded in the last seconds, oldest first."""
        with self._store.read() as connection:
            if connection is None:
                return ()
            now = float(connection.execute(select(self._store.now())).scalar_one())
            return journal.ended_since(connection, scope, format_rfc3339(now - seconds))

    def resolve(self, scope: str, operation: str, created_id: str) -> JournalEntry:
        """Resolve an open intent as an operator decided: created under this id, or (empty) not applied."""
        with self._store.write() as connection:
            found = {entry.intent.operation: entry for entry in journal.open_entries(connection, scope)}.get(operation)
            if found is None:
                raise LedgerError(
                    f"no open intent has the id {operation!r}",
                    code="E_INTENT_ID",
                    hint=f"`reconciler history{environment_option(self._environment)}` lists the open ones",
                )
            outcome = _decided(found.intent, created_id)
            journal.write_entry(
                connection, scope, found.run, found.intent, outcome=outcome, ended=self._now(connection)
            )
        return JournalEntry(run=found.run, intent=found.intent, outcome=outcome)

    def owners(self, scope: str) -> Mapping[str, int]:
        """Return the owners of a scope, each with its number of objects."""
        with self._store.read() as connection:
            return {} if connection is None else ownership.counts(connection, scope)

    def names(self) -> Mapping[str, str]:
        """Return the display name of each owner."""
        with self._store.read() as connection:
            return {} if connection is None else ownership.known_owners(connection)[0]

    def transfer(self, scope: str, source: str, target: str) -> int:
        """Transfer all objects of one owner in a scope to another, and record the repository that requests it."""
        name = self._identity.former(target)
        roots = self._identity.roots() if name else ()
        with self._store.write() as connection:
            if name:
                ownership.write_owner(connection, target, name, roots)
            return ownership.transfer(connection, scope, source, target) if source != target else 0

    def prune(self, scope: str, before: str) -> int:
        """Delete runs and their entries from before a time (UTC, as in the API); returns how many rows."""
        with self._store.read() as connection:
            if connection is None:
                return 0
        with self._store.write() as connection:
            return journal.prune(connection, scope, before)

    def probes(self, scope: str) -> ProbeRecords:
        """Return the records of `doctor` for a scope: objects that may be left over, and the latest profile."""
        return ProbeRecords(self._store, scope)

    def list_locks(self) -> tuple[LockInfo, ...]:
        """Return the present locks with their holders."""
        return lock.holders(self._store)

    def break_lock(self, lock_id: str) -> LockInfo:
        """Break a lock by its exact id."""
        return lock.break_lock(self._store, lock_id, self._environment)

    def close(self) -> None:
        """Close the connections."""
        self._store.close()

    def _certainly(
        self, write: Callable[[Connection], None], kept: Callable[[JournalEntry | None], bool], operation: str
    ) -> None:
        """Write; where the response to COMMIT was lost, read back by operation id, and write once more if necessary."""
        try:
            with self._store.write() as connection:
                write(connection)
        except CommitUnknownError:
            with self._store.read() as connection:
                if connection is not None and kept(journal.entry(connection, operation)):
                    return
            with self._store.write() as connection:
                write(connection)

    def _now(self, connection: Connection) -> str:
        return format_rfc3339(float(connection.execute(select(self._store.now())).scalar_one()))


def _decided(intent: WriteIntent, created_id: str) -> Outcome:
    done = bool(created_id)
    return Outcome(
        status=OutcomeStatus.APPLIED if done else OutcomeStatus.FAILED,
        action=intent.action,
        address=intent.address,
        kind=intent.kind,
        name=intent.name,
        id=created_id,
        code="N_RESOLVED",
        reason="an operator said it was done" if done else "an operator said it was not carried out",
    )


__all__ = ["OPERATOR", "AuditHistory", "SqlLedger", "Trust", "open_audits", "open_ledger"]


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
    environment: str = "",
) -> SqlLedger:
    """Return the ledger at a URL: `sqlite:///FILE` (relative to `root`) or `postgresql://USER@HOST/DATABASE`.

    Nothing is opened or created yet: a ledger is created with its first record, and its state is not present until
    then. `digest_key` makes the keyed digests of secrets; without it the ledger creates its own. `identity` is the
    present project, for the names of owners. `trust` is the source of the URL, by default the caller. `redactor`
    removes secrets from the journal. `environment` is named in the commands of messages. `clock` (seconds since 1970)
    replaces the database's clock in tests.
    """
    store = Database(url, root=Path(root), trust=trust, clock=clock, busy_seconds=busy_seconds)
    return SqlLedger(store, digest_key, lease_seconds, redactor, identity, environment=environment)

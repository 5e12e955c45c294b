"""Lock: a row with a lease. A heartbeat renews it, each write checks it; an expired lease loses the lock."""

import hashlib
import os
import secrets
import socket
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection, Row

from reconciler.errors import LedgerError, LockedError
from reconciler.late_methods import dataclass
from reconciler.ledger.database import Database, damaged
from reconciler.ledger.db_tables import lease
from reconciler.model.json_types import Json
from reconciler.model.run_history import LockInfo
from reconciler.strings import environment_option
from reconciler.timestamps import format_rfc3339


def here() -> str:
    """Describe this process for users."""
    return f"{os.environ.get('USER') or os.getuid()}@{socket.gethostname()}, process {os.getpid()}"


def process_name(pid: int = 0) -> str:
    """Return a unique name of a process (by default this one).

    It consists of kernel boot, process namespace, number, time of start. Empty where unavailable (no /proc): then a
    lock is freed by the end of its lease alone.
    """
    number = pid or os.getpid()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
        started = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
    return f"{hashlib.sha256(f'{boot} {space}'.encode()).hexdigest()[:16]} {number} {started}"


def may_live(name: str) -> bool:
    """Tell whether a process may be alive: one of another machine or namespace always may."""
    own = process_name()
    place, pid, _started = name.split(" ")
    if not own or not own.startswith(place):
        return True
    return process_name(int(pid)) == name


LEASE_SECONDS = 300.0
"""Seconds that a lease lasts without a heartbeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquiredLock:
    """Acquired lock; checked before each write."""

    id: str
    scope: str
    epoch: int
    seconds: float
    store: Database

    def check(self) -> None:
        """Renew the lease. Raises LockedError when it expired or was broken: nothing may be written then."""
        with self.store.write() as connection:
            now = self.store.now()
            mine = (lease.c.scope == self.scope, lease.c.lock_id == self.id, lease.c.epoch == self.epoch)
            renewed = connection.execute(
                lease.update().where(*mine, lease.c.until > now).values(heartbeat=now, until=now + self.seconds)
            )
            if renewed.rowcount == 1:
                return
            row = _row(connection, self.scope)
        raise LockedError(
            f"the lock {self.id} ran out or was taken away{_by(row)}: nothing further is written",
            hint="run the apply again; it goes on where this one stopped",
        )


def acquire(store: Database, scope: str, owner: str, seconds: float, environment: str = "") -> AcquiredLock:
    """Acquire a scope's lock, also from a holder with an expired lease or an ended process. Raises LockedError.

    `environment` is named in the commands of its message.
    """
    lock_id, holder, process = secrets.token_hex(8), here(), process_name()
    with store.write() as connection:
        now = store.now()
        _ensure(connection, scope)
        free = (lease.c.lock_id == "") | (lease.c.until <= now) | lease.c.process.in_(_gone(connection, scope))
        values = {"lock_id": lock_id, "owner": owner, "holder": holder, "process": process, "since": now}
        taken = connection.execute(
            lease.update()
            .where(lease.c.scope == scope, free)
            .values(**values, epoch=lease.c.epoch + 1, heartbeat=now, until=now + seconds)
        )
        row = connection.execute(select(lease).where(lease.c.scope == scope)).one()
    if taken.rowcount != 1:
        raise _locked(row, environment)
    return AcquiredLock(id=lock_id, scope=scope, epoch=row.epoch, seconds=seconds, store=store)


def renew(held: AcquiredLock, over: Event) -> None:
    """Renew the lease during a long write; an expired one is never revived, as the next check reports."""
    while not over.wait(held.seconds / 3):
        try:
            held.check()
        except LockedError:
            return
        except LedgerError:
            continue  # the next check before a write reports it


def release(held: AcquiredLock) -> None:
    """Release a lock, if it is still held."""
    with held.store.write() as connection:
        mine = (lease.c.scope == held.scope, lease.c.lock_id == held.id, lease.c.epoch == held.epoch)
        connection.execute(lease.update().where(*mine).values(lock_id="", until=0.0, process=""))


def holders(store: Database) -> tuple[LockInfo, ...]:
    """Return the locks with their holders."""
    with store.read() as connection:
        if connection is None:
            return ()
        rows = connection.execute(
            select(lease, (lease.c.until <= store.now()).label("lapsed"))
            .where(lease.c.lock_id != "")
            .order_by(lease.c.scope)
        ).all()
    return tuple(_described(row) for row in rows)


def break_lock(store: Database, lock_id: str, environment: str = "") -> LockInfo:
    """Break a lock, by its exact id."""
    found = next((holder for holder in holders(store) if lock_id and holder.lock_id == lock_id), None)
    if found is None:
        raise LedgerError(
            f"no lock has the id {lock_id!r}: nothing was released",
            code="E_LOCK_ID",
            hint=f"`reconciler lock list{environment_option(environment)}` shows the ids; "
            "release only a lock whose run is known to be over",
        )
    with store.write() as connection:
        same = (lease.c.scope == found.scope, lease.c.lock_id == lock_id, lease.c.epoch == found.epoch)
        connection.execute(lease.update().where(*same).values(lock_id="", until=0.0, process=""))
    return found


def digest_key(connection: Connection, scope: str) -> bytes:
    """Return the scope's key for digests of secrets; empty where none was created yet."""
    row = _row(connection, scope)
    try:
        return bytes.fromhex(row.digest_key) if row is not None else b""
    except (ValueError, TypeError):
        raise damaged("its key for digests is none") from None


def _ensure(connection: Connection, scope: str) -> None:
    if _row(connection, scope) is not None:
        return
    empty: dict[str, Json] = {"lock_id": "", "owner": "", "holder": "", "process": ""}
    times = {"since": 0.0, "heartbeat": 0.0, "until": 0.0}
    row = {"scope": scope, "epoch": 0, **empty, **times, "digest_key": secrets.token_hex(32)}
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        connection.execute(insert(lease).values(row).on_conflict_do_nothing())
        return
    connection.execute(lease.insert().values(row))


def _row(connection: Connection, scope: str) -> Row[Any] | None:
    return connection.execute(select(lease).where(lease.c.scope == scope)).one_or_none()


def _gone(connection: Connection, scope: str) -> list[str]:
    row = _row(connection, scope)
    if row is None or not row.process or may_live(row.process):
        return []
    return [row.process]


def _locked(row: Any, environment: str) -> LockedError:
    found = _described(row)
    return LockedError(
        f"{found.scope} is locked by {found.holder} for {found.owner} since {found.since} (lock {found.lock_id})",
        hint=f"wait for it; its lease ends at {found.until} unless it is renewed. If that run is certainly over: "
        f"reconciler lock release {found.lock_id}{environment_option(environment)}",
    )


def _by(row: Any) -> str:
    return f" (now held by {row.holder}, lock {row.lock_id})" if row is not None and row.lock_id else ""


def _described(row: Any) -> LockInfo:
    return LockInfo(
        lock_id=row.lock_id,
        scope=row.scope,
        owner=row.owner,
        holder=row.holder,
        epoch=row.epoch,
        since=format_rfc3339(row.since),
        until=format_rfc3339(row.until),
        lapsed=bool(row._mapping.get("lapsed", False)),
    )

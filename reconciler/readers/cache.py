"""The read cache: shows of objects that have not been written since, kept in a file that holds no secret.

It believes an object's `update_time` and nothing else, and that not quite: a stamp counts whole seconds, so that one
younger than two seconds at the read proves nothing; and an edit of a child may leave the parent's stamp alone
(api.md §8), so that a seventh of the objects is read anew at each run, another seventh each time. Apply never uses it.
"""

import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.kinds.kind import Kind
from reconciler.model.resource import Json
from reconciler.readers.safe import safe

SETTLED = timedelta(seconds=2)
TURNS = 7
FORMAT = 1

_TABLES = (
    "create table if not exists turn (scope text primary key, number integer not null) without rowid",
    "create table if not exists object (scope text not null, kind text not null, id text not null, stamp text not null,"
    " body blob not null, primary key (scope, kind, id)) without rowid",
)
_OBJECTS = "select id, stamp, body from object where scope = ? and kind = ?"
_KEEP = "insert or replace into object values (?, ?, ?, ?, ?)"
_FORGET = "delete from object where scope = ? and kind = ? and id = ?"
_TURN = "insert into turn values (?, 0) on conflict (scope) do update set number = (number + 1) % ? returning number"


class ReadCache:
    """One cache file, for one run. A damaged file is begun anew; one that cannot be written costs calls only.

    `scope` keeps projects and users apart. With `refresh` nothing in it is believed, and all of it is renewed.
    """

    def __init__(self, path: Path, *, scope: str, refresh: bool = False) -> None:
        self._scope = scope
        self._refresh = refresh
        self._lock = threading.Lock()
        self._file = _opened(path)
        rows = self._ask(_TURN, scope, TURNS)
        self._turn = rows[0][0] if rows else 0

    def known(self, kind: Kind, stamps: Mapping[str, str]) -> dict[str, dict[str, Json]]:
        """Return the shows that still hold, by id, of the objects whose stamps are given."""
        if self._refresh:
            return {}
        rows = self._ask(_OBJECTS, self._scope, kind.name)
        held = [row for row in rows if stamps.get(row[0]) == row[1] and not self._due(row[0])]
        shows = ((object_id, _unpacked(body)) for object_id, _, body in held)
        return {object_id: show for object_id, show in shows if show is not None}

    def keep(
        self, kind: Kind, shows: Mapping[str, Mapping[str, Json]], stamps: Mapping[str, str], now: datetime | None
    ) -> None:
        """Keep shows that were read at `now`, or later, by the service's own clock; None keeps nothing."""
        entries = [
            (self._scope, kind.name, object_id, stamps[object_id], _packed(safe(kind, show)))
            for object_id, show in shows.items()
            if object_id in stamps and now and _settled(kind, show, stamps[object_id], now)
        ]
        self._do(_KEEP, entries)

    def forget(self, kind: Kind, present: Iterable[str]) -> None:
        """Drop the objects of a kind that are no longer there."""
        gone = {row[0] for row in self._ask(_OBJECTS, self._scope, kind.name)} - set(present)
        self._do(_FORGET, [(self._scope, kind.name, object_id) for object_id in sorted(gone)])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _due(self, object_id: str) -> bool:
        return zlib.crc32(object_id.encode()) % TURNS == self._turn

    def _ask(self, sql: str, *values: str | int) -> list[tuple[str, str, bytes]]:
        try:
            with self._lock, self._file:
                return self._file.execute(sql, values).fetchall()
        except sqlite3.Error:
            return []

    def _do(self, sql: str, entries: Sequence[tuple[str | bytes, ...]]) -> None:
        try:
            with self._lock, self._file:
                self._file.executemany(sql, entries)
        except sqlite3.Error:
            return


def _opened(path: Path) -> sqlite3.Connection:
    """Open a cache file of ours; a damaged one is put aside, and where there can be none, memory has to do."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _ready(path)
    except (OSError, sqlite3.OperationalError):
        return _ready(":memory:")
    except sqlite3.DatabaseError:
        path.replace(path.with_name(path.name + ".damaged"))
        return _ready(path)


def _ready(path: Path | str) -> sqlite3.Connection:
    if isinstance(path, Path):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    file = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    try:
        with file:
            if file.execute("pragma user_version").fetchone()[0] not in {0, FORMAT}:
                raise sqlite3.DatabaseError("a cache of another version")
            file.execute(f"pragma user_version = {FORMAT}")
            for table in _TABLES:
                file.execute(table)
        if file.execute("pragma quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("a damaged cache")
    except sqlite3.Error:
        file.close()
        raise
    return file


def _settled(kind: Kind, show: Mapping[str, Json], stamp: str, now: datetime) -> bool:
    """Tell whether a show belongs to its row's stamp, and the stamp is old enough to tell a later write apart."""
    if stamp not in [show.get(name) for name in kind.stamps]:
        return False
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return False
    return now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= SETTLED


def _packed(show: Mapping[str, Json]) -> bytes:
    return zlib.compress(json.dumps(show, ensure_ascii=False, separators=(",", ":")).encode(), level=1)


def _unpacked(body: bytes) -> dict[str, Json] | None:
    """Return a kept show, or None where its bytes are damaged: zlib's own checksum tells."""
    try:
        show = json.loads(zlib.decompress(body))
    except (ValueError, TypeError, zlib.error):
        return None
    return show if isinstance(show, dict) else None

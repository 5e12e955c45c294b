"""Read cache: shows of unchanged objects, in a file without secrets.

An entry is used while the object's `update_time` is unchanged, with two limits: the field has whole seconds, so one
younger than two seconds at the read proves nothing; and an edit of a child may not change the parent's field (api.md
§8). So each run reads another seventh of the objects again, and what comes from the cache is complete only where the
profile of the service proves that every write renews the field.

Such a profile is of the past, and no list tells whether a call for a single child still renews the field: with it, all
objects of a kind that has such calls are read again, so that a plan is complete and equal to one without a cache even
where the service has changed since. An entry that differs from a new read under the same field contradicts the profile.
Apply never uses the cache.
"""

import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path

from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.manifest.files.state_files import DatabaseFormat, check_database, find_state_file, is_marked
from reconciler.model.json_types import Json
from reconciler.model.resource import address
from reconciler.readers.live_objects import Row, name_of
from reconciler.redaction import SecretRedactor
from reconciler.redaction.stored_object import safe
from reconciler.semantics.compiled_field import compiled
from reconciler.semantics.fingerprint import live_fingerprint
from reconciler.timestamps import format_rfc3339, parse_iso8601

SETTLED = timedelta(seconds=2)
TURNS = 7
FORMAT = 2
APPLICATION_ID = 0x72656363
"""Application id in the header of a cache (PRAGMA application_id): `recc`."""

_COLUMNS = {
    "turn": frozenset({"scope", "number"}),
    "object": frozenset({"scope", "kind", "id", "stamp", "body"}),
}
_OURS = DatabaseFormat(
    what="a read cache of reconciler",
    code="E_CACHE",
    application_id=APPLICATION_ID,
    tables=_COLUMNS,
    required=frozenset(_COLUMNS),
)
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
    """One cache file, for one run. A damaged cache is recreated; one that cannot be written only costs calls.

    Raises ReconcilerError for a file at `path` (from `root`) that is not a cache, and does not change it. `scope`
    separates projects and users. With `refresh` no entry is used and all are renewed. `proven`: every write of the
    service renews the version field. `contradiction` names an object that shows the opposite, empty while none does.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        scope: str,
        root: Path = Path(),
        refresh: bool = False,
        redactor: SecretRedactor | None = None,
        proven: bool = False,
    ) -> None:
        self.proven = proven
        self.contradiction = ""
        self.redactor = redactor or SecretRedactor()
        self._scope = scope
        self._refresh = refresh
        self._lock = threading.Lock()
        self._file = _opened(root, os.fspath(path))
        rows = self._ask(_TURN, scope, TURNS)
        self._turn = rows[0][0] if rows else 0

    def keeper(self, kind: Kind, stamps: Mapping[str, str]) -> "CacheSession":
        """Return the cache session for objects of a kind, given the version fields of their list rows."""
        return CacheSession(cache=self, kind=kind, stamps=stamps)

    def entries(self, kind: Kind) -> list[tuple[str, str, bytes]]:
        """Return all entries of a kind, due or not: id, version field, packed show."""
        return self._ask(_OBJECTS, self._scope, kind.name)

    def believed(self, kind: Kind, object_id: str) -> bool:
        """Tell whether an object may be taken from the cache in this run."""
        if self._refresh or (self.proven and kind.item_collection):
            return False
        return zlib.crc32(object_id.encode()) % TURNS != self._turn

    def distrust(self) -> None:
        """Use no entry from now on, since a read contradicts what was proven."""
        self.proven = False
        self._refresh = True

    def renew(self, kind: Kind, shows: Mapping[str, tuple[str, bytes]], gone: Iterable[str]) -> None:
        """Store packed shows with their version fields, and remove objects."""
        self._do(_KEEP, [(self._scope, kind.name, key, stamp, show) for key, (stamp, show) in shows.items()])
        self._do(_FORGET, [(self._scope, kind.name, key) for key in gone])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

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


@dataclass(slots=True, kw_only=True)
class CacheSession:
    """Cache entries of one read of one kind: known ones, and ones to store, packed until the end."""

    cache: ReadCache
    kind: Kind
    stamps: Mapping[str, str]
    packed: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    oldest: str = ""
    _due: dict[str, Row] = field(default_factory=dict)

    def known(self) -> Iterator[tuple[str, Row]]:
        """Return the shows to use, with their ids; those that are due in this run are kept for comparison."""
        for object_id, stamp, body in self.cache.entries(self.kind):
            if self.stamps.get(object_id) != stamp:
                continue
            entry = _unpacked(body)
            if entry is None:
                continue
            if self.cache.believed(self.kind, object_id):
                self.oldest = min(filter(None, (self.oldest, entry.read)), default="")
                yield object_id, entry.show
            else:
                self._due[object_id] = entry.show

    @property
    def due(self) -> Set[str]:
        """Ids of the objects that are read only to be compared with their entries; valid after `known`."""
        return self._due.keys()

    def take(self, object_id: str, show: Row, now: datetime | None) -> None:
        """Store a show that was read at `now`, or later, by the service's clock; None proves nothing."""
        stamp = self.stamps.get(object_id, "")
        kept = safe(self.kind, show)
        self._compare(object_id, kept, stamp)
        secret = self.cache.redactor.value(kept) is not kept  # an object that holds one is read again each time
        if now and not secret and _settled(self.kind, show, stamp, now):
            self.packed[object_id] = (stamp, _packed(kept, now))

    def _compare(self, object_id: str, show: Row, stamp: str) -> None:
        """Note an object that was changed although its version field is the same."""
        old = self._due.get(object_id)
        if old is None or not _has_stamp(self.kind, show, stamp):
            return
        root = compiled(self.kind)
        if live_fingerprint(root, old) != live_fingerprint(root, show):
            self.cache.contradiction = address(self.kind.name, name_of(self.kind, show))

    def finish(self, present: Iterable[str] | None) -> None:
        """Write all entries; objects that are not among those `present` are removed (None: unknown)."""
        gone = set[str]() if present is None else {row[0] for row in self.cache.entries(self.kind)} - set(present)
        self.cache.renew(self.kind, self.packed, sorted(gone))


def _opened(root: Path, path: str) -> sqlite3.Connection:
    """Open a cache file; a damaged one is recreated, and memory is used where no file is possible.

    Raises ReconcilerError for a file that is not a cache, and for a link, a pipe or a device.
    """
    try:
        file = find_state_file(root, path, make=True)
        if file is None:
            return _ready(":memory:")
        check_database(file, _OURS)
    except OSError:
        return _ready(":memory:")
    try:
        return _ready(file)
    except sqlite3.OperationalError:
        return _ready(":memory:")
    except sqlite3.DatabaseError:
        return _begun_anew(file)


def _begun_anew(file: Path) -> sqlite3.Connection:
    """Replace a cache that is damaged, or of another version."""
    try:
        if is_marked(file, _OURS):
            for name in (file.name, f"{file.name}-journal"):
                file.with_name(name).unlink(missing_ok=True)
            return _ready(file)
    except (OSError, sqlite3.Error):
        pass
    return _ready(":memory:")


def _ready(path: Path | str) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    try:
        with file:
            if file.execute("pragma user_version").fetchone()[0] not in {0, FORMAT}:
                raise sqlite3.DatabaseError("a cache of another version")
            file.execute(f"pragma user_version = {FORMAT}")
            file.execute(f"pragma application_id = {APPLICATION_ID}")
            for table in _TABLES:
                file.execute(table)
        if file.execute("pragma quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("a damaged cache")
    except sqlite3.Error:
        file.close()
        raise
    return file


def _settled(kind: Kind, show: Mapping[str, Json], stamp: str, now: datetime) -> bool:
    """Tell whether a show matches its row's version field, and that is old enough to exclude a later write."""
    if not _has_stamp(kind, show, stamp):
        return False
    moment = parse_iso8601(stamp)
    return moment is not None and now - moment >= SETTLED


def _has_stamp(kind: Kind, show: Mapping[str, Json], stamp: str) -> bool:
    return stamp in [show.get(name) for name in kind.version_fields]


@dataclass(frozen=True, slots=True)
class _CacheEntry:
    """Stored show, and when it was read."""

    show: Row
    read: str


def _packed(show: Mapping[str, Json], now: datetime) -> bytes:
    entry = {"read": format_rfc3339(now), "show": show}
    return zlib.compress(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode(), level=1)


def _unpacked(body: bytes) -> _CacheEntry | None:
    """Return a stored entry, or None where its bytes are damaged (zlib's checksum)."""
    try:
        entry = json.loads(zlib.decompress(body))
        return _CacheEntry(dict(entry["show"]), str(entry["read"]))
    except (ValueError, TypeError, KeyError, zlib.error):
        return None

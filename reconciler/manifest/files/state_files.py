"""Files of a run below `.reconciler/` (ledger, read cache): permitted locations, and the check of a database.

A project file names them below `.reconciler/` only, which is opened without following links. Other locations are the
operator's. A file that this tool did not create is never changed, nor opened with SQLite: opening a database can
already change it (a journal is rolled back, a write-ahead log is merged).
"""

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.errors import ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.manifest.files import project_tree
from reconciler.manifest.files.project_tree import open_folder, refuse_irregular

if TYPE_CHECKING:
    import sqlite3

FOLDER = ".reconciler"
"""Folder for the state of runs in a project; none of it belongs into git."""

_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""End of a rollback journal that names a further journal (sqlite.org/fileformat.html, section 3)."""
_BESIDE = ("-journal", "-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFormat:
    """Format of a SQLite file of this tool: its application_id, or in older files exactly these tables.

    `tables` are columns by table; those of `required` are in every file. `what` is the noun for such a file in messages
    and `code` begins the codes: E_LEDGER_FOREIGN, E_LEDGER_DAMAGED.
    """

    what: str
    code: str
    application_id: int
    tables: Mapping[str, frozenset[str]]
    required: frozenset[str]


def outside_state_folder_reason(path: str) -> str:
    """Return why a project file may not keep a database at a path, or empty where it may."""
    steps = path.split("/")
    if steps[0] != FOLDER or len(steps) < 2 or any(step.startswith(".") or not step for step in steps[1:]):
        name = steps[-1] if re.fullmatch("[A-Za-z0-9_-][A-Za-z0-9._-]*", steps[-1]) else "NAME.db"
        return f"must be a file below {FOLDER}/, such as {FOLDER}/{name}"
    if "\\" in path or not path.isprintable():
        return "must be a name of printable characters without a backslash"
    if path.endswith(_BESIDE):
        return f"must not end in {' or '.join(_BESIDE)}, which are the names of a database's journals"
    return ""


def find_state_file(root: Path, path: str, *, make: bool) -> Path | None:
    """Return the path of a database, or None where it does not exist; with `make` an empty file is created.

    A relative path below `.reconciler/` is opened step by step from `root`; any other is the operator's. Raises
    ReconcilerError for a link, a device, a pipe or a folder, and OSError.
    """
    whole, steps = root / path, path.split("/")
    if steps[0] != FOLDER:
        return _operators(whole, make=make)
    if reason := outside_state_folder_reason(path):
        raise ReconcilerError(f"{project_tree.display_path(path)} {reason}", code="E_PATH")
    try:
        make_state_folder(root) if make else None
        with open_folder(root, steps[:-1], make=make) as folder:
            return whole if _is_there(folder, steps[-1], path, make=make) else None
    except NotADirectoryError:
        raise not_a_folder(whole, path) from None
    except FileNotFoundError:
        if make:
            raise
        return None


def check_database(path: Path, database: DatabaseFormat) -> None:
    """Raise ReconcilerError for a file of another format, which is not changed.

    An empty file is a new one. SQLite opens the file as immutable: without a lock, a journal rollback or a log. Only
    SQLite opens the file: closing another descriptor would drop the locks that another thread holds on it (fcntl(2)).
    """
    import sqlite3  # for start-up: few commands open a database

    found = os.stat(path)
    if not found.st_size:
        return
    if found.st_nlink > 1:
        raise _foreign(path, database, "it has more than one name (hard links), which breaks its journal")
    try:
        with _unchanging(path) as connection:
            number = _application_id(connection)
            tables = _tables(connection) if number == 0 else {}
    except sqlite3.OperationalError as error:
        raise OSError(errno.EACCES, str(error)) from None
    except sqlite3.Error as error:
        raise ReconcilerError(
            f"{path} is not {database.what}, or damaged: {error}",
            code=f"{database.code}_DAMAGED",
            hint=f"it was left as it is; bring {database.what} back from a copy, or name another file",
        ) from None
    if number not in (0, database.application_id) or (number == 0 and not _are_ours(tables, database)):
        raise _foreign(path, database, "it is a database of another program")
    _check_journal(path, database)


def is_marked(path: Path, database: DatabaseFormat) -> bool:
    """Tell whether a file's header has the application id, independent of the rest of the file."""
    import sqlite3

    try:
        with _unchanging(path) as connection:
            return os.stat(path).st_nlink == 1 and _application_id(connection) == database.application_id
    except (OSError, sqlite3.Error):
        return False


def _operators(path: Path, *, make: bool) -> Path | None:
    """Return a path the operator names; links are followed, but only to a regular file."""
    if make and not os.path.lexists(path):
        if path.parent.is_dir():
            with open_folder(path.parent, ()) as folder:
                _check_beside(folder, path.name, os.fspath(path))
        else:
            if any(part.exists() and not part.is_dir() for part in path.parents):
                raise NotADirectoryError(errno.ENOTDIR, not_a_folder(path, os.fspath(path)).message)
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)  # another run may be creating it too
            _write_new(path.parent / ".gitignore", b"*\n")
        _write_new(path, b"")
    if not os.path.lexists(path):
        return None
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise project_tree.irregular(os.fspath(path))
    real = path.resolve()
    with open_folder(real.parent, ()) as folder:
        _check_beside(folder, real.name, os.fspath(path))
    return path


def make_state_folder(root: Path) -> None:
    """Create the state folder for this user alone: it holds the digest key and names of objects."""
    with open_folder(root, ()) as folder:
        try:
            os.mkdir(FOLDER, 0o700, dir_fd=folder)
        except FileExistsError:
            return
    with open_folder(root, (FOLDER,)) as folder, suppress(FileExistsError):
        handle = os.open(".gitignore", os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666, dir_fd=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(b"*\n")


def _is_there(folder: int, name: str, path: str, *, make: bool) -> bool:
    _check_beside(folder, name, path)  # before anything is created
    if make:
        with suppress(FileExistsError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder))
    try:
        refuse_irregular(folder, name, path)
    except FileNotFoundError:
        return False
    return True


def _check_beside(folder: int, name: str, path: str) -> None:
    """Refuse a link, a pipe or a device at the path of the file's journal or log."""
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            refuse_irregular(folder, name + ending, path + ending)


def _write_new(path: Path, data: bytes) -> None:
    with suppress(FileExistsError):
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600 if not data else 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(data)


@contextmanager
def _unchanging(path: Path) -> Iterator["sqlite3.Connection"]:
    """Yield a connection that reads a database as it is on disk, without locks or changes."""
    import sqlite3

    url = f"file:{quote(os.fspath(path.resolve()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(url, uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection


def _application_id(connection: "sqlite3.Connection") -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _tables(connection: "sqlite3.Connection") -> dict[str, frozenset[str]]:
    """Return the columns of every table by its name; other objects have none."""
    rows = connection.execute("SELECT name, type FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {
        str(name): frozenset(row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (name,)))
        if kind == "table"
        else frozenset()
        for name, kind in rows.fetchall()
    }


def _are_ours(tables: Mapping[str, frozenset[str]], database: DatabaseFormat) -> bool:
    known = {name for name, columns in tables.items() if database.tables.get(name) == columns}
    return len(known) == len(tables) and database.required <= known


def _check_journal(path: Path, database: DatabaseFormat) -> None:
    """Refuse a journal that names a further file, which SQLite would delete; a ledger never spans two databases."""
    try:
        with open(f"{path.resolve()}-journal", "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - len(_SUPER_JOURNAL)))
            end = file.read(len(_SUPER_JOURNAL))
    except FileNotFoundError:
        return
    if end == _SUPER_JOURNAL:
        raise _foreign(path, database, "its journal names a journal of another database")


def not_a_folder(whole: Path, path: str) -> ReconcilerError:
    """Return the error for a file in place of a folder."""
    taken = next((part for part in reversed(whole.parents) if part.exists() and not part.is_dir()), whole.parent)
    return ReconcilerError(
        f"{project_tree.display_path(path)} cannot be used: {project_tree.display_path(os.fspath(taken))} is no folder",
        code="E_PATH_TYPE",
        hint="move what lies there away, reconciler makes the folder itself; nothing further was sent",
    )


def _foreign(path: Path, database: DatabaseFormat, reason: str) -> ReconcilerError:
    return ReconcilerError(
        f"{path} is not {database.what}: {reason}",
        code=f"{database.code}_FOREIGN",
        hint="it was left as it is; name another file",
    )

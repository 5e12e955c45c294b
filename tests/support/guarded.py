"""A project beside files that are none of its business, and a proof that a run left all of them alone."""

import hashlib
import os
import signal
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

CANARY = "canary-5d41402abc"
GIGANTIC = 3 << 30
_DIGESTED = 1 << 20

Listing = Mapping[str, tuple[object, ...]]


def foreign_database(path: Path) -> Path:
    """Make a database of another program, one that has rolled nothing back and has no application_id."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
        connection.execute("INSERT INTO customers VALUES (?)", (CANARY,))
    return path


def outside_of(folder: Path) -> Path:
    """Make a folder beside the project with whatever a path could be bent to."""
    outside = folder / "outside"
    (outside / "folder").mkdir(parents=True)
    (outside / "secret.txt").write_text(f"{CANARY}: [\n")
    (outside / "folder/secret.yaml").write_text(f"{CANARY}: [\n")
    foreign_database(outside / "app.db")
    for path in outside.rglob("*"):  # a read would move the time of access, which is older than the last change
        os.utime(path, ns=(0, path.stat().st_mtime_ns))
    return outside


def sparse(path: Path, size: int = GIGANTIC) -> Path:
    """Make a file of a size that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


def listing(root: Path) -> Listing:
    """Return what stands below a folder: inode, type, size, times, names of each, and a digest of what it holds."""
    return {str(path.relative_to(root)): _facts(path) for path in sorted([root, *root.rglob("*")])}


def _facts(path: Path) -> tuple[object, ...]:
    found = path.lstat()
    content: object = None
    if stat.S_ISLNK(found.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(found.st_mode):
        with path.open("rb") as file:
            content = hashlib.sha256(file.read(_DIGESTED)).hexdigest()
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    accessed = 0 if stat.S_ISDIR(found.st_mode) else found.st_atime_ns
    return found.st_ino, found.st_mode, found.st_nlink, found.st_size, found.st_mtime_ns, accessed, content


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what hangs in the middle of a system call, and the test with it."""

    def late(_number: int, _frame: object) -> None:
        raise AssertionError(f"it hangs: nothing came of it within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

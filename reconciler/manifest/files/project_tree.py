"""Opens files without following links: every path that a file of the project, a fleet row or a plan holds goes here.

A path is opened step by step, each relative to the folder before (openat(2) with O_NOFOLLOW), so that a link that is
put in place between a check and the opening leads nowhere. What is opened is a regular file, and its size is known
before a byte of it is read. A hard link is read like any file: a repository cannot hold one, and whoever can make one
can copy the file as well.

Paths that the operator names (flags, RECONCILER_ variables) may lie anywhere and lead over links: see `read_file`.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.manifest import paths
from reconciler.manifest.problem import refused
from reconciler.model.source import Position

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

DOCUMENT = 64 << 20
"""The most bytes of a fleet file, an event or another document that the operator names."""
SEED = 256 << 20
"""The most bytes of a simulator's seed: it may hold a hundred thousand rooms."""
SAVED = 512 << 20
"""The most bytes of a snapshot or of plans in JSON, which may be those of a fleet."""


@contextmanager
def open_folder(root: str | os.PathLike[str], steps: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """Give a descriptor of a folder below `root`, no link followed; with `make` folders that are missing are made.

    The root itself may be reached through links. Raises ManifestError (E_PATH_SYMLINK) and OSError.
    """
    folder = os.open(root, _FOLDER)
    try:
        for number, step in enumerate(steps, 1):
            parent, folder = folder, _step(folder, step, "/".join(steps[:number]), make=make)
            os.close(parent)
        yield folder
    finally:
        os.close(folder)


def read_below(root: str | os.PathLike[str], path: str, limit: int) -> bytes:
    """Return the bytes of a regular file of the project.

    Raises ManifestError: E_PATH, E_PATH_HIDDEN, E_PATH_NAME, E_PATH_SYMLINK, E_PATH_MISSING, E_PATH_TYPE, E_PATH_READ,
    and E_YAML_SIZE above `limit` bytes.
    """
    steps = paths.checked(path)
    name = "/".join(steps)
    with explained(name), open_folder(root, steps[:-1]) as folder:
        return read_in(folder, steps[-1] if steps else ".", name, limit)


def read_in(folder: int, name: str, path: str, limit: int) -> bytes:
    """Return the bytes of a regular file in an open folder; `path` is what messages call it."""
    handle = open_in(folder, name, path)
    with os.fdopen(handle, "rb") as file:
        if os.fstat(handle).st_size > limit:
            raise paths.too_large(path, limit)
        data = file.read(limit + 1)
    if len(data) > limit:  # it grew, or says nothing of its size as files of /proc do
        raise paths.too_large(path, limit)
    return data


def open_in(folder: int, name: str, path: str) -> int:
    """Return a descriptor of a regular file in an open folder, for reading; nothing else is ever opened."""
    refuse_irregular(folder, name, path)
    handle = os.open(name, _FILE | os.O_NOFOLLOW, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise paths.irregular(path)
    return handle


def refuse_irregular(folder: int, name: str, path: str) -> None:
    """Raise ManifestError for what is no regular file, E_PATH_SYMLINK or E_PATH_TYPE; raises FileNotFoundError."""
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise paths.symlink(path)
    if not stat.S_ISREG(mode):
        raise paths.irregular(path)


def read_file(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the bytes of a regular file that the operator names, through links or not.

    Raises ReconcilerError: E_PATH_TYPE for a pipe, a device or a folder, which are not opened, E_FILE_SIZE above
    `limit` bytes, E_READ_FILE where the system refuses.
    """
    shown = paths.shown(os.fspath(path))
    with readable(shown):
        _refuse(os.stat(path).st_mode, shown)
        handle = os.open(path, _FILE)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            _refuse(found.st_mode, shown)
            data = file.read(limit + 1) if found.st_size <= limit else b""
    if len(data) > limit or found.st_size > limit:
        raise ReconcilerError(f"{shown} is larger than {limit} bytes", code="E_FILE_SIZE", hint="name another file")
    return data


@contextmanager
def readable(shown: str) -> Iterator[None]:
    """Turn the system's errors about a file that the operator names into ours."""
    try:
        yield
    except (OSError, ValueError) as error:  # a path that holds NUL, or that this locale cannot spell
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ReconcilerError(f"{shown} cannot be read: {reason}", code="E_READ_FILE") from None


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn the system's errors about a path of the project into ours."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise paths.missing(path) from None
    except IsADirectoryError:
        raise paths.irregular(path) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _step(folder: int, name: str, path: str, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise paths.symlink(path)
    return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)


def _refuse(mode: int, shown: str) -> None:
    if not stat.S_ISREG(mode):
        raise ReconcilerError(f"{shown} is no regular file", code="E_PATH_TYPE", hint="name a file")


def _unreadable(path: str, error: OSError) -> ManifestError:
    message = f"{paths.shown(path)} cannot be read: {error.strerror}"
    return refused("E_PATH_READ", message, Position(path, 1, 1))

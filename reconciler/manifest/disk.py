"""The project's files on disk, each step opened relative to the one before and no link followed."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.errors import ManifestError
from reconciler.manifest import paths
from reconciler.manifest.limits import LIMITS
from reconciler.manifest.problem import refused
from reconciler.model.source import Position

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class DiskTree:
    """A folder on disk (see tree.Tree). The root itself may be reached through links; nothing below it may."""

    def __init__(self, root: str | os.PathLike[str], *, size: int = LIMITS.size) -> None:
        self.root = Path(root)
        self._size = size
        self._read: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes, the same at every call."""
        steps = paths.checked(path)
        name = "/".join(steps)
        if name not in self._read:
            with _explained(name), self._folder(steps[:-1]) as folder:
                self._read[name] = _contents(folder, steps[-1] if steps else ".", name, self._size)
        return self._read[name]

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        return self._found(entry, paths.is_manifest, alone=True)

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder that only look like manifests, sorted."""
        return self._found(entry, paths.is_lookalike, alone=False)

    def _found(self, entry: str, wanted: Callable[[str], bool], *, alone: bool) -> tuple[str, ...]:
        """Return the wanted files below a folder; an entry that is a file counts `alone`, whatever its name."""
        steps = paths.checked(entry)
        name = "/".join(steps)
        with _explained(name), self._folder(steps[:-1]) as folder:
            mode = os.stat(steps[-1] if steps else ".", dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise paths.symlink(name)
        if not stat.S_ISDIR(mode):
            return (name,) if alone else ()
        return tuple(sorted(self._below(steps, wanted)))

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self._read.items()}

    def _below(self, steps: tuple[str, ...], wanted: Callable[[str], bool]) -> Iterator[str]:
        name = "/".join(steps)
        with _explained(name), self._folder(steps) as folder, os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
            for entry in entries:
                path = "/".join((*steps, entry.name))
                if entry.name.startswith("."):
                    continue
                paths.check_name(entry.name, path)
                if entry.is_symlink():
                    raise paths.symlink(path)
                if entry.is_dir(follow_symlinks=False):
                    yield from self._below((*steps, entry.name), wanted)
                elif wanted(entry.name):
                    yield path

    @contextmanager
    def _folder(self, steps: tuple[str, ...]) -> Iterator[int]:
        """Open a folder below the root, one step at a time."""
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for number, step in enumerate(steps, 1):
                parent, folder = folder, _step(folder, step, "/".join(steps[:number]))
                os.close(parent)
            yield folder
        finally:
            os.close(folder)


def _step(folder: int, name: str, path: str) -> int:
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise paths.symlink(path)
    return os.open(name, _FOLDER, dir_fd=folder)


def _contents(folder: int, name: str, path: str, limit: int) -> bytes:
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise paths.symlink(path)
    handle = os.open(name, _FILE, dir_fd=folder)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise paths.irregular(path)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise paths.too_large(path, limit)
    return data


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn the system's errors into ours."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise paths.missing(path) from None
    except IsADirectoryError:
        raise paths.irregular(path) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError) -> ManifestError:
    message = f"{paths.shown(path)} cannot be read: {error.strerror}"
    return refused("E_PATH_READ", message, Position(path, 1, 1))

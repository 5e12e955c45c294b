"""Opens files without following links, for every path in a project file, a fleet row or a plan.

A path is opened step by step, each relative to the folder before (openat(2) with O_NOFOLLOW), so that a link created
between the check and the opening is not followed. Only a regular file is opened, and its size is checked before it is
read. A hard link is read like any file: a repository cannot hold one, and a user who can create one can copy the file
as well.

Paths that the operator names (flags, RECONCILER_ variables) may be anywhere and contain links: see `read_file`.
"""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Protocol

from reconciler.errors import ManifestError, ReconcilerError, refused
from reconciler.manifest.yaml import characters
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source_map import Position

PROJECT_FILE = "reconciler.yaml"
"""Name of the project file."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

DOCUMENT = 64 << 20
"""Most bytes of a fleet file, an event or another document that the operator names."""
SEED = 256 << 20
"""Most bytes of a simulator's seed: it may hold a hundred thousand rooms."""
SAVED = 512 << 20
"""Most bytes of a snapshot or of plans in JSON, which may be those of a fleet."""


@contextmanager
def open_folder(root: str | os.PathLike[str], steps: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """Yield a descriptor of a folder below `root`, following no link; with `make` missing folders are created.

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
    steps = checked(path)
    name = "/".join(steps)
    with explained(name), open_folder(root, steps[:-1]) as folder:
        return read_in(folder, steps[-1] if steps else ".", name, limit)


def read_in(folder: int, name: str, path: str, limit: int) -> bytes:
    """Return the bytes of a regular file in an open folder; `path` is its name in messages."""
    handle = open_in(folder, name, path)
    with os.fdopen(handle, "rb") as file:
        if os.fstat(handle).st_size > limit:
            raise too_large(path, limit)
        data = file.read(limit + 1)
    if len(data) > limit:  # it grew, or has no size, as files of /proc
        raise too_large(path, limit)
    return data


def open_in(folder: int, name: str, path: str) -> int:
    """Return a descriptor of a regular file in an open folder, for reading; other types are never opened."""
    refuse_irregular(folder, name, path)
    handle = os.open(name, _FILE | os.O_NOFOLLOW, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise irregular(path)
    return handle


def refuse_irregular(folder: int, name: str, path: str) -> None:
    """Raise ManifestError for anything but a regular file, E_PATH_SYMLINK or E_PATH_TYPE; raises FileNotFoundError."""
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        raise symlink(path)
    if not stat.S_ISREG(mode):
        raise irregular(path)


def replace_in(folder: int, name: str, data: bytes, *, mode: int = 0o666) -> None:
    """Write a file in an open folder as a whole: the name has the old content or the new one, never a part of it.

    What has the name, a link too, is replaced and not followed.
    """
    rename_in(folder, temporary_in(folder, data, mode=mode), name)


def rename_in(folder: int, temporary: str, name: str) -> None:
    """Give a temporary file its name, in one step; it is removed where that fails."""
    try:
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def temporary_in(folder: int, data: bytes, *, mode: int = 0o666, durable: bool = False) -> str:
    """Write a new hidden file in an open folder and return its name; nothing stays of one that cannot be written.

    `durable`: the content is on the disk, and the file has exactly this mode, whatever the umask.
    """
    name = f".reconciler-{os.urandom(8).hex()}"
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, mode, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(handle)
                os.fchmod(handle, mode)
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise
    return name


def read_file(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the bytes of a regular file that the operator names; links are followed.

    Raises ReconcilerError: E_PATH_TYPE for a pipe, a device or a folder, which are not opened, E_FILE_SIZE above
    `limit` bytes, E_READ_FILE where the system refuses.
    """
    name = display_path(os.fspath(path))
    with readable(name):
        _refuse(os.stat(path).st_mode, name)
        handle = os.open(path, _FILE)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            _refuse(found.st_mode, name)
            data = file.read(limit + 1) if found.st_size <= limit else b""
    if len(data) > limit or found.st_size > limit:
        raise ReconcilerError(f"{name} is larger than {limit} bytes", code="E_FILE_SIZE", hint="name another file")
    return data


@contextmanager
def readable(shown: str) -> Iterator[None]:
    """Convert the system's errors about a file that the operator names to ReconcilerError."""
    try:
        yield
    except (OSError, ValueError) as error:  # a path that holds NUL, or that this locale cannot encode
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ReconcilerError(f"{shown} cannot be read: {reason}", code="E_READ_FILE") from None


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Convert the system's errors about a path of the project to ManifestError."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise missing(path) from None
    except IsADirectoryError:
        raise irregular(path) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _step(folder: int, name: str, path: str, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise symlink(path)
    return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)


def _refuse(mode: int, shown: str) -> None:
    if not stat.S_ISREG(mode):
        raise ReconcilerError(f"{shown} is no regular file", code="E_PATH_TYPE", hint="name a file")


def _unreadable(path: str, error: OSError) -> ManifestError:
    message = f"{display_path(path)} cannot be read: {error.strerror}"
    return refused("E_PATH_READ", message, Position(path, 1, 1))


class ProjectTree(Protocol):
    """The files below one root, by project-relative paths with forward slashes.

    Methods with a path raise ManifestError with one Diagnostic: E_PATH (leads out), E_PATH_HIDDEN (a name that begins
    with a dot), E_PATH_MISSING, E_PATH_SYMLINK, E_PATH_TYPE (no regular file), E_PATH_NAME (unprintable), E_PATH_READ,
    E_YAML_SIZE.
    """

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes, the same at every call."""
        ...

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted: a file itself, or every *.yaml and *.yml below a folder."""
        ...

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder with names that resemble manifests, sorted: *.yaml.j2, *.YAML …"""
        ...

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        ...


class ReadFiles:
    """The bytes of files by path, in the order in which they were read; each is digested once."""

    def __init__(self) -> None:
        self._read: dict[str, bytes] = {}
        self._digests: dict[str, str] = {}

    def get(self, name: str, read: Callable[[str], bytes]) -> bytes:
        """Return the bytes of a file, by `read` at first."""
        if name not in self._read:
            self._read[name] = read(name)
        return self._read[name]

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file, by path."""
        for name, data in self._read.items():
            if name not in self._digests:
                self._digests[name] = hashlib.sha256(data).hexdigest()
        return dict(self._digests)


SUFFIXES = (".yaml", ".yml")
TEMPLATE_ENDINGS = (".j2", ".jinja", ".jinja2", ".tmpl", ".tpl")
"""Endings of templates elsewhere; here every manifest may be a template."""


def checked(path: str) -> tuple[str, ...]:
    """Return the steps of a project-relative path.

    Raises ManifestError: E_PATH for one that leaves the project, E_PATH_HIDDEN for one with a name that begins with a
    dot (`.git`, `.env`), which holds data of other programs and no manifests.
    """
    steps = tuple(step for step in path.split("/") if step not in ("", "."))
    if path.startswith("/") or "\\" in path or ".." in steps or "\0" in path:
        raise refused(
            "E_PATH", f"the path {display_path(path)} leads out of the project", hint="paths start at the project file"
        )
    for step in steps:
        check_name(step, path)
        if step.startswith("."):
            raise refused(
                "E_PATH_HIDDEN",
                f"the path {display_path(path)} leads to {display_path(step)}: "
                "names that begin with a dot are never read",
                hint="keep the file under a name without a dot at its beginning",
            )
    return steps


def check_name(name: str, path: str) -> None:
    """Raise ManifestError (E_PATH_NAME) for a name that cannot be displayed unchanged."""
    bad = next((each for each in name if not each.isprintable() and each != "\u3000"), None)
    if bad is not None:
        what = f"the character {characters.spelled(bad)}"
        if unicodedata.category(bad) == "Cs":
            what = "bytes that are not UTF-8"
        raise refused("E_PATH_NAME", f"the file name {display_path(path)} holds {what}", hint="rename the file")


def display_path(path: str) -> str:
    """Escape a path for display."""
    return ascii(path) if not path.isprintable() else f"'{path}'"


def symlink(path: str) -> ManifestError:
    """Return the error for a symbolic link."""
    message = f"{display_path(path)} is a symbolic link"
    return refused("E_PATH_SYMLINK", message, Position(path, 1, 1), hint="put the file itself there")


def missing(path: str) -> ManifestError:
    """Return the error for a missing file."""
    hint = "make it, correct the path, or take it out of the project file; git keeps no empty folder"
    return refused("E_PATH_MISSING", f"there is no {display_path(path)}", Position(path, 1, 1), hint=hint)


def irregular(path: str) -> ManifestError:
    """Return the error for a device, a pipe or a socket."""
    return refused("E_PATH_TYPE", f"{display_path(path)} is no regular file", Position(path, 1, 1))


def too_large(path: str, limit: int) -> ManifestError:
    """Return the error for a file above the cap."""
    message = f"{display_path(path)} is larger than {limit} bytes"
    return refused("E_YAML_SIZE", message, Position(path, 1, 1), hint="split it")


def at_key(problems: Iterable[Diagnostic], position: Position | None) -> list[Diagnostic]:
    """Return problems of reading a path, those about the path itself at the position of the key that holds it."""
    return [
        replace(one, position=position)
        if position is not None and (one.code.startswith("E_PATH") or one.code == "E_YAML_SIZE")
        else one
        for one in problems
    ]


def is_manifest(name: str) -> bool:
    """Tell whether a file in a manifests folder is a manifest: hidden files are not."""
    return name.endswith(SUFFIXES) and not name.startswith(".")


def is_lookalike(name: str) -> bool:
    """Tell whether a file is named like a manifest and is not one: `.YAML`, or as a template (`.yaml.j2`)."""
    return not is_manifest(name) and is_manifest(manifest_name(name))


def manifest_name(name: str) -> str:
    """Return the name under which a file would be a manifest: without a template's ending, the suffix in lower case."""
    stem, dot, ending = name.rpartition(".")
    whole = stem if f"{dot}{ending}".lower() in TEMPLATE_ENDINGS else name
    stem, dot, ending = whole.rpartition(".")
    return f"{stem}{dot}{ending.lower()}"

"""Files that the command line writes, or reads where the operator names them.

A written file replaces its name in the folder and never follows a link: a link at the name itself is replaced, one in
the path from the run's folder is refused. Only an absolute path of the operator may contain links.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TextIO

from reconciler.errors import PlanError, ReconcilerError, UsageError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.strings import escape_control

_DESCRIPTOR = late_pattern(r"/dev/(stdin|stdout|stderr|fd/[0-9]+)|/proc/(self|thread-self|[0-9]+)/fd/[0-9]+")
_LISTEN = 2.0
"""Seconds within which another process must open a pipe for reading before it is written."""
_PIPE = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_LINK_HINT = "name the file by an absolute path, or remove the link"


def write_file(root: Path, name: str, text: str) -> None:
    """Write a file atomically; raises ReconcilerError.

    A pipe or a device (`/dev/stdout`) is written to and never replaced.
    """
    with _writable(root / name), _parent(root, name) as (folder, leaf):
        if _DESCRIPTOR.fullmatch(name):
            _write_to(os.open(name, _PIPE), text)
        elif _is_stream(folder, leaf):
            _write_to(_listened(folder, leaf), text)
        else:
            _replace(folder, leaf, text)


@contextmanager
def open_log(root: Path, name: str) -> Iterator[TextIO]:
    """Open a file for appending, created where it is missing, or a pipe with a reader."""
    from reconciler.manifest.files.project_tree import refuse_irregular

    with _writable(root / name), _parent(root, name) as (folder, leaf):
        if _DESCRIPTOR.fullmatch(name):
            handle = os.open(name, _PIPE)
        else:
            if not _is_stream(folder, leaf):
                with suppress(FileNotFoundError):
                    refuse_irregular(folder, leaf, name)
            handle = os.open(leaf, _PIPE | os.O_CREAT | os.O_NOFOLLOW, 0o666, dir_fd=folder)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace") as file:
        yield file


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Add the file's name to the message of an error in a saved plan."""
    try:
        yield
    except PlanError as error:
        message = f"{escape_control(file)}: {error.message}"
        raise PlanError(message, code=error.code, hint=error.hint) from None


def refuse_unwritable(root: Path, option: str, name: str) -> None:
    """Raise UsageError for a file that is certainly not writable, before the work begins."""
    path = root / name
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"{option} {name}: it cannot be written", hint="name a file in a folder that exists")
    with _writable(path), _parent(root, name):
        return


def write_new(root: Path, folder: str, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write files into a folder, created where it is missing; existing files with other content are kept.

    Raises UsageError (E_EXISTS) for that, unless `force` replaces it, and (E_PATH_SYMLINK, E_PATH_TYPE) for a link or a
    non-file at one of the names or in its path; nothing is written then.
    """
    shown = root / folder
    taken = [name for name, text in files.items() if _differs(root, folder, name, text)]
    if taken and not force:
        raise UsageError(
            f"{shown / taken[0]} exists already and would be overwritten",
            code="E_EXISTS",
            hint="choose a new folder",
        )
    for name, text in files.items():
        with _writable(shown / name), _below(root, folder, name, make=True) as (handle, leaf):
            _replace(handle, leaf, text)


def replace_files(root: Path, files: Mapping[str, tuple[bytes, bytes]], step: Callable[[str], object] = len) -> None:
    """Replace files of a project, all or none: each keeps its mode and is replaced in one step.

    `files` are old and new bytes by name. New files are written beside the old ones first, so that a full disk changes
    nothing; a rename that fails undoes those before it. `step` is called between the steps. Raises ReconcilerError:
    E_FILE_CHANGED for one with other bytes than the old ones, E_WRITE for one that cannot be written.
    """
    with ExitStack() as stack:
        staged = [stack.enter_context(_staged(root, name, *both)) for name, both in files.items()]
        done: list[StagedFile] = []
        for each in staged:
            step(f"before {each.name}")
            try:
                with _writable(root / each.name):
                    each.put()
            except BaseException:
                for other in reversed(done):
                    other.undo()
                raise
            done.append(each)
        step("done")


@dataclass(slots=True)
class StagedFile:
    """A new file beside the one that it replaces."""

    name: str
    folder: int
    leaf: str
    temporary: str
    old: bytes
    mode: int

    def put(self) -> None:
        """Replace the file in one step."""
        from reconciler.manifest.files.project_tree import rename_in

        rename_in(self.folder, self.temporary, self.leaf)
        with suppress(OSError):
            os.fsync(self.folder)

    def undo(self) -> None:
        """Write the old bytes again, in one step as well."""
        from reconciler.manifest.files.project_tree import replace_in

        replace_in(self.folder, self.leaf, self.old, mode=self.mode)


@contextmanager
def _staged(root: Path, name: str, old: bytes, new: bytes) -> Iterator[StagedFile]:
    """Write a new file beside an old one, which must have its known bytes and be writable."""
    from reconciler.manifest.files.project_tree import open_in, temporary_in

    path = root / name
    with ExitStack() as stack:
        with _writable(path):
            folder, leaf = stack.enter_context(_parent(root, name))
            with os.fdopen(open_in(folder, leaf, os.fspath(path)), "rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                found = file.read()
            if not mode & 0o222 or not os.access(leaf, os.W_OK, dir_fd=folder):
                raise PermissionError(errno.EACCES, "it is read-only")
            if found != old:
                raise ReconcilerError("it was changed meanwhile; run it again", code="E_FILE_CHANGED")
            temporary = temporary_in(folder, new, mode=mode, durable=True)
        try:
            yield StagedFile(name=name, folder=folder, leaf=leaf, temporary=temporary, old=old, mode=mode)
        finally:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)


def _differs(root: Path, folder: str, name: str, text: str) -> bool:
    from reconciler.manifest.files.project_tree import open_in

    path = root / folder / name
    try:
        with _writable(path), _below(root, folder, name) as (handle, leaf):
            content = text.encode("utf-8", "backslashreplace")
            with os.fdopen(open_in(handle, leaf, os.fspath(path)), "rb") as file:
                return os.fstat(file.fileno()).st_size != len(content) or file.read() != content
    except _Missing:
        return False


class _Missing(Exception):  # noqa: N818 - not an error: there is nothing yet
    """A file or its folder does not exist."""


@contextmanager
def _below(root: Path, folder: str, name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Yield a folder's descriptor and a name in it, following no link below the run's folder or an absolute one."""
    from reconciler.manifest.files.project_tree import open_folder

    base, steps = _split(root, folder)
    *inside, leaf = PurePosixPath(name).parts
    if ".." in (*inside, leaf) or name.startswith("/"):
        raise UsageError(f"{name!r} leads out of the folder", code="E_PATH")
    if make:
        base.mkdir(parents=True, exist_ok=True)
    try:
        with open_folder(base, (*steps, *inside), make=make) as handle:
            yield handle, leaf
    except (FileNotFoundError, NotADirectoryError):
        if make:
            raise
        raise _Missing from None


@contextmanager
def _parent(root: Path, name: str) -> Iterator[tuple[int, str]]:
    """Yield the descriptor of a file's folder and its name there."""
    from reconciler.manifest.files.project_tree import open_folder

    base, steps = _split(root, name)
    if not steps or steps[-1] == "..":
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with open_folder(base, steps[:-1]) as folder:
        yield folder, steps[-1]


def _split(root: Path, name: str) -> tuple[Path, tuple[str, ...]]:
    """Split a path into the part that may contain links, and the steps that may not: of an absolute path the last."""
    path = PurePosixPath(name)
    if path.is_absolute():
        return Path(path.parent), path.parts[1:][-1:]
    return root, path.parts


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """Convert errors about a path to write."""
    try:
        yield
    except UsageError:
        raise
    except ReconcilerError as error:  # a link, or not a file
        at = f"{path}: {error.message}"
        raise UsageError(at, code=error.code, hint=_LINK_HINT if error.code == "E_PATH_SYMLINK" else "") from None
    except UnicodeEncodeError:
        message = f"a file of the name {path.name!a} cannot be written under this locale"
        raise ReconcilerError(message, code="E_WRITE", hint="set LC_ALL=C.UTF-8") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise ReconcilerError(f"{path} cannot be written: {reason}", code="E_WRITE") from None


def _is_stream(folder: int, leaf: str) -> bool:
    """Tell whether a path is a pipe or a character device. Raises OSError for one that takes no text."""
    try:
        mode = os.stat(leaf, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise OSError(errno.ENXIO, "it is a block device or a socket")
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _listened(folder: int, leaf: str) -> int:
    """Open a pipe or a device for writing. Raises OSError where no reader opens the pipe in time."""
    until = time.monotonic() + _LISTEN
    while True:
        try:
            return os.open(leaf, _PIPE | os.O_NOFOLLOW, dir_fd=folder)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _write_to(handle: int, text: str) -> None:
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(ended(text).encode("utf-8", "backslashreplace"))


def _replace(folder: int, leaf: str, text: str) -> None:
    from reconciler.manifest.files.project_tree import replace_in

    replace_in(folder, leaf, ended(text).encode("utf-8", "backslashreplace"))


def ended(text: str) -> str:
    """Return text with a final line end."""
    return text if text.endswith("\n") else text + "\n"

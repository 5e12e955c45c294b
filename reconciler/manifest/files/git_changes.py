"""Files of a work tree that git does not have as they are: changed, staged or never committed."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.manifest.files.git_command import Repository, find_repository
from reconciler.manifest.files.git_tree import GitTree

_SHA1 = 40
"""Digits of an object id in a repository of SHA-1, the usual one."""


def uncommitted(root: str | os.PathLike[str], files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the reason for each of these files, by project path, that git has otherwise than with these bytes.

    Raises ReconcilerError (E_GIT) outside a work tree.
    """
    repository = find_repository(root)
    try:
        tree = GitTree(root, "HEAD")
    except ReconcilerError:
        return dict.fromkeys(files, "it is not committed")
    staged = _staged(repository, root)
    loose = _converts_line_ends(repository, root)
    return {file: why for file, data in files.items() if (why := _reason(tree, file, data, staged, loose=loose))}


def is_dirty(root: str | os.PathLike[str], files: Iterable[str]) -> bool:
    """Tell whether a project folder is otherwise than its checked-out commit, as `git describe --dirty` does.

    A tracked file counts that is changed, deleted or staged, and of the others these `files` alone, which need not be
    ignored. Raises ReconcilerError (E_GIT) outside a work tree.
    """
    repository = find_repository(root)
    tracked = GitTree(root, "HEAD").blobs()
    if any(file not in tracked for file in files) or _staged(repository, root):
        return True
    loose = _converts_line_ends(repository, root)
    return any(not _is_blob(Path(root) / path, *blob, loose=loose) for path, blob in tracked.items())


def _is_blob(file: Path, name: str, size: int, *, loose: bool) -> bool:
    """Tell whether a file of the work tree has the content of a git object."""
    algorithm = "sha1" if len(name) == _SHA1 else "sha256"
    try:
        if not loose and file.lstat().st_size != size:
            return False
        data = file.read_bytes()
    except OSError:
        return False
    spellings = (data, data.replace(b"\r\n", b"\n")) if loose else (data,)
    return any(hashlib.new(algorithm, b"blob %d\0" % len(one) + one).hexdigest() == name for one in spellings)


def _reason(tree: GitTree, file: str, data: bytes, staged: Iterable[str], *, loose: bool) -> str:
    try:
        committed = tree.read(file)
    except ReconcilerError:
        return "it is not committed"
    same = committed == data or (loose and committed == data.replace(b"\r\n", b"\n"))
    if not same:
        return "it has changes that are not committed"
    return "it has staged changes" if file in staged else ""


def _staged(repository: Repository, root: str | os.PathLike[str]) -> set[str]:
    """Return the project's files whose staged content differs from the commit."""
    listed = repository.run("diff-index", "--cached", "--name-only", "--no-renames", "-z", "HEAD", "--")
    below = os.path.relpath(os.path.realpath(root), repository.top)
    prefix = "" if below == "." else f"{below}/"
    names = listed.decode("utf-8", "surrogateescape").split("\0")
    return {name.removeprefix(prefix) for name in names if name and name.startswith(prefix)}


def _converts_line_ends(repository: Repository, root: str | os.PathLike[str]) -> bool:
    """Tell whether git may check files out with other line ends than it stores."""
    if any((folder / ".gitattributes").is_file() for folder in (Path(root), repository.top)):
        return True
    try:
        return repository.run("config", "--get", "core.autocrlf").strip() in (b"true", b"input")
    except ReconcilerError:  # not set
        return False

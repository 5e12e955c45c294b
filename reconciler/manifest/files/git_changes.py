"""Files of a work tree that git does not have as they are: changed, staged or never committed."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.manifest.files.git_command import Repository, find_repository
from reconciler.manifest.files.git_tree import GitTree


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

"""Project files of one commit, read from git's objects; the work tree is not used.

Only plumbing runs (rev-parse, ls-tree, cat-file): it applies no filters, and files/git_command.py prevents hooks,
network access and other programs of a repository's configuration.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import ReconcilerError, UsageError
from reconciler.manifest.files import project_tree
from reconciler.manifest.files.git_command import Repository, find_repository
from reconciler.manifest.files.project_tree import ReadFiles
from reconciler.manifest.yaml.limits import LIMITS

_FOLDER, _LINK, _MODULE = "040000", "120000", "160000"


class _TreeEntry(NamedTuple):
    mode: str
    object: str
    size: int


class GitTree:
    """A project folder at a revision (see ProjectTree). `commit` is the full id of the revision."""

    def __init__(self, root: str | os.PathLike[str], revision: str, *, size: int = LIMITS.size) -> None:
        self.root = Path(root)
        self._size = size
        self._files = ReadFiles()
        self._repository = find_repository(root)
        self.commit = _resolved(self._repository, revision)
        self._entries = _entries(self._repository, self.commit, self._prefix())

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes."""
        return self._files.get("/".join(project_tree.checked(path)), self._blob)

    def _blob(self, name: str) -> bytes:
        entry = self._entry(name)
        if entry.mode in (_FOLDER, _MODULE):
            raise project_tree.irregular(name)
        if entry.size > self._size:
            raise project_tree.too_large(name, self._size)
        return self._repository.run("cat-file", "blob", entry.object)

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        return self._found(entry, project_tree.is_manifest, alone=True)

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder with names that resemble manifests, sorted."""
        return self._found(entry, project_tree.is_lookalike, alone=False)

    def blobs(self) -> Mapping[str, tuple[str, int]]:
        """Return the object id and the size of every regular file, by path."""
        kept = {path: one for path, one in self._entries.items() if one.mode not in (_FOLDER, _LINK, _MODULE)}
        return {path: (one.object, one.size) for path, one in kept.items()}

    def _prefix(self) -> str:
        """Return the project's folder from the top of the repository, with a trailing slash; empty at the top."""
        below = os.path.relpath(os.path.realpath(self.root), self._repository.top)
        return "" if below == "." else f"{below}/"

    def _found(self, entry: str, wanted: Callable[[str], bool], *, alone: bool) -> tuple[str, ...]:
        """Return the matching files below a folder; an entry that is a file counts `alone`, with any name."""
        name = "/".join(project_tree.checked(entry))
        if name and self._entry(name).mode != _FOLDER:
            return (name,) if alone else ()
        inside = f"{name}/" if name else ""
        below = sorted(path for path in self._entries if path.startswith(inside))
        return tuple(path for path in below if self._is(wanted, path, path[len(inside) :]))

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        return self._files.digests()

    def _is(self, wanted: Callable[[str], bool], path: str, below: str) -> bool:
        if any(step.startswith(".") for step in below.split("/")):
            return False
        for step in below.split("/"):
            project_tree.check_name(step, path)
        entry = self._entry(path)
        return entry.mode not in (_FOLDER, _MODULE) and wanted(below.rsplit("/", 1)[-1])

    def _entry(self, name: str) -> _TreeEntry:
        """Return the entry at a path, after checking that no step of it is a link."""
        steps = name.split("/")
        for number in range(1, len(steps) + 1):
            step = "/".join(steps[:number])
            if step not in self._entries:
                raise project_tree.missing(name)
            if self._entries[step].mode == _LINK:
                raise project_tree.symlink(step)
        return self._entries[name]


def _resolved(repository: Repository, revision: str) -> str:
    none = UsageError(f"there is no revision {revision!r}", hint="fetch it first, or name another")
    if revision.startswith("^"):  # git accepts it for all commits but these
        raise none
    try:
        found = repository.run("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    except ReconcilerError:
        repository.run("rev-parse", "--git-dir")
        raise none from None
    return found.decode("ascii").strip()


def _entries(repository: Repository, commit: str, prefix: str) -> dict[str, _TreeEntry]:
    """Return every file and folder below the project's folder, by project-relative path."""
    listed = repository.run(
        "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit, "--", *([prefix] if prefix else [])
    )
    found: dict[str, _TreeEntry] = {}
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, _type, name, size = facts.split()
            if path.startswith(prefix):
                found[path[len(prefix) :]] = _TreeEntry(mode, name, 0 if size == "-" else int(size))
    return found

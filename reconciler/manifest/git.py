"""The project's files as one commit has them, read from git's objects: the work tree is neither read nor touched.

Only plumbing runs (rev-parse, ls-tree, cat-file): it runs no hooks and no filters and, with lazy fetching off, asks no
network.
"""

import hashlib
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reconciler.errors import ReconcilerError, UsageError
from reconciler.manifest import paths
from reconciler.manifest.limits import LIMITS

_FOLDER, _LINK, _MODULE = "040000", "120000", "160000"
_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_OURS = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_PATIENCE = 60.0


class _Entry(NamedTuple):
    mode: str
    object: str
    size: int


class GitTree:
    """A project folder at a revision (see tree.Tree). `commit` is the full id the revision stood for."""

    def __init__(self, root: str | os.PathLike[str], revision: str, *, size: int = LIMITS.size) -> None:
        self.root = Path(root)
        self._size = size
        self._read: dict[str, bytes] = {}
        self.commit = _resolved(self.root, revision)
        prefix = _git(self.root, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").rstrip("\n")
        self._entries = _entries(self.root, self.commit, prefix)

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes."""
        name = "/".join(paths.checked(path))
        if name not in self._read:
            entry = self._entry(name)
            if entry.mode in (_FOLDER, _MODULE):
                raise paths.irregular(name)
            if entry.size > self._size:
                raise paths.too_large(name, self._size)
            self._read[name] = _git(self.root, "cat-file", "blob", entry.object)
        return self._read[name]

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        return self._found(entry, paths.is_manifest, alone=True)

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder that only look like manifests, sorted."""
        return self._found(entry, paths.is_lookalike, alone=False)

    def _found(self, entry: str, wanted: Callable[[str], bool], *, alone: bool) -> tuple[str, ...]:
        """Return the wanted files below a folder; an entry that is a file counts `alone`, whatever its name."""
        name = "/".join(paths.checked(entry))
        if name and self._entry(name).mode != _FOLDER:
            return (name,) if alone else ()
        inside = f"{name}/" if name else ""
        below = sorted(path for path in self._entries if path.startswith(inside))
        return tuple(path for path in below if self._is(wanted, path, path[len(inside) :]))

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self._read.items()}

    def _is(self, wanted: Callable[[str], bool], path: str, below: str) -> bool:
        if any(step.startswith(".") for step in below.split("/")):
            return False
        for step in below.split("/"):
            paths.check_name(step, path)
        entry = self._entry(path)
        return entry.mode not in (_FOLDER, _MODULE) and wanted(below.rsplit("/", 1)[-1])

    def _entry(self, name: str) -> _Entry:
        """Return what stands at a path, having seen that no step on the way is a link."""
        steps = name.split("/")
        for number in range(1, len(steps) + 1):
            step = "/".join(steps[:number])
            if step not in self._entries:
                raise paths.missing(name)
            if self._entries[step].mode == _LINK:
                raise paths.symlink(step)
        return self._entries[name]


def _resolved(root: Path, revision: str) -> str:
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    except ReconcilerError:
        _git(root, "rev-parse", "--git-dir")
        raise UsageError(f"there is no revision {revision!r}", hint="fetch it first, or name another") from None
    return found.decode("ascii").strip()


def _entries(root: Path, commit: str, prefix: str) -> dict[str, _Entry]:
    """Return every file and folder below the project's folder, by project-relative path."""
    listed = _git(root, "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit, "--", *([prefix] if prefix else []))
    found: dict[str, _Entry] = {}
    for line in listed.decode("utf-8", "surrogateescape").split("\0"):
        if line:
            facts, path = line.split("\t", 1)
            mode, _type, name, size = facts.split()
            if path.startswith(prefix):
                found[path[len(prefix) :]] = _Entry(mode, name, 0 if size == "-" else int(size))
    return found


def _git(root: Path, *arguments: str) -> bytes:
    """Run one plumbing command and return its output; raises ReconcilerError when it fails."""
    command: Sequence[str] = ("git", "--no-replace-objects", *_QUIET, *arguments)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - an argument vector of ours; the revision stands behind --end-of-options
            command,
            cwd=root,
            env={**kept, **_OURS},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReconcilerError(f"git cannot be run: {error}", code="E_GIT", hint="install git") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise ReconcilerError(f"git {arguments[0]} failed: {said}", code="E_GIT")
    return done.stdout

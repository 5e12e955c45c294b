"""Where a project's files come from: the disk, or a commit. Nothing else of a project's files is ever opened.

Both read a file once and remember what they read, so that a file swapped in between makes no difference: what was
checked, parsed and digested is the same bytes.
"""

from collections.abc import Mapping
from typing import Protocol

from reconciler.manifest.disk import DiskTree
from reconciler.manifest.git import GitTree

__all__ = ["DiskTree", "GitTree", "Tree"]


class Tree(Protocol):
    """The files below one root, by project-relative paths with forward slashes.

    Those that take a path raise ManifestError with one Diagnostic: E_PATH (leads out), E_PATH_HIDDEN (a name that
    begins with a dot), E_PATH_MISSING, E_PATH_SYMLINK, E_PATH_TYPE (no regular file), E_PATH_NAME (unprintable),
    E_PATH_READ, E_YAML_SIZE.
    """

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes, the same at every call."""
        ...

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted: a file itself, or every *.yaml and *.yml below a folder."""
        ...

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder that only look like manifests, sorted: *.yaml.j2 and *.yml.j2."""
        ...

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        ...

"""A project tree with some files replaced in memory; it records which files were read."""

import hashlib
from collections.abc import Mapping, Sequence

from reconciler.errors import ManifestError
from reconciler.manifest.files import project_tree
from reconciler.manifest.files.project_tree import ProjectTree


def _is_in(name: str, entry: Sequence[str]) -> bool:
    """Tell whether a file is the entry, or a manifest below it."""
    steps = name.split("/")
    if steps[: len(entry)] != list(entry):
        return False
    below = steps[len(entry) :]
    return not below or (project_tree.is_manifest(below[-1]) and not any(step.startswith(".") for step in below))


class OverlayTree:
    """The files of another tree, some with other bytes or added (see ProjectTree); `seen` are those read through it."""

    def __init__(self, tree: ProjectTree, files: Mapping[str, bytes] | None = None) -> None:
        self.seen: set[str] = set()
        self._tree = tree
        self._files = files or {}

    def read(self, path: str) -> bytes:
        """Return a file's bytes, replaced where the overlay has it."""
        name = "/".join(project_tree.checked(path))
        self.seen.add(name)
        return self._files[name] if name in self._files else self._tree.read(name)

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        steps = project_tree.checked(entry)
        added = {name for name in self._files if _is_in(name, steps)}
        try:
            return tuple(sorted({*self._tree.manifests(entry), *added}))
        except ManifestError:
            if not added:
                raise
            return tuple(sorted(added))

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder with names that resemble manifests, sorted."""
        return self._tree.lookalikes(entry)

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        known = self._tree.digests()
        return {
            name: hashlib.sha256(self._files[name]).hexdigest() if name in self._files else known[name]
            for name in sorted(self.seen)
            if name in self._files or name in known
        }

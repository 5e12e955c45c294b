"""The files of one tree for many environments: each file is read, and each folder listed, once."""

import hashlib
from collections.abc import Callable, Mapping

from reconciler.manifest.files.project_tree import ProjectTree, checked


class SharedFiles:
    """What a tree answered first, for all its views. They may be asked from many threads."""

    def __init__(self, tree: ProjectTree) -> None:
        self._tree = tree
        self._read: dict[str, bytes] = {}
        self._digests: dict[str, str] = {}
        self._listed: dict[tuple[bool, str], tuple[str, ...]] = {}

    def view(self) -> "FileView":
        """Return the tree as one environment sees it."""
        return FileView(self)

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes, the same at every call."""
        found = self._read.get(path)
        return self._read.setdefault(path, self._tree.read(path)) if found is None else found

    def digest(self, path: str) -> str:
        """Return the SHA-256 of a file."""
        found = self._digests.get(path)
        if found is None:
            found = self._digests[path] = hashlib.sha256(self.read(path)).hexdigest()
        return found

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        return self._names(entry, self._tree.manifests, manifests=True)

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder with names that resemble manifests, sorted."""
        return self._names(entry, self._tree.lookalikes, manifests=False)

    def _names(self, entry: str, ask: Callable[[str], tuple[str, ...]], *, manifests: bool) -> tuple[str, ...]:
        found = self._listed.get((manifests, entry))
        return self._listed.setdefault((manifests, entry), ask(entry)) if found is None else found


class FileView:
    """Shared files (see ProjectTree); `digests` has those that were read through this view alone."""

    def __init__(self, files: SharedFiles) -> None:
        self._files = files
        self._seen: dict[str, None] = {}

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes, the same at every call."""
        name = "/".join(checked(path))
        data = self._files.read(name)
        self._seen[name] = None
        return data

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        return self._files.manifests(entry)

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder with names that resemble manifests, sorted."""
        return self._files.lookalikes(entry)

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        return {name: self._files.digest(name) for name in self._seen}

"""The project's files on disk, opened by `files/project_tree`: no link is followed."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from reconciler.manifest.files import project_tree
from reconciler.manifest.files.project_tree import ReadFiles, explained, open_folder, read_below
from reconciler.manifest.yaml.limits import LIMITS


class DiskTree:
    """A folder on disk (see ProjectTree). The root itself may be reached through links; nothing below it may."""

    def __init__(self, root: str | os.PathLike[str], *, size: int = LIMITS.size) -> None:
        self.root = Path(root)
        self._size = size
        self._files = ReadFiles()
        self._listed: dict[str, tuple[str, ...] | None] = {}

    def read(self, path: str) -> bytes:
        """Return a regular file's bytes, the same at every call."""
        name = "/".join(project_tree.checked(path))
        return self._files.get(name, lambda name: read_below(self.root, name, self._size))

    def manifests(self, entry: str) -> tuple[str, ...]:
        """Return the manifest files an entry names, sorted."""
        return self._found(entry, project_tree.is_manifest, alone=True)

    def lookalikes(self, entry: str) -> tuple[str, ...]:
        """Return the files below a folder with names that resemble manifests, sorted."""
        return self._found(entry, project_tree.is_lookalike, alone=False)

    def _found(self, entry: str, wanted: Callable[[str], bool], *, alone: bool) -> tuple[str, ...]:
        """Return the matching files below a folder; an entry that is a file counts `alone`, with any name."""
        steps = project_tree.checked(entry)
        name = "/".join(steps)
        if name not in self._listed:
            self._listed[name] = self._all_below(steps)
        files = self._listed[name]
        if files is None:
            return (name,) if alone else ()
        return tuple(file for file in files if wanted(file.rpartition("/")[2]))

    def _all_below(self, steps: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return all files below a folder, sorted; None where it is a file."""
        name = "/".join(steps)
        with explained(name), open_folder(self.root, steps[:-1]) as folder:
            mode = os.stat(steps[-1] if steps else ".", dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise project_tree.symlink(name)
        return tuple(sorted(self._below(steps))) if stat.S_ISDIR(mode) else None

    def digests(self) -> Mapping[str, str]:
        """Return the SHA-256 of every file read so far, by path."""
        return self._files.digests()

    def _below(self, steps: tuple[str, ...]) -> Iterator[str]:
        name = "/".join(steps)
        with explained(name), open_folder(self.root, steps) as folder, os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
            for entry in entries:
                path = "/".join((*steps, entry.name))
                if entry.name.startswith("."):
                    continue
                project_tree.check_name(entry.name, path)
                if entry.is_symlink():
                    raise project_tree.symlink(path)
                if entry.is_dir(follow_symlinks=False):
                    yield from self._below((*steps, entry.name))
                else:
                    yield path

"""Checked documents of earlier runs, one file an entry below `.reconciler/cache/`, found by what they depend on.

An entry's name is the digest of all that its content follows from: the text, the values a template was rendered with,
the kinds' tables, the environment's scope and the code itself. Nothing of an entry is believed for its name alone: it
holds its own digest, and it has the mode `OURS`, which no checkout gives to a file of a repository. A cache that cannot
be read or written changes nothing but the time of a run.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from reconciler import __version__
from reconciler.errors import ReconcilerError
from reconciler.manifest.files.project_tree import open_folder, read_in, rename_in, temporary_in
from reconciler.manifest.files.state_files import FOLDER, make_state_folder
from reconciler.model.json_types import Json

Name = TypeVar("Name")
Entry = TypeVar("Entry")

STEPS = (FOLDER, "cache")
"""Folder of the cache in a project."""

OURS = 0o610
"""Mode of an entry. Git gives a file all execute bits or none, whatever the umask leaves of them: never the group's
without the owner's."""

MOST = 20_000
"""Entries that are kept although this run had no use for them; the oldest are removed first."""

DROPPED = "W_CACHE_DROPPED"
"""Code of the message about an entry that is not believed."""

_LARGEST = 256 << 20
_ENDING = ".json"
_HEAD = '{"sha256":"%s","entry":'


class DocumentCache:
    """The cache of one project, for one `version` of the tool. `tell` gets one line for each entry that is dropped."""

    def __init__(
        self, root: Path, tell: Callable[[str], None], version: str = __version__, *, most: int = MOST
    ) -> None:
        self.version = version
        self._most = most
        self._root = root
        self._tell = tell
        self._used: set[str] = set()
        self._new: dict[str, bytes] = {}

    def find(self, keys: Mapping[Name, str], read: Callable[[Name, Mapping[str, Json]], Entry]) -> dict[Name, Entry]:
        """Return what `read` makes of the names and entries that there are. A damaged one is removed, and reported."""
        self._used.update(keys.values())
        found: dict[Name, Entry] = {}
        with suppress(OSError, ReconcilerError), open_folder(self._root, STEPS) as folder:
            for name, key in keys.items():
                with suppress(FileNotFoundError):
                    found[name] = self._read(folder, key, partial(read, name))
        return found

    def _read(self, folder: int, key: str, read: Callable[[Mapping[str, Json]], Entry]) -> Entry:
        """Return one entry. Raises FileNotFoundError where there is none, or none that is believed."""
        name = key + _ENDING
        reason = "it was not written by this user's reconciler"
        if is_ours(os.stat(name, dir_fd=folder, follow_symlinks=False)):
            try:
                return read(_decoded(read_in(folder, name, name, _LARGEST), key))
            except (ValueError, LookupError, TypeError, AttributeError):
                reason = "it is damaged"
        os.unlink(name, dir_fd=folder)
        self._tell(f"{DROPPED}: dropped {'/'.join((*STEPS, name))} and read the source again: {reason}")
        raise FileNotFoundError(name)

    def add(self, key: str, entry: Mapping[str, Json]) -> None:
        """Keep an entry until `finish` writes it."""
        self._used.add(key)
        body = json.dumps({"key": key, **entry}, separators=(",", ":")).encode("ascii")
        self._new[key] = (_HEAD % hashlib.sha256(body).hexdigest()).encode("ascii") + body + b"}"

    def finish(self) -> None:
        """Write the new entries, and remove the oldest of those without use where they are too many.

        A command calls this at its end: a run that is refused writes nothing.
        """
        if not self._new:
            return
        with suppress(OSError, ReconcilerError):
            make_state_folder(self._root)
            with open_folder(self._root, STEPS, make=True) as folder:
                for key, data in self._new.items():
                    _write(folder, key + _ENDING, data)
                self._prune(folder)
        self._new.clear()

    def _prune(self, folder: int) -> None:
        others = [(moment, name) for moment, name in _entries(folder) if name.removesuffix(_ENDING) not in self._used]
        for _, name in sorted(others)[: max(0, len(others) - self._most)]:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)


def is_ours(found: os.stat_result) -> bool:
    """Tell whether a file is one that this user's runs wrote here: not a link, nor a file of the repository."""
    return stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == OURS and found.st_uid == os.geteuid()


def _write(folder: int, name: str, data: bytes) -> None:
    temporary = temporary_in(folder, data, mode=0o600)
    os.chmod(temporary, OURS, dir_fd=folder)
    rename_in(folder, temporary, name)


def _entries(folder: int) -> Iterator[tuple[float, str]]:
    with os.scandir(folder) as found:
        for one in found:
            if one.name.endswith(_ENDING):
                yield one.stat(follow_symlinks=False).st_mtime, one.name


def _decoded(data: bytes, key: str) -> Mapping[str, Json]:
    """Return the content of an entry's file. Raises ValueError where it is not what was written under this key."""
    head = len(_HEAD % "") + 64
    text = data.decode("ascii")
    if text[:head] != _HEAD % hashlib.sha256(data[head:-1]).hexdigest() or text[-1:] != "}":
        raise ValueError("the digest is another one")
    entry: Mapping[str, Json] = json.loads(text[head:-1])
    if entry["key"] != key:
        raise ValueError("the entry belongs to another key")
    return entry

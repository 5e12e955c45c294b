"""File below `.reconciler/` that keeps the simulator's objects between runs: read, locked, replaced as a whole.

Its first line tells that it is ours; a file without it is never altered. The folder is opened step by step, no link
is followed, and a process holds the folder's lock (flock(2)) from its read to its write, for one request at a time.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NoReturn

from reconciler.errors import ReconcilerError
from reconciler.manifest.files.project_tree import (
    SEED,
    display_path,
    open_folder,
    read_in,
    refuse_irregular,
    replace_in,
)
from reconciler.manifest.files.state_files import make_state_folder, not_a_folder, outside_state_folder_reason
from reconciler.model.json_types import Json

_FORMAT = "reconciler simulator state"
_VERSION = 1
_MARK = f'{{"format": "{_FORMAT} '
_FIRST_LINE = f'{_MARK}{_VERSION}",\n'
_PATIENCE = 30.0
"""Seconds to wait for another process, which holds the lock for one request."""

Signature = tuple[int, int, int]
"""Inode, size and modification time: another one means another content, since each write makes a new file."""


class StateFile:
    """One state file; `path` is relative to the project's folder `root`. Methods raise ReconcilerError.

    `named` is entered around what may raise, to add the position of the key that names the file.
    """

    def __init__(
        self, root: Path, path: str, *, named: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self.path = path
        self._root = root
        self._named = named
        *self._steps, self._name = path.split("/")
        with self._explained():
            if reason := outside_state_folder_reason(path):
                raise ReconcilerError(f"{display_path(path)} {reason}", code="E_PATH")

    @contextmanager
    def opened(self) -> Iterator[int | None]:
        """Yield the folder for reading; None where there is none yet."""
        with ExitStack() as closing:
            folder: int | None = None
            with self._explained(), suppress(FileNotFoundError):
                folder = closing.enter_context(open_folder(self._root, self._steps))
            yield folder

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Yield the folder for reading and writing, created where it is missing; no other process has it meanwhile."""
        with ExitStack() as closing:
            with self._explained():
                make_state_folder(self._root)
                folder = closing.enter_context(open_folder(self._root, self._steps, make=True))
                self._lock(folder)
            yield folder

    def signature(self, folder: int | None) -> Signature | None:
        """Return what tells one content from another; None where there is no file."""
        if folder is None:
            return None
        with self._explained(), suppress(FileNotFoundError):
            refuse_irregular(folder, self._name, self.path)
            found = os.stat(self._name, dir_fd=folder, follow_symlinks=False)
            return (found.st_ino, found.st_size, found.st_mtime_ns)
        return None

    def read(self, folder: int) -> Json:
        """Return the kept data. Raises ReconcilerError, E_SIMULATOR_STATE_FOREIGN for a file that is not ours."""
        with self._explained():
            content = read_in(folder, self._name, self.path, SEED)
            if content and not content.startswith(_MARK.encode()):
                raise ReconcilerError(
                    f"{display_path(self.path)} is no state of a simulator: another program wrote it",
                    code="E_SIMULATOR_STATE_FOREIGN",
                    hint="it was left as it is; name another file in `simulator.state`",
                )
            if not content.startswith(_FIRST_LINE.encode()):
                raise self._damaged("it is empty" if not content else "another version of reconciler wrote it")
            try:
                value: Json = json.loads(content)
            except (ValueError, RecursionError) as error:
                raise self._damaged(f"it is no JSON: {error}") from None
            return value

    def write(self, folder: int, data: dict[str, Json]) -> None:
        """Replace the file."""
        text = f"{_FIRST_LINE}{json.dumps(data, indent=1)[1:].lstrip()}\n".encode("ascii")
        with self._explained():
            if len(text) > SEED:
                message = f"{display_path(self.path)} would be larger than {SEED} bytes"
                raise ReconcilerError(message, code="E_FILE_SIZE", hint="simulate fewer objects")
            replace_in(folder, self._name, text, mode=0o600)

    def refuse(self, reason: str) -> NoReturn:
        """Raise ReconcilerError for data that are ours and cannot be used."""
        with self._explained():
            raise self._damaged(reason)

    def _damaged(self, reason: str) -> ReconcilerError:
        return ReconcilerError(
            f"the simulator's state in {display_path(self.path)} cannot be used: {reason}",
            code="E_SIMULATOR_STATE",
            hint="`reconciler simulate reset` starts again from the seed",
        )

    def _lock(self, folder: int) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise ReconcilerError(
                        f"another process has held {display_path(self.path)} for {_PATIENCE:.0f} s",
                        code="E_SIMULATOR_BUSY",
                        hint="wait for it, or end it",
                    ) from None
                time.sleep(0.005)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Convert the system's errors, and add the position of the key."""
        with self._named():
            try:
                yield
            except NotADirectoryError:
                raise not_a_folder(self._root / self.path, self.path) from None
            except OSError as error:
                message = f"{display_path(self.path)} cannot be used: {error.strerror or error}"
                raise ReconcilerError(message, code="E_SIMULATOR_STATE") from None

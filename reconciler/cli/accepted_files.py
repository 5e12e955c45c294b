"""Files that the last runs of `accept` and `adopt` wrote: what they contain was made here, and may be edited again.

`.reconciler/accepted.json` has the SHA-256 of each. A file is remembered only where no uncommitted text was in it
before, so that a further edit overwrites no work of a person.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from reconciler.errors import ReconcilerError

_FILE = "accepted.json"
_LARGEST = 8 << 20
_VERSION = "1.0"


def dirty_files(root: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the reason for each of these files, with its bytes, that holds text which is not committed.

    What was written here, and is as it was written, counts as committed. The empty name is a folder outside git.
    """
    from reconciler.manifest.files.git_changes import uncommitted

    try:
        found = uncommitted(root, files)
    except ReconcilerError as problem:
        return {"": problem.message}
    written = _read(root) if found else {}
    return {file: why for file, why in found.items() if written.get(file) != _digest(files[file])}


def remember_written(root: Path, files: Mapping[str, bytes]) -> None:
    """Keep the digests of files that were written; a folder that cannot be written keeps none."""
    from reconciler.manifest.files.project_tree import open_folder, replace_in
    from reconciler.manifest.files.state_files import FOLDER, make_state_folder

    if not files:
        return
    known = {file: digest for file, digest in _read(root).items() if (root / file).exists()}
    known |= {file: _digest(data) for file, data in files.items()}
    text = json.dumps({"format_version": _VERSION, "files": dict(sorted(known.items()))}, indent=1)
    with suppress(OSError, ReconcilerError, ValueError):
        make_state_folder(root)
        with open_folder(root, (FOLDER,)) as folder:
            replace_in(folder, _FILE, f"{text}\n".encode("utf-8", "surrogateescape"))


def _read(root: Path) -> dict[str, str]:
    """Return the digest of each remembered file; none of a file that is not readable."""
    from reconciler.manifest.files.project_tree import open_folder, open_in
    from reconciler.manifest.files.state_files import FOLDER

    try:
        with open_folder(root, (FOLDER,)) as folder, os.fdopen(open_in(folder, _FILE, _FILE), "rb") as file:
            found = json.loads(file.read(_LARGEST).decode("utf-8", "surrogateescape"))
        listed = found["files"] if found["format_version"] == _VERSION else {}
        return {str(name): str(digest) for name, digest in listed.items()}
    except (OSError, ReconcilerError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

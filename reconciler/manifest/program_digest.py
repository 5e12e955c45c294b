"""Digest of what interprets manifests, for the names of cache entries: this package, the interpreter, the libraries.

It reads the names and times of files alone, so that a run which finds everything unchanged loads none of them.
"""

import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path

import reconciler
from reconciler.entry_points import installed_distributions

PACKAGE = str(Path(reconciler.__file__).parent)
"""Folder of this package."""


def digest_of(*parts: object) -> str:
    """Return the digest of texts and plain data; their lengths are part of it."""
    found = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, str) else json.dumps(part, separators=(",", ":"))
        encoded = data.encode("utf-8", "surrogatepass")
        found.update(b"%d:" % len(encoded))
        found.update(encoded)
    return found.hexdigest()


@cache
def code(place: str) -> str:
    """Return a digest of a module's file, or of those of a package's folder.

    An edited check is another one, though the version is the same.
    """
    files = [os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names] or [place]
    stamps = [(one, os.stat(one)) for one in sorted(files) if one.endswith((".py", ".toml"))]
    return digest_of([[one, found.st_size, found.st_mtime_ns] for one, found in stamps])


@cache
def program(version: str) -> str:
    """Return the digest of what interprets a manifest: this package, the interpreter and all installed libraries."""
    return digest_of(version, sys.version, sys.byteorder, list(installed_distributions()), code(PACKAGE))

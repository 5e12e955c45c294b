"""Entry points of installed distributions, by group: the package's own kinds, readers, writers, reporters, and plugins.

`importlib.metadata` reads and parses the entry points of every distribution for each question. Here each file is read
once a process, and only one that names a group of this package is parsed. Its library answers where distributions are
elsewhere than in folders of the import path.
"""

import os
import re
import sys
from collections.abc import Iterator
from functools import cache, reduce
from importlib import import_module
from importlib.machinery import PathFinder
from typing import NamedTuple

_GROUPS = b"[reconciler."


class RegisteredObject(NamedTuple):
    """Entry point: `value` is `module:attribute`."""

    group: str
    name: str
    value: str

    def load(self) -> object:
        """Import and return the object. Raises whatever its import raises."""
        module, _, attributes = self.value.partition("[")[0].partition(":")
        return reduce(getattr, filter(None, attributes.strip().split(".")), import_module(module.strip()))


def registered(group: str) -> tuple[RegisteredObject, ...]:
    """Return the entry points of one group, in the order of the import path."""
    return tuple(
        each for each in _found(tuple((folder, _moment(folder)) for folder in sys.path)) if each.group == group
    )


def _moment(folder: str) -> int:
    """Return when a folder was changed; 0 for none."""
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


@cache
def _found(path: tuple[tuple[str, int], ...]) -> tuple[RegisteredObject, ...]:
    """Return the entry points of this package's groups; of two distributions of one name the first counts."""
    if any(map(_is_foreign, sys.meta_path)) or any(os.path.isfile(folder) for folder, _ in path if folder):
        return _by_library()
    seen: set[str] = set()
    found: list[RegisteredObject] = []
    for folder, moment in path:
        for name in _listed(folder) if moment else ():
            distribution = re.sub(r"[-_.]+", "-", name.rpartition(".")[0].partition("-")[0]).lower()
            if distribution not in seen:
                seen.add(distribution)
                found += _parsed(os.path.join(folder, name, "entry_points.txt"))
    return tuple(found)


def installed_distributions() -> tuple[str, ...]:
    """Return the names of the folders that describe distributions, which hold their versions, and of archives."""
    folders = [folder for folder in sys.path if not os.path.isfile(folder)]
    archives = [f"{folder} {_moment(folder)}" for folder in sys.path if os.path.isfile(folder)]
    return (*sorted({name for folder in folders for name in _listed(folder)}), *sorted(archives))


def _is_foreign(finder: object) -> bool:
    """Tell whether a finder of modules knows of distributions that are in no folder of the import path."""
    return finder is not PathFinder and hasattr(finder, "find_distributions")


def _by_library() -> tuple[RegisteredObject, ...]:
    from importlib.metadata import entry_points  # for start-up: it loads the modules of mail messages

    every = entry_points()
    groups = [group for group in every.groups if group.startswith("reconciler.")]
    return tuple(
        RegisteredObject(group, each.name, each.value) for group in groups for each in every.select(group=group)
    )


def _listed(folder: str) -> list[str]:
    """Return the names of the folders that describe distributions."""
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return []
    return [name for name in names if name.lower().endswith((".dist-info", ".egg-info")) or name == "EGG-INFO"]


def _parsed(file: str) -> Iterator[RegisteredObject]:
    """Yield the entry points of a file; nothing where there is none, or none of this package's groups."""
    try:
        with open(file, "rb") as opened:
            content = opened.read()
    except OSError:
        return
    if _GROUPS not in content:
        return
    group = ""
    for line in map(str.strip, content.decode("utf-8", "replace").splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1]
        elif line and not line.startswith("#") and group.startswith("reconciler."):
            name, _, value = line.partition("=")
            yield RegisteredObject(group, name.strip(), value.strip())

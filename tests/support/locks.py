"""The locks of an installation are parts of requirements.lock: `python -m tests.support.locks` writes them again.

requirements-run.lock is what a run and its build need, the extra `postgres` included; install/requirements-EXTRA.lock
is what one further extra needs beside it. Versions and hashes are those of requirements.lock; which packages an extra
needs is asked of those installed here.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.command_line import ROOT

_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)==\S+", re.MULTILINE)
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ALWAYS = "postgres"
"""The extra that every installation has: a ledger's URL may be known to a later step alone."""
EXTRAS: Mapping[str, list[str]] = _PROJECT["project"]["optional-dependencies"]

_RUN = """\
# What an installation runs with (and builds with, offline): the part of requirements.lock that the dependencies, the
# extra `postgres` and the build backend need, with the same versions and hashes. Written by tests/support/locks.py.
"""
_EXTRA = """\
# What the extra `{}` needs beside requirements-run.lock, with the versions and hashes of requirements.lock.
# Written by tests/support/locks.py.
"""


def blocks(path: Path) -> dict[str, str]:
    """Return the lines of each package in a lock, its version and its hashes, without comments."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    parts = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return {canonicalize_name(match[1]): part for part in parts if (match := _LOCKED.match(part))}


def needed(requirements: Iterable[str]) -> set[str]:
    """Return every package that these requirements lead to, from what is installed here."""
    left = [Requirement(each) for each in requirements]
    found: dict[str, frozenset[str]] = {}
    while left:
        one = left.pop()
        name, extras = canonicalize_name(one.name), frozenset(one.extras)
        if name in found and extras <= found[name]:
            continue
        found[name] = found.get(name, frozenset()) | extras
        for each in map(Requirement, distribution(one.name).requires or ()):
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                left.append(each)
    return set(found)


def parts() -> dict[Path, tuple[str, set[str]]]:
    """Return each lock of an installation: its heading, and the packages it names."""
    run = needed([*_PROJECT["project"]["dependencies"], *EXTRAS[ALWAYS], *_PROJECT["build-system"]["requires"]])
    found = {ROOT / "requirements-run.lock": (_RUN, run)}
    for extra, requirements in EXTRAS.items():
        if extra != ALWAYS:
            path = ROOT / f"install/requirements-{extra}.lock"
            found[path] = (_EXTRA.format(extra), needed(requirements) - run)
    return found


def main() -> None:
    """Write every part."""
    whole = blocks(ROOT / "requirements.lock")
    for path, (heading, names) in parts().items():
        path.write_text(heading + "".join(whole[name] for name in sorted(names)), encoding="utf-8")


if __name__ == "__main__":
    main()

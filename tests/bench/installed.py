"""reconciler as a user has it: a virtual environment of its run-time dependencies and nothing else.

The development environment holds trio (for a browser's driver) and click (for a cluster), and httpcore and httpx
import them wherever they find them. A user's start-up does not pay for that, so the figures do not either.
"""

import atexit
import sysconfig
import tempfile
import venv
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


@cache
def interpreter() -> str:
    """Return the interpreter of such an environment; it is made once and removed at the end."""
    home = tempfile.TemporaryDirectory()
    atexit.register(home.cleanup)
    return python(Path(home.name))


def python(folder: Path) -> str:
    """Make the environment in this folder, of links to what is installed here; return its interpreter."""
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    needed = _needed("reconciler", {})
    for place in {place for distribution in needed.values() for place in _places(distribution)}:
        (packages / place.name).symlink_to(place)
    (packages / "reconciler").symlink_to(ROOT / "reconciler")
    return str(folder / "bin" / "python")


def _needed(name: str, found: dict[str, metadata.Distribution]) -> dict[str, metadata.Distribution]:
    """Add a distribution and all that it requires at run time, without extras."""
    if name not in found:
        found[name] = metadata.distribution(name)
        for line in found[name].requires or ():
            required = Requirement(line)
            if required.marker is None or required.marker.evaluate({"extra": ""}):
                _needed(required.name, found)
    return found


def _places(distribution: metadata.Distribution) -> set[Path]:
    """Return the files and folders of a distribution at the top of where it is installed."""
    tops = {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}
    return {Path(str(distribution.locate_file(top))) for top in tops if not top.endswith(".pth")}

"""reconciler installed as CI installs it, without a package index.

The steps that install run as printed. Only the Python they start from is a stand-in: the virtual environments it makes
also see the packages of the tests' own environment, so that pip, told PIP_NO_INDEX, finds each package of the locks at
its locked version or fails, and builds and installs this repository itself.
"""

import fcntl
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from tests.support.command_line import ROOT

OFFLINE: Mapping[str, str] = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1"}
"""What keeps pip from any index."""

_NEW = """\
#!/bin/sh
printf '%s\\n' "$*" >>'{calls}'
[ "$2 $3" != "-m venv" ] || for place; do :; done
'{python}' "$@" || exit
[ "$2 $3" != "-m venv" ] || echo '{packages}' >"$(echo "$place"/lib/python3.*/site-packages)/packages-of-the-tests.pth"
"""
_AGAIN = """\
#!/bin/sh
printf '%s\\n' "$*" >>'{calls}'
case "$2 $3" in
  "-m venv") mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-m pip") ;;
  *) exec '{made}/bin/python' "$@" ;;
esac
"""


@dataclass(frozen=True)
class Installation:
    """A virtual environment that the installing step made once: `folder`, and the calls that made it."""

    folder: Path
    calls: tuple[str, ...]

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    @property
    def programs(self) -> Path:
        """Return the folder of `reconciler`, as the PATH of the image has it."""
        return self.folder / "bin"

    def again(self, folder: Path) -> Path:
        """Make a `python3` that writes down how it installs, and hands out this environment instead of another one."""
        return _program(folder, _AGAIN.format(calls=folder / "calls", made=self.folder))


def environment_with(package: Path, installation: Installation, folder: Path) -> Path:
    """Install a built package into an environment of its own, which sees the packages of the tests; return its bin.

    The first of the workers that share a folder makes it.
    """
    target = folder / "made/bin/python"
    with _only_one(folder.parent / f"{folder.name}.lock"):
        if not (folder / "ready").exists():
            python = new_python(folder / "base")
            run([str(python), "-I", "-m", "venv", "--without-pip", str(folder / "made")], folder)
            pip = [str(installation.python), "-I", "-m", "pip", "--disable-pip-version-check", "--python", str(target)]
            run([*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", str(package)], folder)
            (folder / "ready").touch()
    return target.parent


def wheelhouse(folder: Path, names: Iterable[str]) -> Path:
    """Pack installed packages as wheels again, so that pip can install them where it must not ask an index."""
    folder.mkdir()
    for name in names:
        found = distribution(name)
        files = found.files or []
        (information,) = {path.parts[0] for path in files if path.name == "WHEEL" and len(path.parts) == 2}
        tags = [tag.split("-") for tag in re.findall("^Tag: (.+)$", found.read_text("WHEEL") or "", re.MULTILINE)]
        tag = "-".join(".".join(dict.fromkeys(parts)) for parts in zip(*tags, strict=True))
        stem = information.removesuffix(".dist-info")
        with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as wheel:
            for path in files:
                if ".." not in path.parts and "__pycache__" not in path.parts:
                    wheel.write(str(path.locate()), str(path))
    return folder


def new_python(folder: Path) -> Path:
    """Make a `python3` whose virtual environments see the packages of the tests; it writes down how it was called."""
    packages = sysconfig.get_path("purelib")
    text = _NEW.format(calls=folder / "calls", python=sys._base_executable, packages=packages)  # type: ignore[attr-defined]
    return _program(folder, text)


def calls_of(folder: Path) -> tuple[str, ...]:
    """Return how the `python3` in a folder was called."""
    path = folder / "calls"
    return tuple(path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()


def installed(shared: Path) -> Installation:
    """Return the environment that install.sh makes; the first of the workers that share a folder makes it."""
    folder = shared / "installation"
    with _only_one(shared / "installation.lock"):
        if not (folder / "made").exists():
            python = new_python(folder)
            script = ROOT / "install/install.sh"
            run([str(script), str(python), str(folder / "reconciler")], folder)
            program = folder / "reconciler/bin/reconciler"
            text = program.read_text(encoding="utf-8")
            program.write_text(text.replace("\n", " -I\n", 1), encoding="utf-8")  # as the Dockerfile does
            (folder / "made").touch()
    return Installation(folder / "reconciler", calls_of(folder))


def built(shared: Path, source: Path = ROOT) -> dict[str, Path]:
    """Return the wheel and the sdist of this repository, built once for the workers that share a folder."""
    folder = shared / "dist"
    with _only_one(shared / "dist.lock"):
        if not folder.is_dir():
            part = shared / "dist.part"
            run([sys.executable, "-m", "hatchling", "build", "-d", str(part)], source)
            part.rename(folder)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command that must succeed, without an index and without the caller's other variables."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**environment, **OFFLINE, **variables},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def _program(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "python3"
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return program


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

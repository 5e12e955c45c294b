"""Puts a small distribution on PYTHONPATH, as an installed plugin would be, and runs the command line with it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def install(folder: Path, name: str, modules: Mapping[str, str], entry_points: Mapping[str, Mapping[str, str]]) -> None:
    """Write a distribution of these modules with these entry points (group, name, object)."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    groups = [
        "\n".join([f"[{group}]", *(f"{k} = {v}" for k, v in found.items())]) for group, found in entry_points.items()
    ]
    (info / "entry_points.txt").write_text("\n\n".join(groups) + "\n")
    for file, text in modules.items():
        (folder / file).write_text(text)


def environment(shop: Path) -> dict[str, str]:
    """Return the variables of a process that sees the distribution in the folder `plugin` beside the project."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "HUAWEI", "HW_"))}
    return kept | {"PYTHONPATH": str(shop.parent / "plugin")}


def run(shop: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "reconciler", "-C", str(shop), *arguments]
    return subprocess.run(
        command, env=environment(shop) | variables, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def simulated(shop: Path, *more: str) -> Iterator[str]:
    """Run the simulator on a port of its own, stopped at the end; gives its address."""
    command = [sys.executable, "-m", "reconciler", "-C", str(shop), "simulate", "--seed", "live.yaml", "--port", "0"]
    command += more
    process = subprocess.Popen(command, env=environment(shop), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield next(word for word in line.split() if word.startswith("http")).rstrip("/")
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
        process.stdout.close()

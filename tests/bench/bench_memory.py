"""Peak memory of a whole `reconciler plan` over HTTP, of objects that do not change but for one per cent.

Each plan is a process of its own, whose peak the system counts. An object costs the difference of the peaks of two
sizes, each the median of several plans (which pages are decoded at the same time differs from one to the next), without
the bytes of its manifest. The cache of checked documents is left alone.
"""

import os
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.bench_plan import ROOT, ROUNDS, SCALE, project_of
from tests.bench.results import Ratio, Row


def run() -> list[Row]:
    """Measure rooms, rules and the largest plan."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            _row(folder / "rooms", "room", (int(10_000 * SCALE), 0), (int(30_000 * SCALE), 0), "at most 4 KB"),
            _row(folder / "rules", "rule", (0, int(250 * SCALE)), (0, int(750 * SCALE)), "at most 1.2 KB"),
            _largest(folder / "largest", int(100_000 * SCALE)),
        ]


def _row(folder: Path, what: str, small: tuple[int, int], large: tuple[int, int], wanted: str) -> Row:
    peaks, texts = zip(
        *(_measured(folder / str(number), *size, rounds=ROUNDS) for number, size in enumerate((small, large))),
        strict=True,
    )
    objects = large[0] - small[0] + 20 * (large[1] - small[1])
    beyond = (peaks[1] - peaks[0] - (texts[1] - texts[0])) / objects
    text = f"{(texts[1] - texts[0]) / objects:.0f}"
    return {
        "what": f"one unchanged {what}, of {objects:,}",
        "peak MB": f"{peaks[0] / 1e6:.0f} → {peaks[1] / 1e6:.0f}",
        "result": Ratio(beyond / 1000, "{:.2f} KB beyond its text of " + text + " bytes"),
        "": f"wanted: {wanted}",
    }


def _largest(folder: Path, rooms: int) -> Row:
    peak, _ = _measured(folder, rooms, 0)
    return {
        "what": f"{rooms:,} rooms",
        "peak MB": f"{peak / 1e6:.0f}",
        "result": Ratio(peak / rooms / 1000, "{:.2f} KB a room, all in all"),
        "": "wanted: at most 700 MB for 100,000",
    }


def _measured(project: Path, rooms: int, groups: int, *, rounds: int = 1) -> tuple[float, int]:
    """Return the median of the bytes of a plan's peak memory, and those of its manifests."""
    with project_of(project, rooms, groups) as command:
        peak = statistics.median(peak_of([*command, "--no-cache"], code=2) for _ in range(rounds))
    return peak, sum(file.stat().st_size for file in (project / "manifests").iterdir())


def peak_of(command: Sequence[str], *, code: int) -> int:
    """Return the bytes of a command's peak memory. Raises SystemExit where it ends with another code."""
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return used.ru_maxrss * 1024

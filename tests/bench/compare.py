"""Measure another revision beside this tree: the same benchmarks, the same interpreter, one right after the other.

The revision's package is written to a folder of its own (`git archive`); the benchmarks are this tree's on both sides.
"""

import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.results import Row

ROOT = Path(__file__).parents[2]
Measured = Mapping[str, float]
Measure = Callable[[Path, str], Measured]
"""Runs a benchmark by name in a tree; returns its ratios by row."""


class NotMeasured(Exception):  # noqa: N818 - no mistake of ours: a revision can lack what a benchmark calls
    """A benchmark cannot run in a tree."""


def checked_out(revision: str, folder: Path, *, repository: Path = ROOT) -> Path:
    """Write the tree of a revision, with this tree's tests. Raises SystemExit where there is no such revision."""
    command = ["git", "archive", "--format=tar", revision]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"no revision {revision!r}: {done.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    shutil.rmtree(folder / "tests", ignore_errors=True)
    shutil.copytree(repository / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    compiled = [sys.executable, "-m", "compileall", "-q", str(folder / "reconciler")]
    subprocess.run(compiled, capture_output=True, check=False)
    return folder


def measured(tree: Path, benchmark: str) -> Measured:
    """Run a benchmark in a tree, in a process of its own. Raises NotMeasured where it fails."""
    command = [sys.executable, "-m", "tests.bench", benchmark, "--json"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotMeasured((done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1])
    found: Measured = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(revision: str, other: Path, benchmarks: Sequence[str], measure: Measure = measured) -> list[Row]:
    """Return a row for each ratio of both sides, and one for each benchmark that a side cannot run."""
    rows = []
    for benchmark in benchmarks:
        sides, failed = {}, ""
        for name, tree in ((revision, other), ("here", ROOT)):
            try:
                sides[name] = measure(tree, benchmark)
            except NotMeasured as problem:
                failed, sides[name] = f"not measured ({name}): {problem}", {}
        before, now = sides[revision], sides["here"]
        if failed:
            rows.append(_row(benchmark, revision, None, None, failed))
        rows += [_row(name, revision, before.get(name), now.get(name)) for name in dict.fromkeys([*before, *now])]
    return rows


def _row(name: str, revision: str, before: float | None, now: float | None, note: str = "") -> Row:
    both = before and now is not None
    return {
        "ratio": name,
        revision: "" if before is None else f"{before:.2f}",
        "here": "" if now is None else f"{now:.2f}",
        f"here / {revision}": f"{now / before:.2f}" if both and before and now is not None else note,
    }

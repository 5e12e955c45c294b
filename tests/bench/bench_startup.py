"""Start-up: processor time of whole processes against `python -c pass` of the same interpreter, medians of seven, with
the packages of an installation and with those of the development environment. Cold is without the document cache, warm
with what the run before left there. `wanted` is the most that a person should feel.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.installed import ROOT, interpreter
from tests.bench.results import Ratio, Row

_ROUNDS = 7
_SCRIPT = "import sys; from reconciler.cli import process_main; sys.exit(process_main())"
"""What an installation's script does."""
_WANTED = {"--help": 5, "validate": 16, "plan -e demo": 26}
_PASS = "pass"


def run() -> list[Row]:
    """Measure each command in both environments; the rounds of all commands alternate."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "quickstart")
        shutil.copytree(ROOT / "examples/quickstart", project, ignore=shutil.ignore_patterns(".reconciler"))
        found = {"installation": _medians(interpreter(), project), "development": _medians(sys.executable, project)}
    rows: list[Row] = []
    for case in next(iter(found.values())):
        if case != _PASS:
            ratios = {name: Ratio(times[case] / times[_PASS], "{:.1f} ×") for name, times in found.items()}
            rows.append({"command": case, "wanted": f"≤ {_WANTED[case.partition(', ')[0]]} ×", **ratios})
    floors = {name: f"{times[_PASS]:.3f} s" for name, times in found.items()}
    return [*rows, {"command": "`python -c pass`", "wanted": "", **floors}]


def _medians(python: str, project: Path) -> dict[str, float]:
    """Return the median processor time of each command, in seconds."""
    times: dict[str, list[float]] = {}
    for number in range(_ROUNDS + 1):
        for case, seconds in _round(python, project):
            if number:  # the first round compiles the modules
                times.setdefault(case, []).append(seconds)
    return {case: statistics.median(found) for case, found in times.items()}


def _round(python: str, project: Path) -> list[tuple[str, float]]:
    found = [(_PASS, _seconds([python, "-c", "pass"], project))]
    for command in _WANTED:
        process = [python, "-c", _SCRIPT, *command.split()]
        if command.startswith("-"):
            found.append((command, _seconds(process, project)))
            continue
        shutil.rmtree(project / ".reconciler/cache", ignore_errors=True)
        found += [(f"{command}, {state}", _seconds(process, project)) for state in ("cold", "warm")]
    return found


def _seconds(command: list[str], folder: Path) -> float:
    """Return the processor time of a process and its children, user and system."""
    variables = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

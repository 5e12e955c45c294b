"""An audit of 10,000 simulated projects: one process against Dask clusters of one and two workers, in one run.

Each way is the whole command line in a process of its own, ledger and JSON report included; CPU and peak memory are
summed over the process and all it started. "Overhead" is the CPU a project costs beyond a bare visit (render, read
from the embedded simulator, plan) in a loop that shares what an audit shares. Of the row with a killed worker, one is
killed by its pid midway; "told once" says that every project stands in the report and in the ledger exactly once. Of
one process it is the run of seven with the median of processor time. "Wall / 1 worker" compares the medians of seven
audits on clusters that stand already, one of one worker and one of two in turn, a worker a process, so that neither
pays for its start; their processor time is not counted.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reconciler.fleet.audit_batches import sharing
from reconciler.fleet.environment_result import visit
from reconciler.fleet.fleet_file import read_fleet_file
from reconciler.project.config_file import load_project
from reconciler.project.environment_session import LiveAccess
from reconciler.project.plan_environment import PlanRequest
from tests.bench.bench_plan import ROUNDS
from tests.bench.results import Ratio, Row
from tests.support.fleets import LEDGER, Audit, fleet, kill_a_worker, once, rows

SIZE = int(os.environ.get("BENCH_PROJECTS", 10_000 * float(os.environ.get("BENCH_SCALE", "1"))))
_BARE = 500


def run() -> list[Row]:
    """Audit the same fleet in each way."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        names = fleet(folder, SIZE)
        bare = statistics.median(_bare(folder) for _ in range(ROUNDS))
        kill = once(folder, SIZE // 4, kill_a_worker)
        rows = [
            _median([_row("one process", Audit(folder), names, bare) for _ in range(ROUNDS)]),
            _row("Dask, 2 workers", Audit(folder, ("--dask", "local")), names, bare),
            _row("Dask, 2 workers, one killed", Audit(folder, ("--dask", "local")), names, bare, watch=kill),
        ]
        pairs = [[_on_workers(folder, number, names) for number in (1, 2)] for _ in range(ROUNDS)]
        return [*rows, _standing([statistics.median(walls) for walls in zip(*pairs, strict=True)], names)]


def _median(same: list[Row]) -> Row:
    """Return the one in the middle, by processor time; where one told a project not once, that one."""
    wrong = [row for row in same if row["told once"] != "yes"]
    return wrong[0] if wrong else sorted(same, key=lambda row: float(row["CPU s"]))[len(same) // 2]


def _on_workers(folder: Path, number: int, names: tuple[str, ...]) -> float:
    """Return the wall time of an audit on a cluster of so many workers that stands already."""
    from distributed import LocalCluster

    (folder / LEDGER).unlink(missing_ok=True)
    with LocalCluster(
        n_workers=number, threads_per_worker=4, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as cluster:
        audit = Audit(folder, ("--dask", cluster.scheduler_address)).run(timeout=3600)
    if sorted(audit.told()) != list(names):
        raise SystemExit(f"an audit on {number} workers: {_said(audit)}")
    return audit.wall


def _standing(walls: Sequence[float], names: tuple[str, ...]) -> Row:
    one, two = walls
    return {
        "way": "Dask, 2 standing workers against 1",
        "projects": len(names),
        "wall s": f"{two:.1f} against {one:.1f}",
        "wall / 1 worker": Ratio(two / one),
    }


def _row(
    way: str, audit: Audit, names: tuple[str, ...], bare: float, watch: Callable[..., object] = lambda process: None
) -> Row:
    (audit.folder / LEDGER).unlink(missing_ok=True)
    audit.run(watch, timeout=3600)
    recorded = sorted(owner.rpartition("/")[2] for _, owner in rows(audit.folder))
    once_each = sorted(audit.told()) == recorded == list(names)
    return {
        "way": way,
        "projects": len(names),
        "wall s": f"{audit.wall:.1f}",
        "wall / 1 worker": "",
        "CPU s": f"{audit.cpu:.1f}",
        "peak MB": f"{audit.peak / 1e6:.0f}",
        "CPU ms a project": f"{audit.cpu / len(names) * 1000:.1f}",
        "of it overhead ms": f"{(audit.cpu / len(names) - bare) * 1000:.1f}",
        "exit": audit.code,
        "told once": "yes" if once_each else f"NO: {_said(audit)}",
    }


def _said(audit: Audit) -> str:
    problems = audit.report()["diagnostics"]
    return f"{len(problems)} problems, first {problems[0]['summary']}" if problems else audit.err[-200:]


def _bare(folder: Path) -> float:
    """Return the CPU seconds of one visit in a plain loop, the imports of the first left out."""
    made = read_fleet_file(load_project(folder), "shop", folder / "fleet.csv", (folder / "fleet.csv").read_bytes())
    names, ask = (
        list(made.project.environments)[: _BARE + 1],
        sharing(made.project, PlanRequest(access=LiveAccess(variables={}, parallelism=1))),
    )
    visit(made.project, names[0], ask)
    started = time.process_time()
    for name in names[1:]:
        visit(made.project, name, ask)
    return (time.process_time() - started) / (len(names) - 1)


if __name__ == "__main__":
    sys.stdout.write(f"{run()}\n")

"""A whole `reconciler plan` over HTTP from a served simulator, against what others do for the same objects.

Processor seconds of the whole process (user and system), medians of several runs in this one run; every side is a
process of its own, ours with the packages a user has, and one per cent of the objects is changed. `terraform plan`
works on `terraform_data` resources made from the same YAML, without any network; octoDNS on as many flat records, file
to file. The floor is libyaml's events of the same text, json.loads of the same pages and one `==`; cold, the cache of
checked documents is empty, and warm, a run before it filled it. Growth: the exponent of the processor time between two
sizes. Last, our stages one by one.
"""

import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench import installed
from tests.bench.peers import octodns, shop, terraform
from tests.bench.results import Ratio, Row

ROOT = Path(__file__).parents[2]
PROJECT = "0" * 32
ROUNDS = 7
LARGE = 10_000
"""Most rooms of a project that is planned so often; a larger one is planned once."""
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
"""Share of the objects that the floor and the growth are measured with."""
CHANGED = 0.01


def run() -> list[Row]:
    """Measure every comparison that can be made here."""
    rows: list[Row] = []
    for measure in (_against_terraform, _against_octodns, _against_the_floor, _growth):
        with tempfile.TemporaryDirectory() as folder:
            rows += measure(Path(folder))
    return rows


def _row(what: str, ours: float, theirs: float | None, ratio: str, note: str = "") -> Row:
    other = "" if theirs is None else f"{theirs:.2f}"
    return {"what": what, "ours, CPU s": f"{ours:.2f}", "other, CPU s": other, "result": ratio, "": note}


def _against_terraform(folder: Path) -> list[Row]:
    what = "1,000 rooms + 50 groups × 20 rules, `terraform plan`"
    ours = _ours(folder / "ours", 1_000, 50)
    if not terraform.terraform():
        return [_row(what, ours, None, "skipped", "terraform is not on this machine")]
    there = folder / "terraform"
    terraform.write(there, shop.rooms(1_000), shop.groups(50))
    terraform.apply(there)
    terraform.write(there, shop.rooms(1_000, CHANGED), shop.groups(50, CHANGED))
    theirs = cpu(terraform.plan_command(), there)
    return [_row(what, ours, theirs, Ratio(theirs / ours, "{:.1f} × less CPU"), "wanted: 35 × less")]


def _against_octodns(folder: Path) -> list[Row]:
    what = "10,000 objects, `octodns-sync` of 10,000 flat records"
    ours = _ours(folder / "ours", 10_000, 0)
    if not octodns.octodns():
        return [_row(what, ours, None, "skipped", "octodns is not installed")]
    theirs = cpu(octodns.write(folder / "octodns", 10_000), folder)
    return [_row(what, ours, theirs, Ratio(theirs / ours, "{:.1f} × less CPU an object"), "wanted: 4 × less")]


def _against_the_floor(folder: Path) -> list[Row]:
    """Compare with the floor, each round of the floor followed by one of each other side."""
    rooms, groups = int(10_000 * SCALE), int(500 * SCALE)
    plain = folder / "plain-YAML"
    rows = []
    for name, templated, most in (("plain YAML", False, (2.2, 1.2)), ("templates", True, (2.6, 1.3))):
        project = folder / name.replace(" ", "-")
        with project_of(project, rooms, groups, templated=templated) as command:
            texts = map(str, sorted((plain / "manifests").glob("*.yaml")))
            least = [sys.executable, "-m", "tests.bench.peers.floor", str(project / "seed.json"), *texts]
            floor, cold, warm = [], [], []
            for _ in range(ROUNDS):
                shutil.rmtree(project / ".reconciler", ignore_errors=True)
                floor.append(cpu(least, ROOT, rounds=1))
                cold.append(cpu(command, ROOT, code=2, rounds=1))
                warm.append(cpu(command, ROOT, code=2, rounds=1))
        least_ = statistics.median(floor)
        for state, found, wanted in (("cold", cold, most[0]), ("warm", warm, most[1])):
            ours = statistics.median(found)
            what = f"{rooms:,} rooms + {groups} groups × 20 rules, {name}, cache {state}; the floor"
            ratio = Ratio(ours / least_, "{:.2f} × the floor")
            rows.append(_row(what, ours, least_, ratio, f"wanted: at most {wanted} ×"))
    return rows + _stages(plain)


def _growth(folder: Path) -> list[Row]:
    sizes = [int(size * SCALE) for size in (1_000, 10_000, 100_000)]
    found = [_ours(folder / str(size), size, 0, rounds=1 if size > LARGE else ROUNDS) for size in sizes]
    rows = []
    for at in (1, 2):
        exponent = math.log(found[at] / found[at - 1]) / math.log(sizes[at] / sizes[at - 1])
        what = f"{sizes[at - 1]:,} → {sizes[at]:,} rooms"
        once = f"; {sizes[at]:,} rooms once" if sizes[at] > LARGE else ""
        ratio = Ratio(exponent, "exponent {:.2f}")
        rows.append(_row(what, found[at], found[at - 1], ratio, f"wanted: at most 1.05{once}"))
    return rows


def _ours(project: Path, rooms: int, groups: int, *, rounds: int = ROUNDS) -> float:
    """Return the processor time of our plan of so many objects, without the cache of checked documents."""
    with project_of(project, rooms, groups) as command:
        return cpu([*command, "--no-cache"], ROOT, code=2, rounds=rounds)


@contextmanager
def project_of(project: Path, rooms: int, groups: int, *, templated: bool = False) -> Iterator[list[str]]:
    """Write a project of so many objects, serve its live side, and yield the command that plans it."""
    write = shop.write_templates if templated else shop.write_manifests
    write(project / "manifests", shop.rooms(rooms, CHANGED), shop.groups(groups, CHANGED))
    shop.write_seed(project / "seed.json", shop.rooms(rooms), shop.groups(groups))
    with served(project / "seed.json") as url:
        values = "values: [values.yaml]\n" if templated else ""
        environment = f"  bench: {{endpoint: '{url}', project_id: '{PROJECT}', auth: none}}\n"
        (project / "reconciler.yaml").write_text(f"manifests: [manifests]\n{values}environments:\n{environment}")
        words = ["-C", str(project), "plan", "-e", "bench", "--detailed-exitcode"]
        yield [installed.interpreter(), "-m", "reconciler", *words]


@contextmanager
def served(seed: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "reconciler", "simulate", "--seed", str(seed), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def cpu(command: Sequence[str], folder: Path, *, code: int = 0, rounds: int = ROUNDS) -> float:
    """Return the median processor time of a command that ends with this code."""
    found = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != code:
            raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def _stages(project: Path) -> list[Row]:
    """Return the processor time of each stage, taken inside one process."""
    with served(project / "seed.json") as url:
        command = [sys.executable, "-m", "tests.bench.bench_plan", str(project), url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    stages = (line.split("\t") for line in done.stdout.splitlines())
    return [_row(f"stage: {name}", float(seconds), None, "") for name, seconds in stages]


def stages(project: Path, url: str) -> Iterator[tuple[str, float]]:
    """Plan once in this process, stage by stage."""
    start = time.process_time()
    from reconciler.api.client import ReadClient
    from reconciler.api.connection import Connection
    from reconciler.diff.differ import diff
    from reconciler.kinds.registry import all_kinds
    from reconciler.manifest.files.disk_tree import DiskTree
    from reconciler.manifest.loader import load
    from reconciler.model.ledger_state import LedgerState
    from reconciler.model.options import PlanOptions
    from reconciler.model.report import Report, ReportOptions
    from reconciler.planner import build_read_requests, read_all
    from reconciler.readers.http_reader import HttpReader
    from reconciler.reports.text import report

    kinds, settings, past = all_kinds(), PlanOptions(environment="bench", project_id=PROJECT), LedgerState()
    yield "start and imports", time.process_time() - start
    start = time.process_time()
    manifest = load(DiskTree(project), entries=("manifests",), env_name="bench")
    yield "manifests: parse and validate", time.process_time() - start
    start = time.process_time()
    reader = HttpReader(ReadClient(Connection(base_url=url, project_id=PROJECT)))
    readings = read_all(reader, kinds, build_read_requests(manifest.resources, past, settings, kinds))
    yield "read over HTTP", time.process_time() - start
    start = time.process_time()
    plan = diff(manifest, readings, past, settings)
    yield "compare", time.process_time() - start
    start = time.process_time()
    report.report(Report(command="plan", plans=(plan,)), ReportOptions())
    yield "report as text", time.process_time() - start


if __name__ == "__main__":
    for name, seconds in stages(Path(sys.argv[1]), sys.argv[2]):
        print(f"{name}\t{seconds:.3f}")

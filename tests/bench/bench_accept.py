"""`reconciler accept --all` against `reconciler plan` of the same project, over HTTP.

Processor seconds of the whole process and its children, medians of several pairs in this one run. 5,000 rooms in 50
files: all of them differ from live, and one per cent of them. The files are plain YAML, templates whose texts differ,
and templates whose texts come from a values file, which is then the one file that is edited. Cold, neither side has the
cache of checked documents; warm, a plan before them filled it. Every accept writes its files, which are then put back.
"""

import re
import shutil
import statistics
import tempfile
from pathlib import Path

from tests.bench import installed
from tests.bench.bench_plan import PROJECT, ROOT, ROUNDS, cpu, served
from tests.bench.peers import shop
from tests.bench.results import Ratio, Row

OBJECTS = 5_000
A_FILE = 100
FORMS = ("plain YAML", "templates", "templates with a values file")


def run() -> list[Row]:
    """Measure each form of files, with both sizes of drift."""
    rows: list[Row] = []
    for form in FORMS:
        for share in (1.0, 0.01):
            with tempfile.TemporaryDirectory() as folder:
                rows += _rows(Path(folder), form, share)
    return rows


def _rows(folder: Path, form: str, share: float) -> list[Row]:
    project = folder / "project"
    values = write_project(project, form, share)
    with served(project / "seed.json") as url:
        environment = f"  bench: {{endpoint: '{url}', project_id: '{PROJECT}', auth: none}}\n"
        (project / "reconciler.yaml").write_text(f"manifests: [manifests]\n{values}environments:\n{environment}")
        return [_row(project, f"{form}, {share:.0%} of them changed in live", state) for state in ("cold", "warm")]


def _row(project: Path, what: str, state: str) -> Row:
    flags = ["-e", "bench", *(["--no-cache"] if state == "cold" else [])]
    command = [installed.interpreter(), "-m", "reconciler", "-C", str(project)]
    plan, accept = [*command, "plan", *flags], [*command, "accept", "--all", "--force", *flags]
    cpu(plan, ROOT, rounds=1)
    kept = shutil.copytree(project, project.parent / state)
    planned, accepted = [], []
    for _ in range(ROUNDS):
        planned.append(cpu(plan, ROOT, rounds=1))
        accepted.append(cpu(accept, ROOT, rounds=1))
        shutil.rmtree(project)
        shutil.copytree(kept, project)
    ours, least = statistics.median(accepted), statistics.median(planned)
    return {
        "what": f"{OBJECTS:,} rooms, {what}, cache {state}",
        "plan, CPU s": f"{least:.2f}",
        "accept, CPU s": f"{ours:.2f}",
        "result": Ratio(ours / least, "{:.2f} × a plan (wanted: at most 2 ×)"),
    }


def write_project(project: Path, form: str, share: float) -> str:
    """Write the manifests and the live side; return the line of the project file that names the values."""
    rooms = shop.rooms(OBJECTS)
    shown = {name: {**spec, "room_description": f"@{name}@"} for name, spec in rooms.items()}
    declared = list((shown if form == FORMS[2] else rooms).items())
    for first in range(0, OBJECTS, A_FILE):
        shop.write_manifests(project / f"manifests/{first}", dict(declared[first : first + A_FILE]), {})
    if form != FORMS[0]:
        for file in project.rglob("manifests/**/*.yaml"):
            text = re.sub("'@(.*)@'", lambda found: f'"{{{{ values.{_value(found[1])} }}}}"', file.read_text())
            file.write_text("{% set shop = 1 %}\n" + text)
    shop.write_seed(project / "seed.json", shop.rooms(OBJECTS, share), {})
    if form != FORMS[2]:
        return ""
    lines = (f"{_value(name)}: {spec['room_description']}\n" for name, spec in rooms.items())
    (project / "values.yaml").write_text("".join(lines))
    return "values: [values.yaml]\n"


def _value(room: str) -> str:
    return room.replace("-", "_")

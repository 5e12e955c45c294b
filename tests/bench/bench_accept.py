"""`reconciler accept --only all --dry-run` against `reconciler plan` of the same project, over HTTP.

Processor seconds of the whole process, medians of several runs in this one run. 5,000 rooms in 50 files: all of them
differ from live, and one per cent of them.
"""

import tempfile
from pathlib import Path

from tests.bench import installed
from tests.bench.bench_plan import PROJECT, ROOT, cpu, served
from tests.bench.peers import shop
from tests.bench.results import Ratio, Row

OBJECTS = 5_000
A_FILE = 100


def run() -> list[Row]:
    """Measure both sizes of drift."""
    with tempfile.TemporaryDirectory() as folder:
        return [_row(Path(folder), share) for share in (1.0, 0.01)]


def _row(folder: Path, share: float) -> Row:
    project = folder / str(share)
    rooms = list(shop.rooms(OBJECTS).items())
    for first in range(0, OBJECTS, A_FILE):
        shop.write_manifests(project / f"manifests/{first}", dict(rooms[first : first + A_FILE]), {})
    shop.write_seed(project / "seed.json", shop.rooms(OBJECTS, share), {})
    with served(project / "seed.json") as url:
        environment = f"  bench: {{endpoint: '{url}', project_id: '{PROJECT}', auth: none}}\n"
        (project / "reconciler.yaml").write_text(f"manifests: [manifests]\nenvironments:\n{environment}")
        command = [installed.interpreter(), "-m", "reconciler", "-C", str(project)]
        planned = cpu([*command, "plan", "-e", "bench", "--no-cache"], ROOT)
        accepted = cpu([*command, "accept", "-e", "bench", "--only", "all", "--dry-run"], ROOT)
    return {
        "what": f"{OBJECTS:,} rooms, {share:.0%} of them changed in live",
        "plan, CPU s": f"{planned:.2f}",
        "accept, CPU s": f"{accepted:.2f}",
        "result": Ratio(accepted / planned, "{:.2f} × a plan (wanted: at most 2)"),
    }

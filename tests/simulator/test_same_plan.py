"""Against a real port and against the embedded simulator a plan is the same, byte for byte."""

import shutil

import pytest

from reconciler.simulator import Simulator, load_seed
from reconciler.simulator.server import running
from tests.support.command_line import QUICKSTART, reconciler, without_place
from tests.support.service import PROJECT


@pytest.mark.parametrize(
    "options", [["--format", "json"], ["--format", "markdown"], ["--depth", "full", "--format", "json"]]
)
def test_a_plan_over_http_and_one_in_this_process_are_the_same_bytes(tmp_path, options):
    project = shutil.copytree(QUICKSTART, tmp_path / "quickstart")
    file = project / "reconciler.yaml"
    text = file.read_text(encoding="utf-8")
    assert 'endpoint: "simulator:live.yaml"' in text
    embedded = reconciler("-C", project, "plan", "-e", "demo", *options)
    with running(Simulator(load_seed(project / "live.yaml"))) as url:
        served = f'endpoint: "{url}", project_id: "{PROJECT}", auth: none'
        inline = text.replace('endpoint: "simulator:live.yaml"', served.replace(", ", "\n    "), 1)
        file.write_text(inline, encoding="utf-8")
        over_http = reconciler("-C", project, "plan", "-e", "demo", *options)
    assert (embedded.code, over_http.code) == (0, 0), over_http.err
    here, there = (without_place(run.out) for run in (embedded, over_http))
    assert here == there
    assert "Tea house" in embedded.out

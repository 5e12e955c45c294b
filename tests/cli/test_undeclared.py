"""Owned objects that no manifest declares: every format says what they are and what deletes them."""

import json

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, project, reconciler, room

LINE = "owned by this project, not declared; set `prune: owned` in environments.real of reconciler.yaml to delete it"


@pytest.fixture
def folder(tmp_path):
    """A project that owns a room whose manifest is gone."""
    with running(Simulator({})) as url:
        place = f'  real: {{endpoint: "{url}", project_id: "{PROJECT_ID}", auth: none}}\n'
        project(tmp_path, {"rooms/one.yaml": room("One"), "rooms/two.yaml": room("Two")}, more=place)
        assert run(tmp_path, "apply", "--auto-approve").code == 0
        (tmp_path / "rooms/two.yaml").unlink()
        yield tmp_path


def run(folder, *arguments):
    return reconciler("-C", folder, *arguments, "-e", "real")


def pruned(folder):
    path = folder / "reconciler.yaml"
    path.write_text(path.read_text("utf-8").replace("auth: none", "auth: none, prune: owned"), "utf-8")


def test_the_text_says_what_it_is_and_not_that_nothing_differs(folder):
    told = run(folder, "plan").out
    assert f"# (1 live object {LINE})" in told
    assert '#   SmartLiveRoom["Two"] [id=' in told
    assert "No changes to what is declared; 1 live object is owned by this project and not declared, and stays." in told
    assert "No changes." not in told
    assert "left alone" not in told


def test_the_json_has_the_reason(folder):
    (left,) = json.loads(run(folder, "plan", "--format", "json").out)["unmanaged"]
    assert (left["name"], left["owned"], left["reason"]) == ("Two", True, LINE)


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_the_formats_for_people_say_it_as_well(folder, name):
    told = run(folder, "plan", "--format", name).out.replace("&#39;", "'")
    assert f"1 live object {LINE}" in told
    assert "No changes." not in told


def test_what_nobody_owns_is_told_apart(folder):
    two = json.loads(run(folder, "plan", "--format", "json").out)["unmanaged"][0]["id"]
    (folder / ".reconciler/ledger.db").unlink()
    told = run(folder, "plan").out
    assert two in told
    assert "1 live object not in the manifests, left alone" in told
    assert LINE not in told


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--target", "One"], "owned by this project, not declared; it stays, since it is not chosen"),
        ([], ""),
    ],
)
def test_with_prune_it_goes_unless_something_else_holds_it(folder, arguments, why):
    pruned(folder)
    document = json.loads(run(folder, "plan", "--format", "json", *arguments).out)
    assert [one["reason"] for one in document["unmanaged"]] == ([why] if why else [])
    assert document["summary"]["destroy"] == (0 if why else 1)

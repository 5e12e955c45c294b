"""`audit`: all environments, the drifted one found, an unreadable one told without hiding the others."""

import json

from tests.support.command_line import FLEET, project, reconciler, room


def test_the_example_fleet_has_one_drifted_environment():
    run = reconciler("-C", FLEET, "audit")
    assert run.code == 2, run.err
    rows = [line.split() for line in run.out.splitlines() if line.startswith(("north", "south", "west"))]
    assert [(row[0], row[1]) for row in rows][-3:] == [("north", "in"), ("south", "differs"), ("west", "in")]


def test_an_environment_in_step_exits_0():
    assert reconciler("-C", FLEET, "audit", "-e", "north").code == 0


def test_one_unreadable_environment_is_a_diagnostic_and_the_others_complete(tmp_path):
    away = '  away: {endpoint: "http://127.0.0.1:9", project_id: a}\n  bad: {endpoint: "simulator:missing.yaml"}\n'
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=away)
    run = reconciler("-C", tmp_path, "audit", "--format", "json")
    assert run.code == 3
    shown = json.loads(run.out)
    codes = [one["code"] for one in shown["diagnostics"]]
    assert len(codes) == 2
    assert "away" in json.dumps(shown["diagnostics"])
    assert "bad" in json.dumps(shown["diagnostics"])
    assert [one["environment"] for one in shown["plans"]] == ["demo"]

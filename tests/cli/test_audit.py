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


def test_a_rule_of_health_that_does_not_hold_is_a_finding_and_an_error_exits_2(tmp_path):
    seed = (
        "smart_live_rooms:\n"
        "  - {room_name: Good, room_type: NORMAL, room_description: hello}\n"
        "  - {room_name: Bad, room_type: NORMAL, room_description: BLOCKED}\n"
    )
    rule = (
        "{kind: SmartLiveRoom, that: \"resource.room_description != 'BLOCKED'\", message: is blocked, severity: error}"
    )
    more = f'  watched: {{endpoint: "simulator:live.yaml", assert: [{rule}]}}\n'
    project(tmp_path, {"rooms/one.yaml": room("Good")}, seed=seed, more=more)
    assert reconciler("-C", tmp_path, "audit", "-e", "demo").code == 0
    run = reconciler("-C", tmp_path, "audit", "-e", "watched", "--metrics", "out.prom")
    assert run.code == 2, run.out + run.err
    assert 'E_ASSERT: watched: SmartLiveRoom["Bad"]: is blocked' in run.out
    figures = (tmp_path / "out.prom").read_text()
    assert 'reconciler_findings{environment="watched",severity="error"} 1\n' in figures
    assert 'reconciler_unmanaged{environment="watched"} 1\n' in figures


def test_a_rule_that_is_no_expression_is_told_and_one_that_fails_is_a_warning(tmp_path):
    more = (
        '  broken: {endpoint: "simulator:live.yaml", assert: [{that: "resource. =="}]}\n'
        '  failing: {endpoint: "simulator:live.yaml", assert: [{that: "resource.name + 1"}]}\n'
    )
    project(tmp_path, {"rooms/one.yaml": room("One")}, seed="smart_live_rooms: [{room_name: One}]", more=more)
    broken = reconciler("-C", tmp_path, "audit", "-e", "broken")
    assert broken.code == 3
    assert "E_ASSERT_SYNTAX" in broken.out
    assert "W_ASSERT" in reconciler("-C", tmp_path, "audit", "-e", "failing").out

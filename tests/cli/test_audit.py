"""`audit`: all environments, the drifted one found, an unreadable one told without hiding the others."""

import json

import pytest

from tests.support.command_line import FLEET, project, reconciler, room


def test_the_example_fleet_has_one_drifted_environment():
    run = reconciler("-C", FLEET, "audit")
    assert run.code == 2, run.err
    rows = [line.split() for line in run.out.splitlines() if line.startswith(("north", "south", "west"))]
    assert [(row[0], row[1]) for row in rows][:3] == [("north", "in"), ("south", "differs"), ("west", "in")]


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


RECORDED = "name: test\nmanifests: [rooms]\nenvironments:\n" + "".join(
    f'  {name}: {{endpoint: "simulator:live.yaml", ledger: "sqlite:///.reconciler/{name}.db"}}\n'
    for name in ("a", "b", "c")
)


def test_a_run_is_resumed_where_it_broke_off_and_tells_of_all(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One"), "reconciler.yaml": RECORDED})
    first = reconciler("-C", tmp_path, "audit", "-e", "a", "-e", "b", "--format", "json")
    number = first.err.split("--resume ")[1].split(".")[0]
    (tmp_path / "live.yaml").write_text("smart_live_rooms: [{room_name: One, room_description: hello}]")
    resumed = reconciler("-C", tmp_path, "audit", "--resume", number, "--format", "json")
    assert resumed.code == 2, resumed.err
    plans = {one["environment"]: one["summary"] for one in json.loads(resumed.out)["plans"]}
    assert {name: counts["add"] for name, counts in plans.items()} == {"a": 1, "b": 1, "c": 0}
    assert reconciler("-C", tmp_path, "audit", "--resume", "nothing").code == 1
    listed = reconciler("-C", tmp_path, "history", "-e", "a")
    assert number in listed.out


def test_an_audit_makes_no_ledger_by_itself(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    assert reconciler("-C", tmp_path, "audit").err == ""
    assert {path.name for path in (tmp_path / ".reconciler").iterdir()} == {".gitignore", "cache"}


@pytest.mark.deep
def test_a_cluster_tells_the_same_as_threads(tmp_path):
    more = '  other: {endpoint: "simulator:live.yaml"}\n  away: {endpoint: "http://127.0.0.1:9", project_id: a}\n'
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=more)
    threads = reconciler("-C", tmp_path, "audit", "--format", "json")
    cluster = reconciler("-C", tmp_path, "audit", "--format", "json", "--dask", "local")
    assert cluster.code == threads.code == 3, cluster.err
    assert cluster.out == threads.out


def test_no_credential_is_sent_to_a_worker(tmp_path):
    """What is submitted, pickled as for a worker, holds no secret of this process."""
    import pickle
    from concurrent.futures import Future

    from reconciler.fleet.audit import audit
    from reconciler.project.config_file import load_project
    from reconciler.project.environment_session import LiveAccess
    from reconciler.project.plan_environment import PlanRequest

    sent = []

    class Spy:
        def submit(self, do, *arguments):
            sent.append(pickle.dumps((do, *arguments)))
            future = Future()
            future.set_result(do(*arguments))
            return future

    project(tmp_path, {"rooms/one.yaml": room("One")})
    ask = PlanRequest(access=LiveAccess(variables={"HUAWEICLOUD_SDK_SK": "CANARYcanary0123456789"}))
    (result,) = audit(load_project(tmp_path), ["demo"], ask, Spy(), away=True)
    assert result.readable
    assert pickle.loads(pickle.dumps(result)) == result
    assert sent
    assert all(b"CANARY" not in one for one in sent)


@pytest.mark.parametrize("command", ["audit", "plan"])
def test_drift_that_nothing_tells_is_not_green(tmp_path, command):
    seed = "smart_live_rooms: [{room_name: One, room_description: by hand}]"
    folder = project(tmp_path, {"rooms/one.yaml": room("One")}, seed=seed)
    for classes in ("drift", "config,drift"):
        run = reconciler("-C", folder, command, "-e", "demo", "--fail-on", classes)
        assert run.code == 3, classes
        assert "W_DRIFT_UNKNOWN: whether demo drifted is unknown: no ledger was read" in run.out
        assert "RECONCILER_LEDGER" in run.out
    told = json.loads(reconciler("-C", folder, command, "--fail-on", "drift", "--format", "json").out)
    assert [one["code"] for one in told["diagnostics"]] == ["W_DRIFT_UNKNOWN"]
    for classes in ("config", "conflict"):  # these are of what the manifests changed
        assert reconciler("-C", folder, command, "--fail-on", classes).code == 0


def test_without_any_difference_there_is_no_drift_to_know_of(tmp_path):
    seed = "smart_live_rooms: [{room_name: One, room_description: hello}]"
    folder = project(tmp_path, {"rooms/one.yaml": room("One")}, seed=seed)
    run = reconciler("-C", folder, "audit", "--fail-on", "drift")
    assert run.code == 0, run.out
    assert "W_DRIFT_UNKNOWN" not in run.out


def test_each_environment_of_several_says_where_it_is(tmp_path):
    page = tmp_path / "audit.html"
    run = reconciler("-C", FLEET, "audit", "--report", f"html={page}", "--format", "text")
    for name in ("north", "south", "west"):
        assert f"=== {name} (embedded simulator, seed " in run.out
    assert "embedded simulator, seed " in page.read_text("utf-8")
    assert "Environment: `south` (`embedded simulator" in reconciler("-C", FLEET, "audit", "--format", "markdown").out

"""`apply` from the shell: agreed to, reviewed, refused, locked, blocked; every exit code with its reason."""

import json
from uuid import uuid4

import pytest

from reconciler.ledger.sql_ledger import open_ledger
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, project, reconciler, room

PROJECT = "0" * 32
PROTECTED = "Two, lifecycle: {prevent_destroy: true}}"


@pytest.fixture
def service():
    simulator = Simulator({})
    with running(simulator) as url:
        yield simulator, url


def place(url, more="prune: owned"):
    return f'  real: {{endpoint: "{url}", project_id: "{PROJECT}", {more}}}\n'


def live(simulator, project_id=PROJECT):
    rooms = simulator.console("SmartLiveRoom", project_id).objects.entries.values()
    return sorted(entry.name for entry in rooms)


def apply(folder, *arguments, **more):
    return reconciler("-C", folder, "apply", "-e", "real", *arguments, **more)


def plan(folder, *arguments, **more):
    return reconciler("-C", folder, "plan", "-e", "real", "--detailed-exitcode", *arguments, **more)


def test_apply_makes_live_what_is_declared_and_a_second_plan_is_empty(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One"), "rooms/two.yaml": room("Two")}, more=place(service[1]))
    run = apply(tmp_path, "--auto-approve")
    assert run.code == 0, run.err
    assert "Apply complete! Resources: 2 added, 0 changed, 0 destroyed." in run.out
    assert "2 write" in run.out
    again = plan(tmp_path)
    assert again.code == 0
    assert "No changes." in again.out


def test_without_a_terminal_nothing_is_applied_unless_agreed_to_before(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    run = apply(tmp_path)
    assert run.code == 1
    assert "E_NO_TERMINAL" in run.err
    assert plan(tmp_path).code == 2


def test_nothing_to_do_asks_nothing(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    apply(tmp_path, "--auto-approve")
    run = apply(tmp_path)
    assert run.code == 0, run.err


def test_a_kept_plan_is_applied_once_without_a_question(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    kept = plan(tmp_path, "--out", "plan.json")
    assert "digest is sha256:" in kept.err
    done = apply(tmp_path, "plan.json")
    assert done.code == 0, done.err
    again = apply(tmp_path, "plan.json")
    assert again.code == 1
    assert "E_PLAN_USED" in again.err


def test_a_kept_plan_of_a_live_side_that_moved_is_refused_and_skip_stale_does_the_rest(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One"), "rooms/two.yaml": room("Two")}, more=place(service[1]))
    plan(tmp_path, "--out", "plan.json")
    assert apply(tmp_path, "--auto-approve", "--target", 'SmartLiveRoom["One"]').code == 0
    refused = apply(tmp_path, "plan.json")
    assert refused.code == 1
    assert "E_PLAN_STALE" in refused.err
    assert "One" in refused.err
    done = apply(tmp_path, "plan.json", "--skip-stale")
    assert done.code == 3, done.err
    assert "1 added" in done.out


def test_skip_stale_that_leaves_nothing_out_exits_0(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    plan(tmp_path, "--out", "plan.json")
    assert apply(tmp_path, "plan.json", "--skip-stale").code == 0


@pytest.mark.parametrize("first", ["a", "b"])
def test_a_kept_plan_takes_its_environment_along_and_is_applied_to_no_other(tmp_path, service, first):
    both = place(service[1]).replace("real:", "a:") + place(service[1]).replace("real:", "b:")
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=both)
    assert reconciler("-C", tmp_path, "plan", "-e", first, "--out", "p.json").code == 0
    other = "b" if first == "a" else "a"
    refused = reconciler("-C", tmp_path, "apply", "p.json", "-e", other)
    assert refused.code == 1
    assert "E_PLAN_ENVIRONMENT" in refused.err
    assert not live(service[0])
    done = reconciler("-C", tmp_path, "apply", "p.json")
    assert done.code == 0, done.err
    history = reconciler("-C", tmp_path, "history", "-e", first)
    assert f"test/{first}" in history.out
    assert f"test/{other}" not in history.out


def test_a_kept_plan_of_an_environment_that_is_gone_is_refused(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]).replace("real:", "gone:"))
    assert reconciler("-C", tmp_path, "plan", "-e", "gone", "--out", "p.json").code == 0
    project(tmp_path, {}, more=place(service[1]))
    refused = reconciler("-C", tmp_path, "apply", "p.json")
    assert refused.code == 1
    assert "E_PLAN_ENVIRONMENT" in refused.err


def test_neither_a_digest_nor_a_kept_plan_of_one_project_binds_another(tmp_path, service):
    for name, project_id in (("one", PROJECT), ("two", "1" * 32)):
        project(tmp_path / name, {"rooms/one.yaml": room("One")}, more=place(service[1]).replace(PROJECT, project_id))
    kept = plan(tmp_path / "one", "--out", tmp_path / "p.json")
    digest = kept.err.split("digest is ")[1].split()[0].rstrip(".")
    for arguments, code in (
        (("--auto-approve", "--expect", digest), "E_PLAN_EXPECT"),
        (("../p.json",), "E_PLAN_SCOPE"),
    ):
        refused = apply(tmp_path / "two", *arguments)
        assert refused.code == 1
        assert code in refused.err
    assert not live(service[0])


def test_a_kept_plan_of_one_owner_is_not_applied_by_another_of_the_same_place(tmp_path, service):
    for name in ("one", "two"):
        project(tmp_path / name, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    file = tmp_path / "two/reconciler.yaml"
    file.write_text(file.read_text().replace(PROJECT_ID, str(uuid4())))
    plan(tmp_path / "one", "--out", tmp_path / "p.json")
    refused = apply(tmp_path / "two", "../p.json")
    assert refused.code == 1
    assert "E_PLAN_OWNER" in refused.err
    assert not live(service[0])


def test_with_a_digest_key_a_plan_that_was_kept_without_it_is_refused(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    key = {"RECONCILER_DIGEST_KEY": "a key of the operator"}
    plan(tmp_path, "--out", "plan.json")
    refused = apply(tmp_path, "plan.json", variables=key)
    assert refused.code == 1
    assert "E_PLAN_KEY" in refused.err
    assert "set RECONCILER_DIGEST_KEY where the plan is made" in refused.err
    plan(tmp_path, "--out", "plan.json", variables=key)
    assert "E_PLAN_KEY" in apply(tmp_path, "plan.json").err
    assert apply(tmp_path, "plan.json", variables=key).code == 0


def test_what_a_kept_plan_does_not_show_stays_ours_and_protected(tmp_path, service):
    files = {"rooms/one.yaml": room("One"), "rooms/two.yaml": room("Two").replace("Two}", PROTECTED)}
    project(tmp_path, files, more=place(service[1]))
    assert apply(tmp_path, "--auto-approve").code == 0
    (tmp_path / "rooms/one.yaml").write_text(room("One", "priv_data: new"))
    plan(tmp_path, "--out", "plan.json")
    (tmp_path / "rooms/two.yaml").unlink()
    done = apply(tmp_path, "plan.json")
    assert done.code == 0, done.err
    assert done.err.count('Left out, not as the kept plan shows it: SmartLiveRoom["Two"]') == 1
    later = plan(tmp_path)
    assert "0 to add, 0 to change, 1 to destroy" in later.out
    assert "E_GUARD_PROTECTED" in later.out


def test_an_edited_plan_is_refused(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    plan(tmp_path, "--out", "plan.json")
    path = tmp_path / "plan.json"
    path.write_text(path.read_text().replace("hello", "hullo"))
    run = apply(tmp_path, "plan.json")
    assert run.code == 1
    assert "E_PLAN_DIGEST" in run.err


def test_expect_ties_an_apply_to_the_plan_that_was_reviewed(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    digest = plan(tmp_path, "--out", "plan.json").err.split("digest is ")[1].split()[0].rstrip(".")
    (tmp_path / "rooms/two.yaml").write_text(room("Two"))
    refused = apply(tmp_path, "--auto-approve", "--expect", digest)
    assert refused.code == 1
    assert "E_PLAN_EXPECT" in refused.err
    (tmp_path / "rooms/two.yaml").unlink()
    assert apply(tmp_path, "--auto-approve", "--expect", digest).code == 0


def test_a_delete_beyond_the_limit_is_blocked_with_5_until_the_number_is_named(tmp_path, service):
    project(tmp_path, {f"rooms/{n}.yaml": room(f"Room {n}") for n in range(4)}, more=place(service[1]))
    apply(tmp_path, "--auto-approve")
    for number in range(2):
        (tmp_path / f"rooms/{number}.yaml").unlink()
    assert plan(tmp_path).code == 2
    blocked = apply(tmp_path, "--auto-approve")
    assert blocked.code == 5, blocked.err
    assert "--allow-deletes 2" in blocked.out
    assert blocked.err.count("--allow-deletes 2") == 1
    assert apply(tmp_path, "--auto-approve", "--allow-deletes", "3").code == 5
    done = apply(tmp_path, "--auto-approve", "--allow-deletes", "2")
    assert done.code == 0, done.err
    assert "2 destroyed" in done.out


def test_a_lock_held_by_another_exits_4_and_names_the_holder(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    scope = f"{service[1].removeprefix('http://')}/{PROJECT}/"
    ledger = open_ledger("sqlite:///.reconciler/ledger.db", root=tmp_path)
    with ledger.lock(scope, "somebody else"):
        run = apply(tmp_path, "--auto-approve")
        assert run.code == 4, run.err
        listed = reconciler("-C", tmp_path, "lock", "list", "-e", "real")
        assert "somebody else" in listed.out
        lock_id = next(line.split()[0] for line in listed.out.splitlines() if "somebody else" in line)
        assert reconciler("-C", tmp_path, "lock", "release", lock_id, "-e", "real").code == 0
    ledger.close()
    assert apply(tmp_path, "--auto-approve").code == 0


def test_json_is_one_event_a_line_and_the_report_last(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    run = apply(tmp_path, "--auto-approve", "--format", "json")
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [one["type"] for one in events[:3]] == ["locked", "change_started", "change_finished"]
    assert events[-1]["type"] == "report"
    assert events[-1]["resources"]["added"] == 1


def test_history_tells_what_was_done(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    apply(tmp_path, "--auto-approve")
    run = reconciler("-C", tmp_path, "history", "-e", "real")
    assert run.code == 0, run.err
    assert "1 applied" in run.out
    assert "SmartLiveRoom" in run.out


def test_history_of_long_ago_can_be_forgotten_and_what_was_applied_stays_known(tmp_path, service):
    project(tmp_path, {f"rooms/{n}.yaml": room(f"Room {n}") for n in range(2)}, more=place(service[1]))
    apply(tmp_path, "--auto-approve")
    prune = ("-C", tmp_path, "history", "prune", "-e", "real", "--keep", "30")
    assert "Forgot 0 rows" in reconciler(*prune).err
    assert "Forgot 3 rows" in reconciler(*prune, "--today", "2999-01-01").err
    told = reconciler("-C", tmp_path, "history", "-e", "real").out
    assert "SmartLiveRoom" not in told
    assert "2 applied" not in told
    (tmp_path / "rooms/0.yaml").unlink()
    assert "0 to add, 0 to change, 1 to destroy" in plan(tmp_path).out


def test_on_ci_a_ledger_on_a_throw_away_disk_deletes_nothing_and_says_so(tmp_path, service):
    project(tmp_path, {f"rooms/{n}.yaml": room(f"Room {n}") for n in range(3)}, more=place(service[1]))
    apply(tmp_path, "--auto-approve")
    (tmp_path / "rooms/0.yaml").unlink()
    run = apply(tmp_path, "--auto-approve", variables={"CI": "true"})
    assert run.code == 0, run.err
    assert "Nothing will be deleted" in run.err
    assert plan(tmp_path).code == 2


def test_an_untrusted_project_is_never_applied(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    assert apply(tmp_path, "--untrusted").code == 1
    assert apply(tmp_path, "--live", "live.json").code == 1


def test_a_writer_that_only_shows_sends_nothing(tmp_path, service):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place(service[1]))
    run = apply(tmp_path, "--auto-approve", variables={"RECONCILER_WRITER": "dry_run"})
    assert run.code == 0, run.err
    assert plan(tmp_path).code == 2
    unknown = apply(tmp_path, "--auto-approve", "--writer", "htp")
    assert unknown.code == 1
    assert "did you mean 'http'?" in unknown.err


def test_an_ambiguous_name_stops_that_name_alone_and_exits_3(tmp_path):
    twins = [{"room_name": "Twin", "room_type": "NORMAL"}, {"room_name": "Twin", "room_type": "NORMAL"}]
    with running(Simulator({"smart_live_rooms": twins})) as url:
        project(tmp_path, {"rooms/one.yaml": room("Twin"), "rooms/two.yaml": room("New")}, more=place(url))
        run = apply(tmp_path, "--auto-approve")
    assert run.code == 3, run.err
    assert "1 added" in run.out


def test_applying_to_the_embedded_simulator_says_that_it_forgets(tmp_path):
    root = project(tmp_path, {"rooms/a.yaml": room("a")})
    run = reconciler("-C", root, "apply", "--auto-approve")
    assert run.code == 0, run.err
    assert "lives in memory: what was applied is gone" in run.err

"""The catalogue's `cli` entries from the shell; each test names the entry it lives through."""

import json

import pytest
import yaml

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import ROOT, project, reconciler, room

ELSEWHERE = {
    "C002": "tests/apply: an object that moved after the plan is not written",
    "C005": "tests/cli/test_plan.py",
    "C006": "tests/cli/test_plan.py",
    "C010": "tests/cli/test_plan.py",
    "C011": "tests/cli/test_usage.py: --sk",
    "C013": "tests/cli/test_logs.py",
    "X037": "tests/cli/test_streams.py and test_asking.py: /dev/full",
    "X039": "tests/cli/test_apply.py: a kept plan takes its environment along and is applied to no other",
}
"""Entries that other tests live through."""


@pytest.fixture
def place():
    simulator = Simulator({})
    with running(simulator) as url:
        yield f'  real: {{endpoint: "{url}", project_id: "{"0" * 32}", prune: owned}}\n'


def apply(folder, *arguments):
    return reconciler("-C", folder, "apply", "-e", "real", "--auto-approve", *arguments)


def test_every_entry_is_lived_through():
    entries = yaml.safe_load((ROOT / "tests/data/nasty.yaml").read_text(encoding="utf-8"))["entries"]
    here = {name.partition("_")[0].upper() for name in (test.removeprefix("test_") for test in globals())}
    assert {one["id"] for one in entries if one["kind"] == "cli"} <= here | set(ELSEWHERE)


def test_c004_in_a_small_collection_one_delete_is_the_most(tmp_path, place):
    project(tmp_path, {f"rooms/{n}.yaml": room(f"R{n}") for n in range(3)}, more=place)
    assert apply(tmp_path).code == 0
    for number in range(2):
        (tmp_path / f"rooms/{number}.yaml").unlink()
    assert apply(tmp_path).code == 5


def test_c007_protection_outlives_its_manifest(tmp_path, place):
    protected = room("Kept").replace("{name: Kept}", "{name: Kept, lifecycle: {prevent_destroy: true}}")
    project(tmp_path, {"rooms/one.yaml": protected, "rooms/two.yaml": room("Two")}, more=place)
    assert apply(tmp_path).code == 0
    (tmp_path / "rooms/one.yaml").unlink()
    run = apply(tmp_path, "--allow-deletes", "1")
    assert run.code == 5
    assert "prevent_destroy" in run.out + run.err


def test_c008_a_rename_by_alias_is_one_update_of_the_same_object(tmp_path, place):
    project(tmp_path, {"rooms/one.yaml": room("Old")}, more=place)
    assert apply(tmp_path).code == 0
    (tmp_path / "rooms/one.yaml").write_text(room("New").replace("{name: New}", "{name: New, aliases: [Old]}"))
    run = apply(tmp_path)
    assert run.code == 0, run.err
    assert "0 added, 1 changed, 0 destroyed" in run.out


def test_c015_what_is_no_finished_plan_is_refused_and_never_a_success_of_nothing(tmp_path, place):
    project(tmp_path, {"rooms/one.yaml": room("One")}, more=place)
    assert reconciler("-C", tmp_path, "plan", "-e", "real", "--out", "plan.json").code == 0
    path = tmp_path / "plan.json"
    for text in (
        "",
        "{}",
        "[]",
        path.read_text()[:-200],
        reconciler("-C", tmp_path, "plan", "--format", "json", "-e", "real").out,
    ):
        path.write_text(text)
        run = apply(tmp_path, "plan.json")
        assert run.code == 1
        assert "E_PLAN_" in run.err


def test_c017_an_open_intent_is_settled_by_a_persons_word_and_the_others_go_on(tmp_path, place):
    from reconciler.ledger.sql_ledger import open_ledger
    from reconciler.model.change import Action
    from reconciler.model.ledger_state import WriteIntent

    project(tmp_path, {"rooms/one.yaml": room("One"), "rooms/two.yaml": room("Two")}, more=place)
    scope = place.split('"')[1].removeprefix("http://") + f"/{'0' * 32}/"
    ledger = open_ledger("sqlite:///.reconciler/ledger.db", root=tmp_path)
    intent = WriteIntent(
        operation="op-1", action=Action.CREATE, kind="SmartLiveRoom", name="One", started="2026-11-23T00:00:00Z"
    )
    ledger.record_intent(scope, "run-1", intent)
    listed = reconciler("-C", tmp_path, "history", "-e", "real")
    assert listed.code == 3
    assert "op-1" in listed.out
    held = reconciler("-C", tmp_path, "plan", "-e", "real")
    assert held.code == 3
    assert "1 to add" in held.out
    done = reconciler("-C", tmp_path, "history", "resolve", "op-1", "--not-created", "-e", "real")
    assert done.code == 0, done.err
    ledger.close()
    assert "2 to add" in reconciler("-C", tmp_path, "plan", "-e", "real").out


def test_c018_an_audit_whose_list_breaks_off_marks_the_environment_and_never_takes_two_pages_for_all(tmp_path):
    rooms = [{"room_name": f"R{number}", "room_type": "NORMAL"} for number in range(450)]
    fault = {"match": {"kind": "SmartLiveRoom", "operation": "list"}, "nth": list(range(3, 60)), "status": 500}
    seed = json.dumps({"smart_live_rooms": rooms, "faults": [fault]})
    project(tmp_path, {"rooms/one.yaml": room("One")}, seed=seed)
    run = reconciler("-C", tmp_path, "audit")
    assert run.code == 3, run.out + run.err
    assert "1 to add" not in run.out
    assert "500" in run.out + run.err

"""`destroy` from the shell: an apply with an empty desired side; ownership, pruning and guards count as ever."""

import json
import os
import sys

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.support.command_line import PROJECT_ID, project, reconciler, room
from tests.support.terminal_picture import recorded

GROUP = """\
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {name: Answers}
spec: {interaction_rules: []}
"""
FILES = {
    "rooms/one.yaml": room("One"),
    "rooms/two.yaml": room("Two").replace("{name: Two}", "{name: Two, labels: {team: shop}}"),
    "groups/answers.yaml": GROUP,
}
PRUNED = "prune: owned"


@pytest.fixture
def shop(tmp_path):
    """A project whose objects are applied, and a live room that it does not own."""
    simulator = Simulator({})
    with running(simulator) as url:
        yield applied(tmp_path, url), simulator


def applied(folder, url, files=FILES, more=PRUNED):
    place = f'  real: {{endpoint: "{url}", project_id: "{PROJECT_ID}", auth: none, {more}}}\n'
    project(folder, files, more=place)
    path = folder / "reconciler.yaml"
    path.write_text(path.read_text("utf-8").replace("manifests: [rooms]", "manifests: [rooms, groups]"), "utf-8")
    run = run_in(folder, "apply", "--auto-approve")
    assert run.code == 0, run.err
    return folder


def run_in(folder, command, *arguments):
    return reconciler("-C", folder, command, "-e", "real", *arguments)


def names(simulator):
    kinds = ("InteractionRuleGroup", "SmartLiveRoom")
    return sorted(
        entry.name for kind in kinds for entry in simulator.console(kind, PROJECT_ID).objects.entries.values()
    )


def test_destroy_shows_the_plan_asks_and_deletes_what_is_owned(shop):
    folder, simulator = shop
    asked = run_in(folder, "destroy", "--allow-deletes", "3")
    assert asked.code == 1
    assert "E_NO_TERMINAL" in asked.err
    assert 'SmartLiveRoom["One"] will be destroyed' in asked.out
    assert "3 to destroy" in asked.out
    assert names(simulator) == ["Answers", "One", "Two"]
    run = run_in(folder, "destroy", "--auto-approve", "--allow-deletes", "3")
    assert run.code == 0, run.err
    assert "Destroy complete! Resources: 3 destroyed." in run.out
    assert "Apply" not in run.out
    assert "(destroy was requested)" in asked.out
    assert names(simulator) == []
    again = run_in(folder, "destroy", "--auto-approve")
    assert again.code == 0
    assert "No objects to destroy: the ledger knows no object that real owns" in again.out
    assert "manifests" not in again.out
    anew = run_in(folder, "plan").out
    assert "3 to add" in anew
    assert "blocked" not in anew  # the deletes were its own: the live side did not collapse


def test_history_calls_it_destroy(shop):
    folder, _ = shop
    run_in(folder, "destroy", "--auto-approve", "--allow-deletes", "3")
    runs = json.loads(run_in(folder, "history", "--format", "json").out)["tables"][0]
    command = runs["columns"].index("Command")
    assert [row[command] for row in runs["rows"]] == ["destroy", "apply"]


def test_everything_that_a_manifest_can_declare_and_that_is_lost_is_listed(tmp_path):
    rules = """[{rule_name: price, event_type: 1,
      hit_condition: {relation: OR, tags: [{tag: content, match: REGEX, value: price}]},
      trigger: {time_window: 30, reply_mode: SYSTEM_REPLY, reply_texts: [Soon.]}}]"""
    files = {
        "rooms/one.yaml": room("One", "video_config: {width: 1080, height: 1920, bitrate: 3000}"),
        "groups/answers.yaml": GROUP.replace("[]", rules),
    }
    with running(Simulator({})) as url:
        folder = applied(tmp_path, url, files)
        told = run_in(folder, "destroy").out
    assert "interaction_rules[0].rule_name " in told
    assert '"Soon."' in told
    assert "video_config.bitrate" in told
    for server in ("create_time", "update_time", "room_id ", "project_id", "room_state"):
        assert server not in told


def test_the_number_of_deletes_is_guarded_and_an_empty_desired_side_is_meant(shop):
    folder, simulator = shop
    run = run_in(folder, "destroy", "--auto-approve")
    assert run.code == 5
    assert "E_GUARD_DELETES" in run.err
    assert "E_GUARD_EMPTY" not in run.out + run.err
    assert names(simulator) == ["Answers", "One", "Two"]


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["--target", "Answers"], ["One", "Two"]),
        (["--target", 'SmartLiveRoom["One"]'], ["Answers", "Two"]),
        (["--target", "O*"], ["Answers", "Two"]),
        (["-target=One"], ["Answers", "Two"]),
        (["-l", "team=shop"], ["Answers", "One"]),
        (["-f", "groups/answers.yaml"], ["One", "Two"]),
        (["-f", "rooms", "--exclude", "One"], ["Answers", "One"]),
    ],
)
def test_a_selection_destroys_a_part(shop, arguments, left):
    folder, simulator = shop
    run = run_in(folder, "destroy", "--auto-approve", *arguments)
    assert run.code == 0, run.err + run.out
    assert names(simulator) == left


def test_a_selection_that_means_nothing_deletes_nothing(shop):
    folder, simulator = shop
    for arguments in (["--target", "Three"], ["-l", "team=news"], ["-f", "live.yaml"]):
        run = run_in(folder, "destroy", "--auto-approve", *arguments)
        assert run.code == 1, arguments
    assert names(simulator) == ["Answers", "One", "Two"]


def test_what_is_not_owned_stays(shop):
    folder, simulator = shop
    found = simulator.console("SmartLiveRoom", PROJECT_ID)
    assert len(found.objects.entries) == 2
    copy = folder.parent / "copy"
    text = (folder / "reconciler.yaml").read_text("utf-8")
    project(copy, {"rooms/one.yaml": room("One")})
    (copy / "reconciler.yaml").write_text(text.replace("manifests: [rooms, groups]", "manifests: [rooms]"), "utf-8")
    run = run_in(copy, "destroy", "--auto-approve", "--allow-deletes", "3")
    assert run.code == 0
    assert "not owned, and left alone: 3 live objects" in run.out
    assert "not in the manifests" not in run.out
    assert names(simulator) == ["Answers", "One", "Two"]


def test_an_environment_that_never_prunes_refuses_and_names_the_line(tmp_path):
    run = reconciler("-C", project(tmp_path, {"rooms/one.yaml": room("One")}), "destroy", "--auto-approve")
    assert (run.code, run.out) == (1, "")
    assert "E_DESTROY_PRUNE" in run.err
    assert "prune: owned" in run.err


@pytest.mark.parametrize("when", ["applied", "not yet applied"])
def test_prevent_destroy_holds_before_and_after_the_ledger_knows_of_it(tmp_path, when):
    simulator = Simulator({})
    protected = room("One").replace("{name: One}", "{name: One, lifecycle: {prevent_destroy: true}}")
    with running(simulator) as url:
        folder = applied(tmp_path, url)
        (folder / "rooms/one.yaml").write_text(protected, "utf-8")
        if when == "applied":
            assert run_in(folder, "apply", "--auto-approve").code == 0
        run = run_in(folder, "destroy", "--auto-approve", "--allow-deletes", "3")
        assert run.code == 5, run.err
        assert "E_GUARD_PROTECTED" in run.err
        assert "take that out and apply first" in run.err
        assert names(simulator) == ["Answers", "One", "Two"]
        assert run_in(folder, "destroy", "--auto-approve", "--target", "Two").code == 0
        assert names(simulator) == ["Answers", "One"]


def test_json_is_one_event_a_line_and_the_report_last(shop):
    folder, _ = shop
    run = run_in(folder, "destroy", "--auto-approve", "--allow-deletes", "3", "-json")
    assert run.code == 0, run.err
    last = [json.loads(line) for line in run.out.splitlines()][-1]
    assert last["type"] == "report"
    assert len(last["outcomes"]) == 3


def test_the_question_names_the_number_and_the_environment(shop):
    folder, simulator = shop
    command = [sys.executable, "-m", "reconciler", "destroy", "-e", "real", "--target", "One"]
    here = {name: value for name, value in os.environ.items() if name != "CI"}
    said = recorded(command, folder=folder, variables=here, answers=["no"])
    assert "Destroy 1 object of real? Only 'yes' is accepted: " in said
    assert names(simulator) == ["Answers", "One", "Two"]


def test_guards_are_told_with_the_plan_and_nobody_is_asked_in_vain(shop):
    folder, simulator = shop
    command = [sys.executable, "-m", "reconciler", "destroy", "-e", "real"]
    here = {name: value for name, value in os.environ.items() if name != "CI"}
    said = recorded(command, folder=folder, variables=here, answers=[])
    assert "E_GUARD_DELETES blocks 2 deletes" in said
    assert "--allow-deletes 3" in said
    assert "destroy would refuse" in said
    assert "Only 'yes'" not in said
    assert names(simulator) == ["Answers", "One", "Two"]


@pytest.mark.parametrize("given", ["1", "2", "4"])
def test_another_number_of_deletes_is_told_beside_the_right_one(shop, given):
    folder, _ = shop
    run = run_in(folder, "destroy", "--auto-approve", "--allow-deletes", given)
    assert run.code == 5
    assert f"--allow-deletes {given} is not the plan's number" in run.err
    named = run.err.partition("; --allow-deletes ")[2].rpartition("--allow-deletes ")[2].split()[0]
    assert "blocked" not in (allowed := run_in(folder, "destroy", "--auto-approve", "--allow-deletes", named)).out
    assert allowed.code == 0, allowed.err

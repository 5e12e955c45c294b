"""`compare`: three environments from one template, and one that was edited by hand."""

import json

from tests.support.command_line import FLEET, project, reconciler, room


def rows(run, word):
    return [line.split() for line in run.out.splitlines() if line.startswith(word)]


def test_one_edit_by_hand_is_the_one_unexpected_difference_of_each_pair_with_it():
    run = reconciler("-C", FLEET, "compare", "north", "south", "west", "--detailed-exitcode")
    assert run.code == 2, run.err
    assert [row[1:] for row in rows(run, ("north ", "south ", "west "))[:3]] == [
        ["-", "1", "0"],
        ["1", "-", "1"],
        ["0", "1", "-"],
    ]
    (one,) = rows(run, "unexpected")
    assert "room_description" in one
    assert reconciler("-C", FLEET, "compare", "north", "south", "west").code == 0


def test_what_the_values_make_different_is_expected():
    run = reconciler("-C", FLEET, "compare", "north", "west")
    assert run.code == 0, run.err
    assert len(rows(run, "expected")) == 1


def test_manifests_alone_can_be_compared():
    run = reconciler("-C", FLEET, "compare", "north", "west", "--declared", "--detailed-exitcode")
    assert run.code == 2
    assert "Live from the West shop" in run.out


def test_snapshots_can_stand_in_for_what_is_live(tmp_path):
    assert reconciler("-C", FLEET, "snapshot", "-e", "north", "-o", tmp_path / "north.json").code == 0
    run = reconciler("-C", FLEET, "compare", f"north={tmp_path / 'north.json'}", "south", "--detailed-exitcode")
    assert run.code == 2, run.err
    assert len(rows(run, "unexpected")) == 1


def test_an_object_that_only_one_side_has_and_nobody_declares_is_unexpected(tmp_path):
    seed = "smart_live_rooms: [{room_name: One, room_type: NORMAL, room_description: hello}, {room_name: Extra}]"
    project(tmp_path, {"rooms/one.yaml": room("One"), "b.yaml": seed}, more='  b: {endpoint: "simulator:b.yaml"}\n')
    (tmp_path / "live.yaml").write_text(seed.replace(", {room_name: Extra}", ""))
    run = reconciler("-C", tmp_path, "compare", "demo", "b", "--detailed-exitcode")
    assert run.code == 2, run.err
    assert len(rows(run, "unexpected")) == 1
    assert "Extra" in run.out


def test_one_environment_is_nothing_to_compare():
    run = reconciler("-C", FLEET, "compare", "north")
    assert run.code == 1
    assert "two environments" in run.err


def test_an_environment_is_compared_with_its_own_snapshot(tmp_path):
    """What changed since yesterday: the two sides are told apart, each with its own value."""
    seed = "smart_live_rooms: [{room_name: One, room_type: NORMAL, room_description: %s}]"
    project(tmp_path, {"rooms/one.yaml": room("One")}, seed=seed % "hello")
    old = tmp_path / "old.json"
    assert reconciler("-C", tmp_path, "snapshot", "-o", old).code == 0
    (tmp_path / "live.yaml").write_text(seed % "edited")
    run = reconciler("-C", tmp_path, "compare", "demo", f"demo={old}", "--detailed-exitcode", "--format", "json")
    assert run.code == 2, run.err
    counts, differences = json.loads(run.out)["tables"]
    assert counts["rows"] == [["demo", "-", "1"], [f"demo={old}", "1", "-"]]
    (row,) = differences["rows"]
    assert row[-2:] == ["edited", "hello"]


def test_the_same_side_twice_is_refused(tmp_path):
    project(tmp_path, {"rooms/one.yaml": room("One")})
    run = reconciler("-C", tmp_path, "compare", "demo", "demo")
    assert run.code == 1
    assert "'demo' is given twice" in run.err

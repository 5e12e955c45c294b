"""A room's rule names its library; the id is found, or known after apply."""

from typing import Any

import pytest

from reconciler.model.change import Action, NoValue
from reconciler.planfile.decode import decode
from reconciler.planfile.encode import encode
from tests.support.planning import GROUP, ROOM, World, codes, declared, ledger, live, only, remembered


def room(**rule: Any) -> Any:
    return declared(ROOM, "room", {"interaction_rules": [{"rule_name": "price", **rule}]})


def test_a_name_resolves_to_the_id_of_exactly_that_library() -> None:
    lives = [live(GROUP, "lib", "7"), live(GROUP, "library", "8"), live(ROOM, "room")]
    change = next(one for one in World([room(group_name="lib")], lives).plan().changes if one.kind == ROOM.name)
    assert change.after["interaction_rules"] == [{"rule_name": "price", "group_name": "lib", "group_id": "7"}]


def test_a_room_that_holds_the_id_already_is_in_step() -> None:
    held = {"interaction_rules": [{"rule_name": "price", "group_name": "lib", "group_id": "7"}]}
    lives = [live(GROUP, "lib", "7"), live(ROOM, "room", spec=held)]
    assert only(World([room(group_name="lib")], lives).plan()).action is Action.NONE
    assert only(World([room(group_id="7")], lives).plan()).action is Action.NONE


def test_an_id_that_moved_is_a_change_of_that_rule() -> None:
    held = {"interaction_rules": [{"rule_name": "price", "group_name": "lib", "group_id": "old"}]}
    lives = [live(GROUP, "lib", "7"), live(ROOM, "room", spec=held)]
    (field,) = only(World([room(group_name="lib")], lives).plan()).fields
    assert (field.path, field.before, field.after) == ("interaction_rules[lib,price].group_id", "old", "7")


def test_the_id_of_a_library_of_the_same_plan_is_known_after_apply() -> None:
    lives = [live(ROOM, "room", spec={"interaction_rules": [{"rule_name": "price", "group_name": "new"}]})]
    plan = World([room(group_name="new"), declared(GROUP, "new")], lives).plan()
    assert [(change.kind, change.action) for change in plan.changes] == [
        (GROUP.name, Action.CREATE),
        (ROOM.name, Action.UPDATE),
    ]
    (field,) = plan.changes[1].fields
    assert (field.path, field.after) == ("interaction_rules[new,price].group_id", NoValue.UNKNOWN)
    assert plan.changes[1].unknown == ("interaction_rules[0].group_id",)
    shown = encode(plan)["resource_changes"][1]["change"]
    assert shown["after"]["interaction_rules"][0]["group_id"] is None
    assert shown["after_unknown"] == {"interaction_rules": [{"group_id": True}]}
    assert decode(encode(plan)) == plan


def test_a_new_room_of_a_new_library_has_an_id_known_after_apply() -> None:
    plan = World([room(group_name="new"), declared(GROUP, "new")]).plan()
    assert plan.changes[1].unknown == ("interaction_rules[0].group_id",)


def test_a_renamed_library_is_found_by_its_new_name() -> None:
    lives = [live(GROUP, "old", "7"), live(ROOM, "room")]
    plan = World([room(group_name="new"), declared(GROUP, "new", aliases=("old",))], lives).plan()
    assert plan.changes[1].after["interaction_rules"][0]["group_id"] == "7"


def test_a_name_that_nobody_has_is_an_error_at_its_place_and_stops_that_room_alone() -> None:
    plan = World([room(group_name="nowhere"), declared(ROOM, "other")], []).plan()
    assert [change.name for change in plan.changes] == ["other"]
    (told,) = plan.diagnostics
    assert (told.code, told.position.line) == ("E_REFERENCE", 5)
    assert 'InteractionRuleGroup["nowhere"]' in told.message


def test_a_name_of_two_libraries_is_an_error() -> None:
    lives = [live(GROUP, "twin", "1"), live(GROUP, "twin", "2"), live(ROOM, "room")]
    assert codes(World([room(group_name="twin")], lives).plan()) == ["E_REFERENCE"]
    assert codes(World([room(group_name="twin", group_id="2")], lives).plan()) == []


def test_libraries_come_before_rooms_and_go_after_them() -> None:
    from tests.support.planning import ledger, remembered

    lives = [live(GROUP, "g"), live(ROOM, "r")]
    past = ledger(remembered(GROUP, "g"), remembered(ROOM, "r"))
    plan = World([declared(ROOM, "new r"), declared(GROUP, "new g")], lives, past).plan(prune="owned")
    assert [(change.action.value, change.kind) for change in plan.changes] == [
        ("create", GROUP.name),
        ("create", ROOM.name),
        ("delete", ROOM.name),
        ("delete", GROUP.name),
    ]
    assert [change.level for change in plan.changes] == [0, 1, 2, 3]


def test_an_id_that_was_looked_up_is_nobodys_move() -> None:
    held = {"interaction_rules": [{"rule_name": "price", "group_name": "lib", "group_id": "7"}]}
    last = {"interaction_rules": [{"rule_name": "price", "group_name": "lib"}]}
    lives = [live(GROUP, "lib", "7"), live(ROOM, "room", spec=held)]
    plan = World([room(group_name="lib")], lives, ledger(remembered(ROOM, "room", last=last))).plan()
    assert only(plan).fields == ()


def from_libraries(*libraries: tuple[str, str]) -> dict[str, Any]:
    rules = [{"rule_name": "price", "group_name": name, "group_id": given} for name, given in libraries]
    return {"interaction_rules": rules}


def test_a_renamed_library_is_a_new_name_in_the_rooms_rule_and_no_other_rule() -> None:
    lives = [live(GROUP, "old", "7"), live(ROOM, "room", spec=from_libraries(("old", "7")))]
    plan = World([room(group_name="new"), declared(GROUP, "new", aliases=("old",))], lives).plan()
    (field,) = next(change for change in plan.changes if change.kind == ROOM.name).fields
    assert (field.path, field.before, field.after) == ("interaction_rules[new,price].group_name", "old", "new")


def test_libraries_that_swap_their_names_stay_with_their_rules() -> None:
    lives = [
        live(GROUP, "a", "1"),
        live(GROUP, "b", "2"),
        live(ROOM, "room", spec=from_libraries(("a", "1"), ("b", "2"))),
    ]
    rules = {"interaction_rules": [{"rule_name": "price", "group_name": name} for name in ("b", "a")]}
    groups = [declared(GROUP, "b", id="1"), declared(GROUP, "a", id="2")]
    plan = World([declared(ROOM, "room", rules), *groups], lives).plan()
    change = next(one for one in plan.changes if one.kind == ROOM.name)
    assert {(field.path, field.before, field.after) for field in change.fields} == {
        ("interaction_rules[b,price].group_name", "a", "b"),
        ("interaction_rules[a,price].group_name", "b", "a"),
    }
    assert change.after["interaction_rules"] == from_libraries(("b", "1"), ("a", "2"))["interaction_rules"]


def test_a_rule_keeps_what_the_manifest_does_not_name_when_its_library_is_renamed() -> None:
    held = from_libraries(("old", "7"))
    held["interaction_rules"][0]["newer_field"] = {"kept": True}
    lives = [live(GROUP, "old", "7"), live(ROOM, "room", spec=held)]
    world = World([room(group_name="new"), declared(GROUP, "new", aliases=("old",))], lives)
    change = next(one for one in world.plan().changes if one.kind == ROOM.name)
    assert not [note for note in change.notes if "newer_field" in note]


HELD: dict[str, dict[str, Any]] = {
    "a look-alike": {"lives": [live(GROUP, "Ｑ ", "7")]},
    "an incomplete read": {"incomplete": {GROUP.name: "it was cut off"}},
}


@pytest.mark.parametrize("why", HELD)
@pytest.mark.parametrize("there", [False, True], ids=["new room", "live room"])
def test_what_needs_a_library_that_is_held_back_is_held_back_with_it(why: str, there: bool) -> None:
    rule = {"group_name": "q", "rule_name": "one", "event_type": 1}
    wanted = [declared(GROUP, "q"), declared(ROOM, "r", {"interaction_rules": [rule]}), declared(ROOM, "free")]
    world = World(wanted, **HELD[why])
    world.lives = [*world.lives, *([live(ROOM, "r")] if there else [])]
    plan = world.plan()
    assert [change.name for change in plan.changes] == ["free"]
    held = {one.name: (one.action, one.reason) for one in plan.held}
    assert set(held) == {"q", "r"}
    assert held["r"][0] is (Action.UPDATE if there else Action.CREATE)
    assert 'InteractionRuleGroup["q"]' in held["r"][1]


@pytest.mark.parametrize(
    ("incomplete", "why"),
    [
        ({}, "which neither the manifests nor the live side have"),
        ({GROUP.name: "it was cut off"}, "and not every object of that kind could be read"),
    ],
)
def test_a_name_that_is_not_found_says_whether_everything_was_read(incomplete: dict[str, str], why: str) -> None:
    plan = World([room(group_name="q")], [live(ROOM, "room")], incomplete=incomplete).plan()
    (problem,) = [one for one in plan.diagnostics if one.code == "E_REFERENCE"]
    assert why in problem.message

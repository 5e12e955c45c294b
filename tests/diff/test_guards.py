"""What may not happen unasked, at the edges of each limit; and the preview is complete in all of them."""

from typing import Any

import pytest

from reconciler.diff.deletion_guards import collapsed, find_violations, limit
from reconciler.model.change import Action
from reconciler.model.options import GuardOverrides, Selection
from reconciler.model.plan import Plan
from tests.support.planning import GROUP, ROOM, World, declared, ledger, live, remembered


def deleting(owned: int, deletes: int, **more: Any) -> Plan:
    """Return the plan of so many owned rooms of which so many are declared no more; a group is always declared."""
    names = [f"room {number}" for number in range(owned)]
    return World(
        [*(declared(ROOM, name) for name in names[deletes:]), declared(GROUP, "always")],
        [*(live(ROOM, name) for name in names), live(GROUP, "always")],
        ledger(*(remembered(ROOM, name) for name in names), **more),
    ).plan(prune="owned")


def blocks(plan: Plan) -> set[tuple[str, str]]:
    return {(block.code, block.allow) for change in plan.changes for block in change.blocks}


EDGES = [(0, 0), (1, 1), (2, 1), (9, 1), (10, 3), (11, 3), (13, 3), (14, 4), (33, 9), (34, 10), (100, 10), (1000, 10)]


@pytest.mark.parametrize(("owned", "most"), EDGES)
def test_so_many_deletes_go_and_one_more_is_blocked(owned: int, most: int) -> None:
    at_limit, over = deleting(owned, most), deleting(owned, min(owned, most + 1))
    assert blocks(at_limit) == set()
    assert at_limit.summary().destroy == most
    if owned > most:
        assert blocks(over) == {("E_GUARD_DELETES", f"--allow-deletes {most + 1}")}
        assert over.summary().destroy == over.summary().blocked == most + 1


def test_the_limit_is_one_below_ten_then_thirty_percent_then_ten() -> None:
    assert [limit(owned) for owned in (0, 1, 9, 10, 11, 33, 34, 50)] == [1, 1, 1, 3, 3, 9, 10, 10]


def test_deletes_need_prune_and_ownership_in_the_ledger() -> None:
    lives = [live(ROOM, "mine"), live(ROOM, "theirs"), live(ROOM, "unknown")]
    past = ledger(remembered(ROOM, "mine"), remembered(ROOM, "theirs", owner="other/env"))
    world = World([declared(GROUP, "g")], lives, past)
    assert {c.name for c in world.plan(prune="owned").changes if c.action is Action.DELETE} == {"mine"}
    kept = world.plan(prune="none")
    assert all(change.action is not Action.DELETE for change in kept.changes)
    assert {(one.name, one.owned) for one in kept.unmanaged} == {("mine", True), ("theirs", False), ("unknown", False)}


def test_a_deleted_ledger_deletes_nothing() -> None:
    plan = World([declared(GROUP, "g")], [live(ROOM, "mine")]).plan(prune="owned")
    assert [one.name for one in plan.unmanaged] == ["mine"]


def test_manifests_that_declare_nothing_at_all_delete_nothing_unasked() -> None:
    plan = World([], [live(ROOM, "last")], ledger(remembered(ROOM, "last"))).plan(prune="owned")
    assert blocks(plan) == {("E_GUARD_EMPTY", "--allow-empty")}
    assert find_violations(plan, GuardOverrides(empty=True)) == []


@pytest.mark.parametrize(
    ("now", "before", "fell"),
    [(10, 10, False), (7, 10, False), (6, 10, True), (0, 1, False), (0, 2, True), (5, 0, False)],
)
def test_a_fall_of_more_than_thirty_percent_is_a_collapse(now: int, before: int, fell: bool) -> None:
    assert collapsed(now, before) is fell


def test_a_collapsed_live_side_blocks_creates_and_deletes_but_no_update() -> None:
    past = ledger(remembered(ROOM, "b"), sweeps={ROOM.name: 40})
    wanted = [declared(ROOM, "a", {"priv_data": "x"}), declared(ROOM, "new")]
    plan = World(wanted, [live(ROOM, "a"), live(ROOM, "b")], past).plan(prune="owned")
    blocked = {change.name: {block.code for block in change.blocks} for change in plan.changes}
    assert blocked == {"a": set(), "new": {"E_READ_COLLAPSE"}, "b": {"E_READ_COLLAPSE"}}
    assert find_violations(plan, GuardOverrides(collapsed=True)) == []


def test_an_empty_list_where_forty_rooms_were_is_a_complete_preview_and_all_blocked() -> None:
    names = [f"room {number}" for number in range(40)]
    past = ledger(*(remembered(ROOM, name) for name in names), sweeps={ROOM.name: 40})
    plan = World([declared(ROOM, name) for name in names], [], past).plan(prune="owned")
    assert plan.summary().add == plan.summary().blocked == 40


def test_protection_outlives_the_manifest() -> None:
    past = ledger(remembered(ROOM, "keep", protected=True), remembered(ROOM, "drop"))
    plan = World([declared(GROUP, "g")], [live(ROOM, "keep")], past).plan(prune="owned")
    assert blocks(plan) == {("E_GUARD_PROTECTED", "")}
    everything = GuardOverrides(deletes=1, live=frozenset({"keep"}), empty=True, collapsed=True)
    assert [block.code for block in find_violations(plan, everything)] == ["E_GUARD_PROTECTED"]


def test_an_environment_protects_by_pattern() -> None:
    world = World([declared(GROUP, "g")], [live(ROOM, "main hall")], ledger(remembered(ROOM, "main hall")))
    assert blocks(world.plan(prune="owned", protect=('SmartLiveRoom["main *"]',))) == {("E_GUARD_PROTECTED", "")}
    assert blocks(world.plan(prune="owned", protect=('SmartLiveRoom["other"]',))) == set()


@pytest.mark.parametrize("state", ["WAITING", "PROCESSING"])
def test_a_room_on_air_is_deleted_only_by_its_name(state: str) -> None:
    lives = [live(ROOM, "it's on", spec={"last_job_status": state})]
    plan = World([declared(GROUP, "g")], lives, ledger(remembered(ROOM, "it's on"))).plan(prune="owned")
    assert blocks(plan) == {("E_GUARD_ON_AIR", "--allow-live 'it'\\''s on'")}
    assert find_violations(plan, GuardOverrides(live=frozenset({"another"}))) != []
    assert find_violations(plan, GuardOverrides(live=frozenset({"it's on"}))) == []


def test_a_room_off_air_is_deleted_without_a_word() -> None:
    lives = [live(ROOM, "off", spec={"last_job_status": "SUCCEED"})]
    plan = World([declared(GROUP, "g")], lives, ledger(remembered(ROOM, "off"))).plan(prune="owned")
    assert blocks(plan) == set()


def test_an_update_of_a_room_on_air_or_confirmed_says_what_it_brings_with_it() -> None:
    raw = {"last_job_status": "PROCESSING", "confirm_state": "CONFIRMED"}
    plan = World([declared(ROOM, "a", {"priv_data": "x"})], [live(ROOM, "a", spec=raw)]).plan()
    notes = " ".join(plan.changes[0].notes)
    assert "next start" in notes
    assert "script_version" in notes
    assert blocks(plan) == set()


def test_the_number_of_deletes_that_is_allowed_is_exactly_the_plans() -> None:
    plan = deleting(12, 7)
    assert find_violations(plan, GuardOverrides(deletes=7)) == []
    for wrong in (None, 0, 6, 8):
        assert {block.allow for block in find_violations(plan, GuardOverrides(deletes=wrong))} == {"--allow-deletes 7"}


def test_deletes_of_two_kinds_are_allowed_by_their_sum() -> None:
    rooms, groups = [f"r{n}" for n in range(4)], [f"g{n}" for n in range(3)]
    world = World(
        [declared(ROOM, "stays")],
        [*(live(ROOM, name) for name in (*rooms, "stays")), *(live(GROUP, name) for name in groups)],
        ledger(*(remembered(ROOM, name) for name in rooms), *(remembered(GROUP, name) for name in groups)),
    )
    plan = world.plan(prune="owned")
    assert {allow for _, allow in blocks(plan)} == {"--allow-deletes 7"}
    assert find_violations(plan, GuardOverrides(deletes=7)) == []


@pytest.mark.parametrize(
    ("rule", "blocked"),
    [
        ({"group_name": "lib"}, True),
        ({"group_name": "ＬＩＢ", "group_id": "7"}, True),
        ({"group_id": "7"}, True),
        ({"group_name": "lib", "group_id": "8"}, False),
        ({"group_name": "other"}, False),
        ({}, False),
    ],
)
def test_what_a_declared_object_refers_to_is_not_deleted(rule: dict[str, Any], blocked: bool) -> None:
    """Its manifest is removed while a room still names it: the room would be left without its library."""
    room = declared(ROOM, "r", {"interaction_rules": [{"rule_name": "a", **rule}]})
    lives = [live(GROUP, "lib", "7"), live(GROUP, "other", "8"), live(ROOM, "r")]
    world = World([room], lives, ledger(remembered(GROUP, "lib", "7")))
    plan = world.plan(prune="owned")
    (delete,) = [change for change in plan.changes if change.action is Action.DELETE]
    assert [block.code for block in delete.blocks] == ["E_GUARD_REFERENCED"] * blocked
    if blocked:
        assert 'SmartLiveRoom["r"] (m.yaml:3' in delete.blocks[0].message
        everything = GuardOverrides(deletes=1, live=frozenset({"lib"}), empty=True, collapsed=True)
        assert [block.code for block in find_violations(plan, everything)] == ["E_GUARD_REFERENCED"]


def test_a_delete_is_blocked_by_a_room_outside_the_selection_too() -> None:
    room = declared(ROOM, "r", {"interaction_rules": [{"rule_name": "a", "group_name": "lib"}]})
    world = World([room], [live(GROUP, "lib", "7"), live(ROOM, "r")], ledger(remembered(GROUP, "lib", "7")))
    plan = world.plan(prune="owned", selection=Selection(targets=('InteractionRuleGroup["lib"]',)))
    assert blocks(plan) == {("E_GUARD_REFERENCED", "")}

"""Who moved it: every pattern of equality gives exactly one class, and the class is the one a person would give."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from reconciler.diff.attribution import BaseUnmanaged, attribute_field
from reconciler.model.change import Action, Attribution, NoValue
from reconciler.model.desired_state import DesiredState
from tests.support.planning import GROUP, ROOM, World, declared, ledger, live, only, remembered

A, B, C = "a", "b", "c"
NONE = NoValue.ABSENT
ANEW = BaseUnmanaged.IN_BASE


def patterns(names: int) -> Iterator[tuple[int, ...]]:
    """Return every pattern of equality of so many values, as restricted growth strings."""
    for pattern in product(range(names), repeat=names):
        if all(part <= max(pattern[:at], default=-1) + 1 for at, part in enumerate(pattern)):
            yield pattern


def alike(one: Any, other: Any) -> bool:
    return bool(one == other)


def test_there_are_fifteen_patterns_of_four_values() -> None:
    assert len(list(patterns(4))) == 15


FIFTEEN = [
    # base, head, live; the fourth value is "absent", so that each of the three may be it
    (NONE, NONE, NONE, None),
    (A, A, A, None),
    (NONE, A, A, Attribution.ALREADY),
    (A, NONE, NONE, Attribution.ALREADY),
    (B, A, A, Attribution.ALREADY),
    (A, B, A, Attribution.CONFIG),
    (NONE, B, NONE, Attribution.CONFIG),
    (A, NONE, A, Attribution.CONFIG),
    (A, A, B, Attribution.DRIFT),
    (NONE, NONE, B, Attribution.DRIFT),
    (A, A, NONE, Attribution.DRIFT),
    (A, B, C, Attribution.CONFLICT),
    (NONE, B, C, Attribution.CONFLICT),
    (A, NONE, C, Attribution.CONFLICT),
    (A, B, NONE, Attribution.CONFLICT),
]


def test_the_table_has_each_of_the_fifteen_patterns_once() -> None:
    found = set()
    for base, head, there, _ in FIFTEEN:
        values = [NONE, base, head, there]
        found.add(tuple(values.index(value) for value in values))
    assert len(found) == len(FIFTEEN) == 15


@pytest.mark.parametrize(("base", "head", "there", "expected"), FIFTEEN)
def test_each_pattern_of_base_head_and_live_is_one_class(base: Any, head: Any, there: Any, expected: Any) -> None:
    assert attribute_field(base, None, head, there, alike) is expected
    assert attribute_field(None, base, head, there, alike) is expected


def test_a_field_declared_anew_is_the_manifests_doing() -> None:
    for there in (A, B, NONE):
        if there != A:
            assert attribute_field(ANEW, None, A, there, alike) is Attribution.CONFIG
            assert attribute_field(None, ANEW, A, there, alike) is Attribution.CONFIG
            assert attribute_field(ANEW, ANEW, A, there, alike) is Attribution.CONFIG


def test_without_a_base_nobody_is_blamed() -> None:
    assert attribute_field(None, None, A, B, alike) is Attribution.UNATTRIBUTED
    assert attribute_field(None, None, A, A, alike) is None


TWO_BASES = [
    # last applied, base commit, head, live
    (A, B, B, A, Attribution.PENDING),
    (A, A, A, B, Attribution.DRIFT),
    (A, A, B, A, Attribution.CONFIG),
    (A, B, C, A, Attribution.CONFIG),
    (A, B, C, B, Attribution.CONFIG),
    (A, B, B, C, Attribution.CONFLICT),
    (A, A, B, C, Attribution.CONFLICT),
    (A, B, A, C, Attribution.CONFLICT),
    (ANEW, B, B, A, Attribution.PENDING),
    (A, A, B, B, Attribution.ALREADY),
    (A, B, B, B, None),
]


@pytest.mark.parametrize(("applied", "commit", "head", "there", "expected"), TWO_BASES)
def test_with_both_bases_a_merge_that_was_not_applied_is_pending(
    applied: Any, commit: Any, head: Any, there: Any, expected: Any
) -> None:
    assert attribute_field(applied, commit, head, there, alike) is expected


@pytest.mark.parametrize("pattern", list(patterns(4)))
def test_every_pattern_of_both_bases_head_and_live_has_exactly_one_class(pattern: tuple[int, ...]) -> None:
    applied, commit, head, there = pattern
    found = attribute_field(applied, commit, head, there, alike)
    if head != there:
        assert found in set(Attribution) - {Attribution.ALREADY, Attribution.UNATTRIBUTED}
    else:
        assert found in (None, Attribution.ALREADY)


def room(spec: dict[str, Any], raw: dict[str, Any], last: Any = None, base: Any = None) -> Any:
    past = ledger(remembered(ROOM, "it", last=last)) if last is not None else ledger()
    then = DesiredState(resources=(declared(ROOM, "it", base),)) if base is not None else None
    return only(World([declared(ROOM, "it", spec)], [live(ROOM, "it", spec=raw)], past).plan(base=then))


def classes(change: Any) -> dict[str, str]:
    return {field.path: field.attribution.value for field in change.fields}


def test_a_pull_request_shows_its_author_what_he_did_and_drift_apart_from_it() -> None:
    change = room(
        {"room_description": "new", "priv_data": "p"},
        {"room_description": "old", "priv_data": "edited by hand"},
        base={"room_description": "old", "priv_data": "p"},
    )
    assert classes(change) == {"room_description": "config", "priv_data": "drift"}
    assert change.attribution is Attribution.DRIFT


def test_one_change_of_the_manifest_does_not_change_how_drift_elsewhere_is_counted() -> None:
    before = room({"priv_data": "p"}, {"priv_data": "x"}, base={"priv_data": "p"})
    after = room({"priv_data": "p", "room_description": "n"}, {"priv_data": "x"}, base={"priv_data": "p"})
    assert classes(before)["priv_data"] == classes(after)["priv_data"] == "drift"
    assert classes(after)["room_description"] == "config"


def test_a_merged_change_that_was_not_applied_is_pending_against_both_bases() -> None:
    change = room({"priv_data": "n"}, {"priv_data": "o"}, last={"priv_data": "o"}, base={"priv_data": "n"})
    assert classes(change) == {"priv_data": "pending"}


def test_a_move_on_both_sides_alike_is_told_and_is_nothing_to_do() -> None:
    change = room({"priv_data": "n"}, {"priv_data": "n"}, last={"priv_data": "o"})
    assert change.action is Action.NONE
    assert classes(change) == {"priv_data": "already"}
    assert change.fields[0].base == "o"


def test_a_conflict_names_the_value_both_moved_from() -> None:
    change = room({"priv_data": "mine"}, {"priv_data": "theirs"}, last={"priv_data": "ours"})
    (field,) = change.fields
    assert (field.before, field.after, field.base, field.attribution) == (
        "theirs",
        "mine",
        "ours",
        Attribution.CONFLICT,
    )


def test_a_rule_somebody_added_by_hand_is_drift_and_one_the_manifest_dropped_is_not() -> None:
    rules = [{"rule_name": "kept"}, {"rule_name": "by hand"}, {"rule_name": "dropped"}]
    past = ledger(
        remembered(GROUP, "lib", last={"interaction_rules": [{"rule_name": "kept"}, {"rule_name": "dropped"}]})
    )
    world = World(
        [declared(GROUP, "lib", {"interaction_rules": [{"rule_name": "kept"}, {"rule_name": "anew"}]})],
        [live(GROUP, "lib", spec={"interaction_rules": rules})],
        past,
    )
    assert classes(only(world.plan())) == {
        "interaction_rules[by hand]": "drift",
        "interaction_rules[dropped]": "config",
        "interaction_rules[anew]": "config",
    }


def test_a_created_object_is_the_manifests_doing_unless_the_ledger_applied_it_before() -> None:
    assert only(World([declared(ROOM, "new")]).plan()).attribution is Attribution.UNATTRIBUTED
    assert only(World([declared(ROOM, "new")], past=ledger()).plan()).attribution is Attribution.CONFIG
    gone = World([declared(ROOM, "gone")], past=ledger(remembered(ROOM, "gone")))
    assert only(gone.plan()).attribution is Attribution.DRIFT


def test_taking_a_line_out_stops_managing_it_and_says_so() -> None:
    change = room({}, {"room_description": "kept"}, last={"room_description": "kept", "room_type": "NORMAL"})
    assert change.action is Action.NONE
    assert "room_description is no longer managed" in change.notes


def test_a_rename_is_attributed_like_any_field() -> None:
    past = ledger(remembered(ROOM, "old", "1"))
    world = World([declared(ROOM, "new", aliases=("old",))], [live(ROOM, "old", "1")], past)
    assert only(world.plan()).fields[0].attribution is Attribution.UNATTRIBUTED
    past = ledger(remembered(ROOM, "old", "1", last={"room_type": "NORMAL"}))
    world = World([declared(ROOM, "new", aliases=("old",))], [live(ROOM, "old", "1")], past)
    assert classes(only(world.plan())) == {"room_name": "config"}


def test_the_classes_are_counted_with_creates_and_deletes_as_one_each() -> None:
    world = World(
        [declared(ROOM, "new"), declared(ROOM, "it", {"priv_data": "p"})],
        [live(ROOM, "it", spec={"priv_data": "x"}), live(ROOM, "gone")],
        ledger(remembered(ROOM, "it", last={"priv_data": "p"}), remembered(ROOM, "gone")),
    )
    summary = world.plan(prune="owned").summary()
    assert (summary.config, summary.drift) == (2, 1)


def scenes(*names: str) -> dict[str, Any]:
    return {"scene_scripts": [{"script_name": name} for name in names]}


MOVES = [
    # last applied, declared, live
    ("abc", "bac", "abc", Attribution.CONFIG),
    ("abc", "abc", "bac", Attribution.DRIFT),
    ("abc", "bac", "cba", Attribution.CONFLICT),
    ("abx", "bac", "abc", Attribution.CONFIG),
    ("abcx", "abc", "bac", Attribution.DRIFT),
    ("", "bac", "abc", Attribution.UNATTRIBUTED),
]


@pytest.mark.parametrize(("before", "want", "have", "expected"), MOVES)
@pytest.mark.parametrize("base", ["ledger", "commit"])
def test_who_moved_an_item_is_told_by_the_order_it_had_before(
    before: str, want: str, have: str, expected: Attribution, base: str
) -> None:
    then = {"last": scenes(*before)} if base == "ledger" else {"base": scenes(*before)}
    change = room(scenes(*want), scenes(*have), **(then if before else {}))
    moved = [field.attribution for field in change.fields if field.op.value == "move"]
    assert moved
    assert set(moved) == {expected}


def test_a_default_that_both_sides_came_back_to_is_already_there() -> None:
    world = World(
        [declared(ROOM, "a", {"video_config": {}})],
        [live(ROOM, "a", spec={"video_config": {"codec": "H264"}})],
        ledger(remembered(ROOM, "a", last={"video_config": {"codec": "VP8"}})),
    )
    (field,) = only(world.plan()).fields
    assert (field.path, field.base, field.after) == ("video_config.codec", "VP8", "H264")
    assert (field.attribution, field.reason) == (Attribution.ALREADY, "default")

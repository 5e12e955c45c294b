"""Lists: keyed, ordered, sets and series; what counts as one change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diff.compare.keyed_lists import moved
from reconciler.model.change import Action
from tests.support.planning import GROUP, ROOM, one_change


def rules(*names: str, **more: Any) -> dict[str, Any]:
    return {"interaction_rules": [{"rule_name": name, "event_type": 1, **more} for name in names]}


def told(change: Any) -> list[tuple[str, str]]:
    return [(field.op.value, field.path) for field in change.fields]


def test_inserting_at_the_head_of_five_hundred_rules_is_one_change() -> None:
    names = [f"rule {number}" for number in range(500)]
    change = one_change(GROUP, rules("first", *names), rules(*names))
    assert told(change) == [("add", "interaction_rules[first]")]
    assert change.suppressed == ()


def test_a_shuffle_of_rules_is_one_suppressed_difference() -> None:
    change = one_change(GROUP, rules("a", "b", "c"), rules("c", "a", "b"))
    assert change.action is Action.NONE
    assert [(one.path, one.rule.value) for one in change.suppressed] == [("interaction_rules", "order has no meaning")]


def test_a_list_that_is_cleared_loses_its_items_one_by_one_and_nobody_declares_them() -> None:
    change = one_change(GROUP, {"interaction_rules": None}, rules("a", "b"))
    assert told(change) == [("remove", "interaction_rules[a]"), ("remove", "interaction_rules[b]")]
    assert {field.reason for field in change.fields} == {"not declared"}
    assert [field.reason for field in one_change(GROUP, rules("a"), rules("b")).fields] == [
        "m.yaml: spec.interaction_rules.0",
        "not declared",
    ]


def test_a_change_deep_inside_one_rule_names_its_key() -> None:
    change = one_change(
        GROUP,
        {"interaction_rules": [{"rule_name": "price", "trigger": {"time_window": 30}}]},
        {"interaction_rules": [{"rule_name": "price", "trigger": {"time_window": 5}}]},
    )
    (field,) = change.fields
    assert (field.path, field.before, field.after) == ("interaction_rules[price].trigger.time_window", 5, 30)


def test_live_rules_that_share_a_name_pair_the_first_equal_one_and_the_rest_go() -> None:
    raw = {
        "interaction_rules": [
            {"rule_name": "a", "event_type": 9},
            {"rule_name": "a", "event_type": 1},
            {"rule_name": "a", "event_type": 1},
        ]
    }
    change = one_change(GROUP, rules("a"), raw)
    assert told(change) == [("remove", "interaction_rules[a]#2"), ("remove", "interaction_rules[a]#3")]
    assert [field.before["event_type"] for field in change.fields] == [9, 1]
    assert [item["event_type"] for item in change.after["interaction_rules"]] == [1]


@pytest.mark.parametrize("raw", [[{"event_type": 1}], [{"rule_name": None}], [{"rule_name": ["a"]}], ["text"]])
def test_a_live_rule_without_a_name_makes_the_list_atomic_with_a_note(raw: list[Any]) -> None:
    change = one_change(GROUP, rules("a"), {"interaction_rules": raw})
    assert change.action is Action.UPDATE
    assert all(field.path.startswith("interaction_rules[0]") for field in change.fields)
    assert any("item by item" in note for note in change.notes)


def test_a_name_declared_twice_makes_the_list_atomic_with_a_note() -> None:
    change = one_change(GROUP, rules("a", "a"), rules("a", "a"))
    assert change.action is Action.NONE
    assert change.notes == ("interaction_rules: rule_name is repeated, so the list is compared item by item",)


def test_keys_that_could_be_mistaken_are_quoted() -> None:
    change = one_change(GROUP, rules("3", 'a"b]', "晚场", "x, y"), {})
    assert [field.path for field in change.fields] == ["interaction_rules"]
    change = one_change(GROUP, rules("3", 'a"b]', "晚场", "x, y"), rules("old"))
    assert [path for _, path in told(change)] == [
        'interaction_rules["3"]',
        'interaction_rules["a\\"b]"]',
        'interaction_rules["x, y"]',
        "interaction_rules[old]",
        "interaction_rules[晚场]",
    ]


def scenes(*names: str) -> dict[str, Any]:
    return {"scene_scripts": [{"script_name": name} for name in names]}


def test_scenes_have_an_order_and_a_move_is_told_as_one() -> None:
    change = one_change(ROOM, scenes("a", "b", "c", "d"), scenes("b", "c", "d", "a"))
    assert [(field.op.value, field.path, field.before, field.after) for field in change.fields] == [
        ("move", "scene_scripts[a]", 3, 0)
    ]
    assert [scene["script_name"] for scene in change.after["scene_scripts"]] == ["a", "b", "c", "d"]


def test_inserting_or_removing_a_scene_moves_nothing() -> None:
    assert told(one_change(ROOM, scenes("new", "a", "b"), scenes("a", "b"))) == [("add", "scene_scripts[new]")]
    assert told(one_change(ROOM, scenes("a", "c"), scenes("a", "b", "c"))) == [("remove", "scene_scripts[b]")]


@given(st.permutations(range(9)))
def test_the_fewest_items_move(order: list[int]) -> None:
    stay = [place for place in range(len(order)) if place not in set(moved(order))]
    assert [order[place] for place in stay] == sorted(order[place] for place in stay)
    assert len(stay) == max(len(run) for run in increasing_runs(order))


def increasing_runs(order: list[int]) -> list[list[int]]:
    runs: list[list[int]] = [[]]
    for old in order:
        runs += [[*run, old] for run in runs if not run or run[-1] < old]
    return runs


def tags(*values: str, **more: Any) -> dict[str, Any]:
    listed = [{"tag": "content", "match": "EQUAL", "value": value, **more} for value in values]
    return {"interaction_rules": [{"rule_name": "a", "hit_condition": {"tags": listed}}]}


def test_tags_are_a_set_whose_order_means_nothing() -> None:
    assert one_change(GROUP, tags("x", "y"), tags("y", "x")).action is Action.NONE


def test_a_tag_with_its_default_spelled_out_is_the_same_tag() -> None:
    change = one_change(GROUP, tags("x", "y"), tags("y", "x", operation="NONE"))
    assert change.action is Action.NONE
    assert [one.rule.value for one in change.suppressed] == [
        "server default",
        "server default",
        "order has no meaning",
    ]


def test_how_often_a_tag_is_there_counts() -> None:
    change = one_change(GROUP, tags("x", "x", "y"), tags("x", "y"))
    path = "interaction_rules[a].hit_condition.tags"
    assert told(change) == [("add", f"{path}[content,NONE,EQUAL,x]#2")]


def test_a_changed_tag_is_one_removed_and_one_added() -> None:
    path = "interaction_rules[a].hit_condition.tags"
    assert told(one_change(GROUP, tags("x", "new"), tags("x", "old"))) == [
        ("add", f"{path}[content,NONE,EQUAL,new]"),
        ("remove", f"{path}[content,NONE,EQUAL,old]"),
    ]


def texts(*values: str) -> dict[str, Any]:
    return {"interaction_rules": [{"rule_name": "a", "trigger": {"reply_texts": list(values)}}]}


def test_replies_are_a_series_in_which_an_insertion_is_one_change() -> None:
    path = "interaction_rules[a].trigger.reply_texts"
    assert told(one_change(GROUP, texts("new", "x", "y"), texts("x", "y"))) == [("add", f"{path}[0]")]
    assert told(one_change(GROUP, texts("x", "z"), texts("x", "y"))) == [("replace", f"{path}[1]")]
    assert one_change(GROUP, texts("y", "x"), texts("x", "y")).action is Action.UPDATE


def test_a_text_the_service_tidied_stays_out_of_a_series_that_differs_elsewhere() -> None:
    path = "interaction_rules[a].trigger.reply_texts"
    change = one_change(GROUP, texts(" padded ", "new"), texts("padded", "old"))
    assert told(change) == [("replace", f"{path}[1]")]


def test_backgrounds_are_told_by_their_place() -> None:
    def room(*kinds: str) -> dict[str, Any]:
        return {
            "scene_scripts": [{"script_name": "s", "background_config": [{"background_type": kind} for kind in kinds]}]
        }

    path = "scene_scripts[s].background_config"
    assert told(one_change(ROOM, room("COLOR", "IMAGE", "VIDEO"), room("IMAGE", "VIDEO"))) == [("add", f"{path}[0]")]
    assert told(one_change(ROOM, room("IMAGE"), room("IMAGE", "VIDEO"))) == [("remove", f"{path}[1]")]
    assert told(one_change(ROOM, room("COLOR"), room("IMAGE"))) == [("replace", f"{path}[0].background_type")]


def test_an_endless_live_list_is_compared_in_its_own_length() -> None:
    raw = {"interaction_rules": [{"rule_name": "a", "trigger": {"reply_texts": [str(n) for n in range(20_000)]}}]}
    change = one_change(GROUP, texts("0", "other"), raw)
    assert change.action is Action.UPDATE
    assert len(change.fields) == 19_999


def test_types_are_never_mixed_up() -> None:
    def enabled(value: Any) -> dict[str, Any]:
        return {"interaction_rules": [{"rule_name": "a", "enabled": value}]}

    assert one_change(GROUP, enabled(True), enabled(1)).action is Action.UPDATE
    assert one_change(GROUP, enabled(False), enabled(0)).action is Action.UPDATE
    quiet = one_change(GROUP, enabled(True), enabled("true"))
    assert (quiet.action, quiet.suppressed[0].rule.value) == (Action.NONE, "number for text")


def spelled(*values: Any) -> dict[str, Any]:
    listed = [{"tag": "content", "match": "EQUAL", **value} for value in values]
    return {"interaction_rules": [{"rule_name": "a", "hit_condition": {"tags": listed}}]}


def test_a_reordered_set_with_a_tolerated_spelling_is_no_change_and_keeps_each_items_unknown_keys() -> None:
    want = spelled({"value": " padded "}, {"value": "x"}, {"value": "y", "operation": "NONE"})
    have = spelled({"value": "y", "new": 3}, {"value": "padded", "new": 1}, {"value": "x", "new": 2})
    change = one_change(GROUP, want, have)
    assert change.action is Action.NONE
    assert {one.rule.value for one in change.suppressed} >= {"order has no meaning"}
    want["interaction_rules"][0]["event_type"] = 2
    change = one_change(GROUP, want, have)
    assert told(change) == [("add", "interaction_rules[a].event_type")]
    kept = change.after["interaction_rules"][0]["hit_condition"]["tags"]
    assert {tag["value"].strip(): tag["new"] for tag in kept} == {"padded": 1, "x": 2, "y": 3}


@pytest.mark.parametrize(
    ("want", "have"),
    [
        ([{"value": "x"}, {"value": "y"}], [{"value": "y"}]),
        ([{"value": "x"}], [{"value": "x"}, {"value": "y"}]),
        ([{"value": "x"}], [{"value": "y"}]),
        ([{"value": " x "}, {"value": "x"}], [{"value": "x"}]),
    ],
)
def test_a_set_with_an_item_more_less_or_another_is_a_change(want: list[Any], have: list[Any]) -> None:
    assert one_change(GROUP, spelled(*want), spelled(*have)).action is Action.UPDATE

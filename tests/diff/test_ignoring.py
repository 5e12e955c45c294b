"""`ignore_changes`: ignored means ignored, in the plan and in what would be sent."""

from datetime import date
from typing import Any

import pytest

from reconciler.model.change import Action, SuppressionReason
from reconciler.model.resource import IgnoreRule
from reconciler.model.source_map import Position
from tests.support.planning import GROUP, ROOM, World, codes, declared, live, only


def plan(*ignore: Any, today: date = date(2026, 11, 23), raw: Any = None) -> Any:
    thing = declared(ROOM, "it", {"priv_data": "mine", "room_description": "d"}, ignore=ignore)
    return World([thing], [live(ROOM, "it", spec=raw or {"priv_data": "theirs", "room_description": "d"})]).plan(
        today=today
    )


def test_an_ignored_difference_is_suppressed_with_its_reason_and_place() -> None:
    place = Position("m.yaml", 9, 3)
    change = only(plan(IgnoreRule(path="priv_data", reason="the console writes it", position=place)))
    assert change.action is Action.NONE
    (hidden,) = change.suppressed
    assert (hidden.path, hidden.rule, hidden.detail, hidden.position) == (
        "priv_data",
        SuppressionReason.IGNORED,
        "the console writes it",
        place,
    )


def test_a_rule_that_hides_nothing_is_a_warning() -> None:
    made = plan("priv_data", "room_description")
    assert codes(made) == ["W_IGNORE_UNUSED"]
    assert "room_description" in made.diagnostics[0].message


def test_a_rule_that_expired_hides_nothing_and_is_a_warning() -> None:
    rule = IgnoreRule(path="priv_data", expires="2027-01-01")
    assert only(plan(rule, today=date(2026, 12, 31))).action is Action.NONE
    late = plan(rule, today=date(2027, 1, 1))
    assert only(late).action is Action.UPDATE
    assert codes(late) == ["W_IGNORE_EXPIRED"]


def test_a_rule_that_is_no_path_is_a_warning() -> None:
    made = plan("priv..data")
    assert codes(made) == ["W_IGNORE_PATH"]
    assert only(made).action is Action.UPDATE


@pytest.mark.parametrize(
    ("path", "said", "hint"),
    [
        ("room_descripton", "has no field `room_descripton`", "did you mean room_description?"),
        ("Priv_Data", "has no field `Priv_Data`", "did you mean priv_data?"),
        ("zzz", "has no field `zzz`", "there are "),
        ("priv_data.deep", "`priv_data` has nothing inside it", "write priv_data"),
        ("scene_scripts.script_name", "`scene_scripts` is a list", "write scene_scripts[*].script_name"),
        ("scene_scripts[*].script_nmae", "`scene_scripts.*` has no field", "did you mean scene_scripts.*.script_name?"),
    ],
)
def test_a_path_with_a_misspelt_field_is_a_warning_that_names_the_right_one(path: str, said: str, hint: str) -> None:
    made = plan(path)
    assert codes(made) == ["W_IGNORE_PATH"]
    assert said in made.diagnostics[0].message
    assert hint in made.diagnostics[0].hint
    assert only(made).action is Action.UPDATE


def test_an_ignored_field_is_never_changed_by_what_would_be_sent() -> None:
    change = only(plan("priv_data", raw={"priv_data": "theirs", "room_description": "old"}))
    assert [field.path for field in change.fields] == ["room_description"]
    assert change.after["priv_data"] == "theirs"
    assert change.after["room_description"] == "d"


def test_a_star_hides_every_item() -> None:
    spec = {"interaction_rules": [{"rule_name": name, "event_type": 1} for name in ("a", "b")]}
    raw = {"interaction_rules": [{"rule_name": name, "event_type": 2} for name in ("a", "b")]}
    thing = declared(GROUP, "g", spec, ignore=("interaction_rules[*].event_type",))
    change = only(World([thing], [live(GROUP, "g", spec=raw)]).plan())
    assert change.action is Action.NONE
    assert [one.path for one in change.suppressed] == [
        "interaction_rules[a].event_type",
        "interaction_rules[b].event_type",
    ]


def test_ignoring_items_keeps_those_that_live_has_and_the_manifest_does_not() -> None:
    thing = declared(GROUP, "g", {"interaction_rules": [{"rule_name": "a"}]}, ignore=("interaction_rules[by hand]",))
    lives = [live(GROUP, "g", spec={"interaction_rules": [{"rule_name": "a"}, {"rule_name": "by hand"}]})]
    assert only(World([thing], lives).plan()).action is Action.NONE
    lives = [
        live(GROUP, "g", spec={"interaction_rules": [{"rule_name": "a", "event_type": 1}, {"rule_name": "by hand"}]})
    ]
    thing = declared(
        GROUP, "g", {"interaction_rules": [{"rule_name": "a", "event_type": 2}]}, ignore=("interaction_rules[by hand]",)
    )
    change = only(World([thing], lives).plan())
    assert [item["rule_name"] for item in change.after["interaction_rules"]] == ["a", "by hand"]


def test_a_new_object_is_made_as_declared() -> None:
    thing = declared(ROOM, "new", {"priv_data": "mine"}, ignore=("priv_data",))
    assert only(World([thing]).plan()).after["priv_data"] == "mine"


def test_a_rule_for_one_item_of_a_list_without_keys_hides_that_list() -> None:
    def group(event: int, *texts: str) -> dict[str, Any]:
        trigger = {"reply_texts": list(texts)}
        return {"interaction_rules": [{"rule_name": "a", "event_type": event, "trigger": trigger}]}

    ignore = ("interaction_rules[a].trigger.reply_texts[0]",)
    thing = declared(GROUP, "g", group(1, "new", "x", "y"), ignore=ignore)
    change = only(World([thing], [live(GROUP, "g", spec=group(2, "x", "z"))]).plan())
    assert [field.path for field in change.fields] == ["interaction_rules[a].event_type"]
    assert {one.rule for one in change.suppressed} == {SuppressionReason.IGNORED}
    assert change.after["interaction_rules"] == group(1, "x", "z")["interaction_rules"]


def test_a_rule_for_an_item_of_one_unkeyed_list_leaves_every_other_list_alone() -> None:
    def group(*texts: str) -> dict[str, Any]:
        rules = [{"rule_name": name, "trigger": {"reply_texts": list(texts)}} for name in ("a", "b")]
        return {"interaction_rules": rules}

    thing = declared(GROUP, "g", group("new"), ignore=("interaction_rules[a].trigger.reply_texts[0]",))
    change = only(World([thing], [live(GROUP, "g", spec=group("old"))]).plan())
    assert [field.path for field in change.fields] == ["interaction_rules[b].trigger.reply_texts[0]"]
    assert [rule["trigger"]["reply_texts"] for rule in change.after["interaction_rules"]] == [["old"], ["new"]]

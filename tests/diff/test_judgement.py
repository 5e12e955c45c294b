"""The rules of the differ, each half of them in a row of its own: lists, order, ownership, attribution, bodies."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reconciler.diff.attribution import BaseUnmanaged, alike_at, lookup, reported_value, steps_of
from reconciler.diff.change_builder import build_delete
from reconciler.diff.compare.collector import DiffCollector, SecretStatus
from reconciler.diff.compare.keyed_lists import moved
from reconciler.diff.compare.sets import key_of_whole
from reconciler.diff.compare.walk import items, same, values
from reconciler.diff.deletion_guards import collapsed, limit, quoted
from reconciler.diff.dependency_order import (
    dependency_levels,
    hindered,
    known_ids,
    level_of,
    needs,
    sort_changes,
    told_ids,
)
from reconciler.diff.differ import diff
from reconciler.diff.field_changes import classify_order, differences
from reconciler.diff.full_spec import managed_fields
from reconciler.diff.ignore_rules import matches, matches_items, misspelt
from reconciler.diff.rejected_fields import relabelled, unkept_notes, unkept_values
from reconciler.diff.request_body import build_request_body, unreadable
from reconciler.diff.secret_changes import judge
from reconciler.kinds.base.field import Field, FieldRole, FieldType
from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    FieldOp,
    NoValue,
    most_severe,
    without_unknown,
)
from reconciler.model.desired_state import DesiredState
from reconciler.model.field_path import WILD, ItemKey, parse
from reconciler.model.field_tree import field_at_printed
from reconciler.model.ledger_state import LedgerState, WriteIntent
from reconciler.model.options import PlanOptions, Selection
from reconciler.model.resource import IgnoreRule
from reconciler.redaction import secret_digest
from reconciler.semantics.compiled_field import CompiledField, compiled
from tests.support.planning import (
    GROUP,
    OWNER,
    ROOM,
    World,
    codes,
    declared,
    ledger,
    live,
    one_change,
    only,
    remembered,
)

ABSENT, UNKNOWN = NoValue.ABSENT, NoValue.UNKNOWN
NOT_DECLARED = BaseUnmanaged.IN_BASE
RULES = "interaction_rules"


def at(path: str, kind: Any = ROOM) -> CompiledField:
    found = field_at_printed(compiled(kind), tuple("[0]" if step == WILD else step for step in parse(path)))
    assert found is not None
    return found


def told(change: Change) -> list[tuple[str, str]]:
    return [(one.op.value, one.path) for one in change.fields]


def room(rule: dict[str, Any]) -> dict[str, Any]:
    return {RULES: [rule]}


# who needs whom


def test_what_a_room_needs_is_named_and_found_by_id_where_it_holds_one() -> None:
    spec = {RULES: [{"rule_name": "a", "group_name": "g", "group_id": "7"}, {"group_name": "h"}, {"group_name": ""}]}
    assert needs(ROOM, spec) == {"InteractionRuleGroup/g", "InteractionRuleGroup/h"}
    assert needs(ROOM, None) == frozenset()
    assert told_ids(ROOM, spec) == {"InteractionRuleGroup/g": "7"}
    assert told_ids(ROOM, {RULES: [{"group_name": "g", "group_id": 7}]}) == {}


def test_the_ids_a_plan_knows_are_those_of_one_object_alone() -> None:
    plan = World([declared(GROUP, "a"), declared(GROUP, "new")], [live(GROUP, "a", "1"), live(GROUP, "b", "2")]).plan()
    twins = World([], [live(GROUP, "b", "2"), live(GROUP, "b", "3")]).plan()
    assert known_ids(plan) == {"InteractionRuleGroup/a": "1", "InteractionRuleGroup/b": "2"}
    assert known_ids(twins) == {}


def test_a_change_is_hindered_by_what_was_not_done() -> None:
    spec = room({"rule_name": "a", "group_name": "g"})
    create = only(World([declared(ROOM, "r")]).plan())
    gone = replace(create, action=Action.DELETE, kind=GROUP.name, name="g")
    undone = {"InteractionRuleGroup/g": "the group", "InteractionRuleGroup/h": "another"}
    assert hindered(create, ROOM, spec, undone) == "it needs the group, which was not created"
    assert hindered(create, ROOM, spec, {"InteractionRuleGroup/h": "another"}) == ""
    assert hindered(create, ROOM, None, undone) == ""
    assert hindered(gone, GROUP, None, undone) == "the group still refers to it"
    assert hindered(gone, GROUP, None, {}) == ""


def test_creates_go_by_depth_and_deletes_after_them_the_other_way_round() -> None:
    depth = dependency_levels({GROUP.name: GROUP, ROOM.name: ROOM})
    assert depth == {GROUP.name: 0, ROOM.name: 1}
    assert [level_of(kind, depth) for kind in (GROUP.name, ROOM.name)] == [0, 1]
    assert [level_of(kind, depth, delete=True) for kind in (ROOM.name, GROUP.name)] == [2, 3]
    assert level_of("a", {"a": 0}, delete=True) == 1


def test_a_name_is_freed_before_it_is_taken_and_else_the_order_stays() -> None:
    one = only(World([declared(ROOM, "a")]).plan())
    changes = [
        replace(one, name=name, address=f'SmartLiveRoom["{name}"]', level=level)
        for name, level in (("c", 1), ("a", 0), ("b", 0))
    ]
    assert [change.name for change in sort_changes(changes)] == ["a", "b", "c"]
    taking = replace(one, name="b", previous_address='SmartLiveRoom["a"]')
    freeing = replace(one, name="c", previous_address='SmartLiveRoom["b"]')
    new = replace(one, name="a")
    assert [change.name for change in sort_changes([new, taking, freeing])] == ["c", "b", "a"]
    circle = [
        replace(one, name="a", previous_address='SmartLiveRoom["b"]'),
        replace(one, name="b", previous_address='SmartLiveRoom["a"]'),
    ]
    assert {change.name for change in sort_changes(circle)} == {"a", "b"}


# values and lists


@pytest.mark.parametrize(
    ("path", "want", "have", "differs"),
    [
        ("priv_data", None, None, False),
        ("priv_data", None, "", False),
        ("priv_data", None, "a", True),
        ("priv_data", "", None, False),
        ("priv_data", "a", None, True),
        ("video_config.codec", None, None, False),
        ("video_config.codec", None, "H264", False),
        ("video_config.codec", None, "H265", True),
        ("video_config.codec", "H264", None, False),
        ("video_config.codec", "H265", None, True),
        ("video_config", {}, None, False),
        ("video_config", {"codec": "H264"}, None, False),
        ("video_config", {"codec": "H265"}, None, True),
        ("video_config", {"width": 1}, {}, True),
        ("video_config", {}, {"codec": "H265"}, True),
        ("video_config", {}, {"codec": "H264"}, False),
        ("video_config", {}, {"width": 5}, False),
        ("video_config", {}, "text", True),
        ("video_config", {"unheard_of": 1}, {}, False),
        ("video_config", {"width": None}, {"width": 5}, True),
        ("video_config", {"codec": None}, {"codec": "H265"}, True),
        ("scene_scripts", None, [], False),
        ("scene_scripts", None, [{"script_name": "a"}], True),
        ("scene_scripts", None, "text", True),
        ("scene_scripts", [], None, False),
        ("scene_scripts", [], "text", True),
        ("scene_scripts", [{"script_name": "a"}], None, True),
        ("interaction_rules[*].trigger.reply_texts", ["a", ""], ["a", ""], False),
        ("interaction_rules[*].trigger.reply_texts", ["a", None], ["a", ""], True),
        ("interaction_rules[*].trigger.reply_texts", ["a"], ["a", "b"], True),
        ("interaction_rules[*].trigger.reply_texts", ["a "], ["a"], False),
        ("interaction_rules[*].trigger.reply_texts", ["1"], [1], False),
        ("interaction_rules[*].trigger.reply_texts", ["a", "b"], ["b", "a"], True),
        ("shared_config.allowed_project_ids", ["a", "b"], ["b", "a"], False),
        ("shared_config.allowed_project_ids", ["a"], ["b"], True),
        ("shared_config.allowed_project_ids", ["a"], ["a", "a"], True),
        ("shared_config.allowed_project_ids", ["a ", "b"], ["b", "a"], False),
        ("stream_keys", {"secret": "a"}, ["a"], False),
        ("stream_keys", [{"secret": "a"}], ["x", "y"], True),
        ("stream_keys", [{"secret": "a"}], None, True),
        ("stream_keys", None, ["x"], True),
        ("stream_keys", None, [""], False),
        ("live_event_callback_config.key", {"secret": "a"}, "", True),
        ("live_event_callback_config.key", {"secret": "a"}, "x", False),
        ("live_event_callback_config.key", {}, "x", True),
        ("live_event_callback_config.key", {}, None, False),
    ],
)
def test_whether_a_declared_and_a_live_value_differ(path: str, want: Any, have: Any, differs: bool) -> None:
    assert same(at(path), want, have) is not differs
    assert same(at(path), want, have, DiffCollector()) is not differs


@pytest.mark.parametrize(
    ("want", "have", "differs"),
    [
        (None, None, False),
        (None, "", True),
        (None, "a", True),
        ("a", None, True),
        ("", "a", True),
        ("a", "", True),
        ("", "", False),
        ("a", "a", False),
        ("a ", "a", False),
    ],
)
def test_whether_two_items_differ(want: Any, have: Any, differs: bool) -> None:
    text = at(f"{RULES}[*].trigger.reply_texts[*]")
    assert (items(text, want, have, (), DiffCollector()) is not None) is differs


@pytest.mark.parametrize(("want", "have"), [({}, {}), ({"width": 1}, {"width": 1}), ({"width": 1}, {"width": 2})])
def test_two_items_that_are_objects_are_compared_by_their_fields(want: Any, have: Any) -> None:
    found = items(at("video_config"), want, have, (), DiffCollector())
    assert found == (None if want == have else ({"width": 2}, {"width": 1}))
    assert (items(at("video_config"), want, "text", (), DiffCollector()) is None) is False


@pytest.mark.parametrize(
    ("status", "have", "quiet", "hidden"),
    [
        (SecretStatus.SAME, "x", True, 0),
        (SecretStatus.SAME, "", True, 0),
        (SecretStatus.CHANGED, "x", False, 0),
        (SecretStatus.UNKNOWN, "x", True, 1),
        (SecretStatus.UNKNOWN, "", True, 1),
        (SecretStatus.NO_BASE, "x", True, 1),
        (SecretStatus.NO_BASE, "", False, 0),
    ],
)
def test_what_is_told_of_a_secret_by_what_is_known_of_it(
    status: SecretStatus, have: str, quiet: bool, hidden: int
) -> None:
    found = DiffCollector(judge=lambda steps, value: status)
    assert values(at("live_event_callback_config.key"), {"secret": "a"}, have, ("k",), found) is None
    assert (found.secrets == [], len(found.hidden)) == (quiet, hidden)


@pytest.mark.parametrize(
    ("order", "places"),
    [
        ([], []),
        ([0], []),
        ([0, 1, 2], []),
        ([1, 0], [0]),
        ([2, 0, 1], [0]),
        ([1, 2, 0], [2]),
        ([3, 0, 4, 1, 2], [0, 2]),
        ([2, 1, 0], [0, 1]),
    ],
)
def test_the_fewest_items_move(order: list[int], places: list[int]) -> None:
    assert moved(order) == places


def test_a_longer_list_of_single_values_than_is_aligned_is_compared_place_by_place() -> None:
    texts = f"{RULES}[*].trigger.reply_texts"
    for count in (1000, 1001):
        have = [f"text {number}" for number in range(count)]
        want = [*have[:-1], "other"]
        found = values(at(texts), want, have, (), DiffCollector())
        assert found is not None
        assert (found == (have, want)) is (count == 1000)
        assert [one.steps for one in differences(found)] in ([(count - 1,)], [(f"[{count - 1}]",)])


def audio(*names: str) -> list[dict[str, Any]]:
    return [{"audio_name": name, "audio_url": f"https://a.test/{name}"} for name in names]


@pytest.mark.parametrize(
    ("want", "have", "changes"),
    [
        ("abc", "abc", []),
        ("abc", "bc", [("add", "[0]")]),
        ("bc", "abc", [("remove", "[0]")]),
        ("abc", "ac", [("add", "[1]")]),
        ("ac", "abc", [("remove", "[1]")]),
        ("ab", "abc", [("remove", "[2]")]),
        ("abc", "ab", [("add", "[2]")]),
        ("", "a", [("remove", "[0]")]),
        ("aa", "a", [("add", "[1]")]),
        ("a", "aa", [("remove", "[1]")]),
    ],
)
def test_what_is_equal_at_both_ends_of_a_series_is_set_aside(want: str, have: str, changes: Any) -> None:
    """The rows of a list whose items have no keys: one that is put in or taken out is one change."""
    found = one_change(
        GROUP,
        room({"rule_name": "r", "trigger": {"reply_audios": audio(*want)}}),
        room({"rule_name": "r", "trigger": {"reply_audios": audio(*have)}}),
    )
    assert told(found) == [(op, f"{RULES}[r].trigger.reply_audios{place}") for op, place in changes]


@pytest.mark.parametrize(("want", "have", "place"), [("xab", "ab", 1), ("ab", "xab", 0)])
def test_an_equivalent_item_at_the_end_of_a_series_is_suppressed_at_its_own_place(
    want: str, have: str, place: int
) -> None:
    """A live address with a signature is equivalent; it is told at the index of the declared item."""
    signed = audio(*have)
    signed[-2]["audio_url"] += "?sign=1"
    change = one_change(
        GROUP,
        room({"rule_name": "r", "trigger": {"reply_audios": audio(*want)}}),
        room({"rule_name": "r", "trigger": {"reply_audios": signed}}),
    )
    assert [one.path for one in change.suppressed if "audio_url" in one.path] == [
        f"{RULES}[r].trigger.reply_audios[{place}].audio_url"
    ]


def test_an_item_that_has_no_keys_is_named_by_its_values() -> None:
    tag = at(f"{RULES}[*].hit_condition.tags[*]")
    assert key_of_whole(tag, {"tag": "a", "value": "b"}, 1) == ItemKey(("a", "NONE", None, "b"), 1)
    assert key_of_whole(at("shared_config.allowed_project_ids[*]"), "a", 2) == ItemKey(("a",), 2)
    assert key_of_whole(at("shared_config.allowed_project_ids[*]"), ["a"], 1) == ItemKey(('["a"]',), 1)


@pytest.mark.parametrize(("count", "pairs"), [(64, True), (65, False)])
def test_so_many_items_of_a_set_are_tried_against_each_other(count: int, pairs: bool) -> None:
    want = [f"text {number:03} " for number in range(count)]
    have = [one.strip() for one in reversed(want)]
    assert same(at("shared_config.allowed_project_ids"), want, have) is pairs


def test_of_two_live_items_with_one_key_the_equal_one_pairs_and_its_twin_goes() -> None:
    raw = {RULES: [{"rule_name": "a", "event_type": 9}, {"rule_name": "a", "event_type": 1}]}
    change = one_change(GROUP, room({"rule_name": "a", "event_type": 1}), raw)
    assert [(one.op.value, one.path, one.before["event_type"]) for one in change.fields] == [
        ("remove", f"{RULES}[a]#2", 9)
    ]
    neither = one_change(GROUP, room({"rule_name": "a", "event_type": 2}), raw)
    assert [(one.op.value, one.path) for one in neither.fields] == [
        ("replace", f"{RULES}[a].event_type"),
        ("remove", f"{RULES}[a]#2"),
    ]


def test_what_stands_in_another_order_is_said_where_the_order_has_no_meaning_and_moved_where_it_has() -> None:
    ids = {"shared_config": {"allowed_project_ids": ["a", "b"]}}
    turned = {"shared_config": {"allowed_project_ids": ["b", "a"]}}
    quiet = one_change(ROOM, ids, turned)
    assert [one.rule.value for one in quiet.suppressed] == ["order has no meaning"]
    assert one_change(ROOM, ids, ids).suppressed == ()
    scenes = {"scene_scripts": [{"script_name": "a"}, {"script_name": "b"}]}
    back = {"scene_scripts": scenes["scene_scripts"][::-1]}
    (field,) = one_change(ROOM, scenes, back).fields
    assert (field.op, field.path, field.before, field.after) == (FieldOp.MOVE, "scene_scripts[a]", 1, 0)


# differences


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (["a", "b"], ["a", "c"], [((1,), FieldOp.REPLACE)]),
        (["a", "b"], ["c", "b"], [((0,), FieldOp.REPLACE)]),
        (["a"], ["a", "b"], [((1,), FieldOp.ADD)]),
        (["a", "b"], ["a"], [((1,), FieldOp.REMOVE)]),
        ([1], [True], [((0,), FieldOp.REPLACE)]),
        (["a"], ["a"], []),
        ({"x": 1}, {"x": 1.0}, [(("x",), FieldOp.REPLACE)]),
        ({"x": 1}, {}, [(("x",), FieldOp.REMOVE)]),
        ({}, {"x": 1}, [(("x",), FieldOp.ADD)]),
        ({"b": 1, "a": 1}, {}, [(("a",), FieldOp.REMOVE), (("b",), FieldOp.REMOVE)]),
        ({"x": {"y": 1}}, {"x": {"y": 2}}, [(("x", "y"), FieldOp.REPLACE)]),
        ({"x": 1}, [1], [((), FieldOp.REPLACE)]),
    ],
)
def test_the_differences_of_two_sides(before: Any, after: Any, found: Any) -> None:
    assert [(one.steps, one.op) for one in differences((before, after))] == found


def test_two_places_that_differ_are_both_told() -> None:
    found = differences((["a", "b", "c"], ["x", "b", "y"]))
    assert {one.steps for one in found} == {(0,), (2,)}
    assert [one.steps for one in differences(([{"a": 1}], [{"a": 2}]))] == [(0, "a")]


@pytest.mark.parametrize(
    ("base", "desired", "live_", "who"),
    [
        ("ab", "ba", "ab", Attribution.CONFIG),
        ("ab", "ab", "ba", Attribution.DRIFT),
        ("abc", "bac", "cab", Attribution.CONFLICT),
        ("ab", "", "ba", Attribution.UNATTRIBUTED),
        ("ab", "ba", "", Attribution.UNATTRIBUTED),
        ("axb", "ba", "aby", Attribution.CONFIG),
    ],
)
def test_who_changed_an_order(base: str, desired: str, live_: str, who: Attribution) -> None:
    assert classify_order(list(base), list(desired), list(live_)) is who
    assert classify_order(list(base), None, list(live_)) is Attribution.UNATTRIBUTED


# attribution


def test_the_gravest_attribution_of_a_change_is_the_one_that_is_told() -> None:
    found = [*Attribution]
    order = []
    while found:
        first = most_severe(found)
        assert first is not None
        order.append(first.name)
        found.remove(first)
    assert order == ["CONFLICT", "DRIFT", "UNATTRIBUTED", "PENDING", "CONFIG", "ALREADY"]
    assert most_severe([]) is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("priv_data", "p"),
        ("room_description", NOT_DECLARED),
        ("video_config.width", 1),
        ("video_config.height", NOT_DECLARED),
        ("play_policy", ABSENT),
        ("play_policy.repeat_count", ABSENT),
        ("unheard_of", 1),
        ("priv_data.deeper", NOT_DECLARED),
        (f"{RULES}[g,a]", {"group_name": "g", "rule_name": "a"}),
        (f"{RULES}[b]", ABSENT),
    ],
)
def test_what_a_base_has_at_a_path(path: str, found: Any) -> None:
    base = {
        "priv_data": "p",
        "video_config": {"width": 1},
        "play_policy": None,
        "unheard_of": 1,
        RULES: [{"group_name": "g", "rule_name": "a"}],
    }
    value = lookup(compiled(ROOM), base, parse(path))
    assert value == found
    assert lookup(compiled(ROOM), None, parse(path)) is None
    assert reported_value(value) == (ABSENT if found is NOT_DECLARED else found)
    assert reported_value(None) is ABSENT


@pytest.mark.parametrize(
    ("path", "items_", "steps"),
    [
        ("scene_scripts", [{"script_name": "a"}, {"script_name": "b"}], ["[a]", "[b]"]),
        ("scene_scripts", [{"script_name": "a"}, {"script_name": "a"}], ["[0]", "[1]"]),
        ("scene_scripts", [{}, {"script_name": "b"}], ["[0]", "[1]"]),
        (f"{RULES}[*].trigger.reply_texts", ["a", "b"], ["[0]", "[1]"]),
        ("shared_config.allowed_project_ids", ["a", "b", "a"], ["[a]", "[b]", "[a]#2"]),
    ],
)
def test_how_the_items_of_a_list_are_named(path: str, items_: list[Any], steps: list[str]) -> None:
    assert [step for step, _ in steps_of(at(path), items_)] == steps


def test_the_field_at_a_path_is_found_through_items_and_nowhere_beyond_the_table() -> None:
    root = compiled(ROOM)
    assert field_at_printed(root, ("scene_scripts", 0, "script_name")) is at("scene_scripts[*].script_name")
    assert field_at_printed(root, ("scene_scripts", "[a]", "script_name")) is at("scene_scripts[*].script_name")
    assert field_at_printed(root, ("unheard_of", "deeper")) is None
    assert field_at_printed(root, ()) is root


@pytest.mark.parametrize(
    ("path", "left", "right", "same_"),
    [
        ("priv_data", "a", "a", True),
        ("priv_data", "a", "b", False),
        ("priv_data", ABSENT, ABSENT, True),
        ("priv_data", ABSENT, "", True),
        ("priv_data", ABSENT, "a", False),
        ("priv_data", "a", ABSENT, False),
        ("priv_data", NOT_DECLARED, ABSENT, False),
        ("priv_data", NOT_DECLARED, "a", False),
        ("priv_data", "a", UNKNOWN, False),
        ("priv_data", ABSENT, UNKNOWN, False),
        ("video_config.codec", ABSENT, "H264", True),
        ("stream_keys", ["a"], ["b"], True),
        ("stream_keys", ABSENT, ["b"], False),
        ("stream_keys", ["a"], ABSENT, False),
    ],
)
def test_whether_two_values_of_a_field_are_alike(path: str, left: Any, right: Any, same_: bool) -> None:
    assert alike_at(at(path))(left, right) is same_


def test_what_the_table_does_not_know_is_alike_where_it_is_equal() -> None:
    assert alike_at(None)("a", "a")
    assert not alike_at(None)("a", "b")
    assert alike_at(None)(ABSENT, ABSENT)


# secrets


KEY = b"k" * 32


def digest(value: str) -> str:
    return secret_digest(KEY, value)


def wish(name: str = "A") -> dict[str, Any]:
    return {"secret": name}


def base(value: str, name: str = "A") -> dict[str, Any]:
    return {"secret": name, "digest": digest(value)}


@pytest.mark.parametrize(
    ("want", "was", "value", "key", "status"),
    [
        ([wish()], [base("v")], "v", KEY, SecretStatus.SAME),
        ([wish()], [base("old")], "v", KEY, SecretStatus.CHANGED),
        ([wish()], [base("v")], None, KEY, SecretStatus.UNKNOWN),
        ([wish()], [base("v")], "v", b"", SecretStatus.UNKNOWN),
        ([wish()], [wish()], "v", KEY, SecretStatus.UNKNOWN),
        ([wish("B")], [wish()], "v", KEY, SecretStatus.CHANGED),
        ([wish("B")], [base("v")], "v", KEY, SecretStatus.SAME),
        ([wish(), wish()], [base("v")], "v", KEY, SecretStatus.CHANGED),
        ([wish(), wish()], [base("v"), base("v")], "v", KEY, SecretStatus.SAME),
        ([wish(), wish()], [base("v"), base("old")], "v", KEY, SecretStatus.CHANGED),
        ([wish(), wish()], [base("v"), wish()], "v", KEY, SecretStatus.UNKNOWN),
        ([wish()], None, "v", KEY, SecretStatus.CHANGED),
        (["text"], ["text"], "v", KEY, SecretStatus.UNKNOWN),
    ],
)
def test_what_is_told_of_a_secret_that_was_applied(
    want: Any, was: Any, value: Any, key: bytes, status: SecretStatus
) -> None:
    applied = {} if was is None else {"stream_keys": was}
    for secret in (lambda name: value, None) if value is None else (lambda name: value,):
        assert judge(compiled(ROOM), applied, key, secret)(("stream_keys",), want) is status
    assert judge(compiled(ROOM), None, key, None)(("stream_keys",), want) is SecretStatus.NO_BASE


def test_a_secret_in_the_memory_of_the_ledger_is_its_name_and_its_digest_and_never_more() -> None:
    spec = {"stream_keys": [{"secret": "A"}, "plain", "", None, {"secret": 5}, {"other": "x"}]}
    assert managed_fields(ROOM, spec)["stream_keys"] == [wish(), wish(""), "", None, wish(""), wish("")]
    kept = managed_fields(ROOM, spec, digest=lambda name: f"of {name}")["stream_keys"]
    assert kept[0] == {"secret": "A", "digest": "of A"}
    assert kept[1:] == [wish(""), "", None, wish(""), wish("")]
    assert without_unknown({"a": [UNKNOWN, 1], "b": ABSENT}) == {"a": [None, 1], "b": None}


# bodies


def body(spec: Any, raw: Any, *ignored: str, kind: Any = ROOM, **more: Any) -> Any:
    return build_request_body(kind, spec, raw, ignored=ignored, **more).body


@pytest.mark.parametrize(
    ("spec", "raw", "sent"),
    [
        ({"priv_data": "n"}, {"priv_data": "o", "extra": 1}, {"priv_data": "n", "extra": 1}),
        ({"priv_data": None}, {"priv_data": "o"}, {"priv_data": ""}),
        ({"video_config": None}, {"video_config": {"width": 1}}, {}),
        ({"scene_scripts": None}, {"scene_scripts": [{"script_name": "a"}]}, {"scene_scripts": []}),
        ({"unheard_of": 1}, {"priv_data": "o"}, {"priv_data": "o"}),
        (
            {"video_config": {"width": 2}},
            {"video_config": {"width": 1, "x": 1}},
            {"video_config": {"width": 2, "x": 1}},
        ),
        (
            {"video_config": {"width": 2}},
            {"video_config": {"codec": "H265"}},
            {"video_config": {"width": 2, "codec": "H264"}},
        ),
        (
            {"video_config": {"width": 2}},
            {"video_config": {"codec": "h264"}},
            {"video_config": {"width": 2, "codec": "H264"}},
        ),
        (
            {"video_config": {"width": 2}},
            {"video_config": {"frame_rate": 25}},
            {"video_config": {"width": 2, "frame_rate": 25}},
        ),
        ({"video_config": {"width": 2}}, {"video_config": "text"}, {"video_config": {"width": 2}}),
        ({"priv_data": "n"}, {"create_time": "t", "priv_data": "o"}, {"priv_data": "n"}),
        ({"priv_data": "n"}, {"stream_keys": ["x"]}, {"priv_data": "n", "stream_keys": ["x"]}),
        ({"priv_data": "n"}, {"stream_keys": ["****"]}, {"priv_data": "n"}),
        ({"priv_data": "n"}, {"stream_keys": []}, {"priv_data": "n"}),
        ({"stream_keys": ["****"]}, {"stream_keys": ["x"]}, {"stream_keys": ["****"]}),
        ({"stream_keys": None}, {"stream_keys": ["x"]}, {"stream_keys": []}),
    ],
)
def test_what_an_update_sends(spec: Any, raw: Any, sent: Any) -> None:
    assert body(spec, raw) == sent


def test_a_create_sends_what_is_declared_and_an_update_what_may_be_updated() -> None:
    only_at_first = [
        name for name, one in ROOM.root.children.items() if one.writable and one.in_create and not one.in_update
    ]
    spec = dict.fromkeys(only_at_first, "x")
    assert body({**spec, "priv_data": "p"}, {}) == {**spec, "priv_data": "p"}
    assert body({"priv_data": "p"}, {**spec, "priv_data": "o"}) == {"priv_data": "p"}
    assert body({"priv_data": "p"}, {}, "priv_data") == {"priv_data": "p"}


@pytest.mark.parametrize(
    ("ignored", "spec", "raw", "sent"),
    [
        ("priv_data", {"priv_data": "n"}, {"priv_data": "o"}, {"priv_data": "o"}),
        (
            "video_config.width",
            {"video_config": {"width": 2}},
            {"video_config": {"width": 1}},
            {"video_config": {"width": 1}},
        ),
        (
            "video_config.codec",
            {"video_config": {}},
            {"video_config": {"codec": "H265"}},
            {"video_config": {"codec": "H265"}},
        ),
        (
            "video_config.width",
            {"video_config": {"width": 2}},
            {"priv_data": "o"},
            {"priv_data": "o", "video_config": {"width": 2}},
        ),
        (
            "scene_scripts[b]",
            {"scene_scripts": [{"script_name": "a"}, {"script_name": "b"}]},
            {"scene_scripts": [{"script_name": "c"}]},
            {"scene_scripts": [{"script_name": "a"}]},
        ),
        (
            "scene_scripts[c]",
            {"scene_scripts": [{"script_name": "a"}]},
            {"scene_scripts": [{"script_name": "c"}]},
            {"scene_scripts": [{"script_name": "a"}, {"script_name": "c"}]},
        ),
        (
            "scene_scripts[b]",
            {"scene_scripts": [{"script_name": "b"}]},
            {"priv_data": "o"},
            {"priv_data": "o", "scene_scripts": [{"script_name": "b"}]},
        ),
        (
            "backup_model_asset_ids[0]",
            {"backup_model_asset_ids": ["n"]},
            {"backup_model_asset_ids": ["o", "p"]},
            {"backup_model_asset_ids": ["o", "p"]},
        ),
        (
            "backup_model_asset_ids[0]",
            {"backup_model_asset_ids": ["n"]},
            {"priv_data": "o"},
            {"priv_data": "o", "backup_model_asset_ids": ["n"]},
        ),
    ],
)
def test_an_ignored_path_goes_back_as_it_was_read(ignored: str, spec: Any, raw: Any, sent: Any) -> None:
    assert body(spec, raw, ignored) == sent


def test_an_unordered_list_keeps_the_live_order_and_an_ordered_one_the_declared() -> None:
    names = [{"rule_name": name} for name in "abc"]
    assert body({RULES: names}, {RULES: [{"rule_name": "c", "x": 1}, {"rule_name": "a"}]}, kind=GROUP) == {
        RULES: [{"rule_name": "c", "x": 1}, {"rule_name": "a"}, {"rule_name": "b"}]
    }
    scenes = [{"script_name": name} for name in "ab"]
    assert body({"scene_scripts": scenes}, {"scene_scripts": scenes[::-1]}) == {"scene_scripts": scenes}
    lists = {"allowed_project_ids": ["a", "b", "n"]}
    assert body({"shared_config": lists}, {"shared_config": {"allowed_project_ids": ["b", "x", "a"]}}) == {
        "shared_config": {"allowed_project_ids": ["b", "a", "n"]}
    }


def test_items_of_a_series_keep_what_is_not_known_of_them_by_their_value_and_else_by_their_place() -> None:
    def sent(want: Any, have: Any) -> Any:
        rules = [{"rule_name": "r", "trigger": {"reply_audios": one}} for one in (want, have)]
        made = body({RULES: rules[:1]}, {RULES: rules[1:]}, kind=GROUP)
        return [item.get("x") for item in made[RULES][0]["trigger"]["reply_audios"]]

    known = [{**one, "x": number} for number, one in enumerate(audio("a", "b", "c"))]
    assert sent(audio("a", "b", "c"), known) == [0, 1, 2]
    assert sent(audio("b", "c", "a"), known) == [1, 2, 0]
    assert sent(audio("a", "n", "c"), known) == [0, 1, 2]
    assert sent(audio("b"), known) == [1]
    assert sent(audio("a", "b", "c", "d"), known) == [0, 1, 2, None]


def test_what_goes_with_an_item_and_what_is_not_sent_is_told() -> None:
    made = build_request_body(GROUP, {RULES: []}, {RULES: [{"rule_name": "a", "x": 1, "y": 2}, {"rule_name": "b"}]})
    assert made.warnings == (f"{RULES}[a]: goes, and with it what this tool does not know: x, y",)
    masked = build_request_body(ROOM, {"priv_data": "p"}, {"stream_keys": ["****"], "output_urls": []})
    assert masked.warnings == ("stream_keys: reads back masked, so it is not sent; declare it to keep it",)
    assert build_request_body(ROOM, {}, {"priv_data": "p"}).warnings == ()


def test_an_id_is_sent_beside_a_name_that_is_known() -> None:
    spec = room({"rule_name": "a", "group_name": "g"})
    assert body(spec, {}, references={"InteractionRuleGroup/g": "7"})[RULES][0]["group_id"] == "7"
    assert "group_id" not in body(spec, {})[RULES][0]


@pytest.mark.parametrize(
    ("value", "not_readable"),
    [
        ("", True),
        (None, True),
        ("****", True),
        ("x", False),
        ([], True),
        (["x"], False),
        (["x", ""], True),
        (["x", "***"], True),
    ],
)
def test_which_secrets_were_read_back_unreadable(value: Any, not_readable: bool) -> None:
    assert unreadable(value) is not_readable


# ignore rules


@pytest.mark.parametrize(
    ("pattern", "path", "whole", "an_item"),
    [
        ("priv_data", "priv_data", True, False),
        ("video_config", "video_config.width", True, False),
        ("scene_scripts[a]", "scene_scripts", False, True),
        ("scene_scripts[*]", "scene_scripts", False, True),
        ("scene_scripts[a].dh_id", "scene_scripts", False, False),
        ("scene_scripts", "scene_scripts", True, False),
    ],
)
def test_what_a_rule_covers(pattern: str, path: str, whole: bool, an_item: bool) -> None:
    patterns = [parse("view_mode"), parse(pattern)]
    assert (matches(patterns, parse(path)), matches_items(patterns, parse(path))) == (whole, an_item)
    assert (matches((), parse(path)), matches_items((), parse(path))) == (False, False)


@pytest.mark.parametrize(
    ("pattern", "wrong", "hint"),
    [
        ("priv_data", None, None),
        ("scene_scripts", None, None),
        ("scene_scripts[a].dh_id", None, None),
        ("scene_scripts[*].dh_id", None, None),
        ("scene_scripts.dh_id", "`scene_scripts` is a list", "write scene_scripts[*].dh_id"),
        ("priv_dat", "the object has no field `priv_dat`", "did you mean priv_data?"),
        ("video_config.widht", "`video_config` has no field `widht`", "did you mean video_config.width?"),
        ("priv_data.x", "`priv_data` has nothing inside it", "write priv_data"),
        ("video_config.width.x", "`video_config.width` has nothing inside it", "write video_config.width"),
    ],
)
def test_a_rule_that_names_no_field_says_where_it_goes_wrong(pattern: str, wrong: Any, hint: Any) -> None:
    assert misspelt(parse(pattern), ROOM.root) == (None if wrong is None else (wrong, hint))
    assert misspelt(parse("qqqqqqq"), ROOM.root)[1].startswith("there are room_type, ")  # type: ignore[index]


def test_what_the_table_does_not_describe_further_may_be_anything() -> None:
    bare = Field(path="", name="", type=FieldType.OBJECT, role=FieldRole.MANAGED)
    inside = replace(bare, children={"a": replace(bare, path="a", name="a")})
    assert misspelt(("x",), bare) is None
    assert misspelt(("a", "x", "y"), inside) is None
    text = replace(bare, type=FieldType.TEXT)
    assert misspelt(("x",), text) is None
    assert misspelt(("a", "x"), replace(bare, children={"a": text})) is not None


@pytest.mark.parametrize(
    ("expires", "active"), [("", True), ("2026-11-24", True), ("2026-11-23", False), ("2026-11-22", False)]
)
def test_a_rule_counts_until_the_day_it_expires(expires: str, active: bool) -> None:
    rule = IgnoreRule(path="priv_data", expires=expires)
    world = World([declared(ROOM, "a", {"priv_data": "n"}, ignore=[rule])], [live(ROOM, "a", spec={"priv_data": "o"})])
    plan = world.plan(today=date(2026, 11, 23))
    assert (only(plan).action is Action.NONE) is active
    assert codes(plan) == ([] if active else ["W_IGNORE_EXPIRED"])


# what was not kept


def field(path: str, before: Any, attribution: Attribution) -> FieldChange:
    return FieldChange(path=path, op=FieldOp.REPLACE, before=before, after="n", attribution=attribution)


@pytest.mark.parametrize(
    ("before", "who", "then"),
    [
        ("theirs", Attribution.DRIFT, Attribution.CONFIG),
        ("theirs", Attribution.CONFLICT, Attribution.CONFIG),
        ("theirs", Attribution.UNATTRIBUTED, Attribution.CONFIG),
        ("theirs", Attribution.PENDING, Attribution.PENDING),
        ("theirs", Attribution.ALREADY, Attribution.ALREADY),
        ("moved since", Attribution.DRIFT, Attribution.DRIFT),
    ],
)
def test_what_the_service_did_not_keep_is_not_blamed_on_the_live_side(
    before: str, who: Attribution, then: Attribution
) -> None:
    unkept = unkept_values([field("a", "theirs", who)])
    record = replace(remembered(ROOM, "a"), unkept=unkept, unkept_on="2026-11-20")
    given = [field("a", before, who), field("b", before, who)]
    assert [one.attribution for one in relabelled(given, record)] == [then, who]
    assert [one.attribution for one in relabelled(given, None)] == [who, who]
    assert [one.attribution for one in relabelled(given, remembered(ROOM, "a"))] == [who, who]
    notes = ["a: not kept when applied on 2026-11-20"] if before == "theirs" else []
    assert list(unkept_notes(given, record)) == notes
    assert list(unkept_notes(given, replace(record, unkept_on=""))) == [
        note.replace("2026-11-20", "an earlier day") for note in notes
    ]
    assert list(unkept_notes(given, None)) == []


def test_a_value_that_is_missing_is_not_the_text_of_it() -> None:
    gone, text = (
        unkept_values([field("a", ABSENT, Attribution.DRIFT)]),
        unkept_values([field("a", ABSENT.value, Attribution.DRIFT)]),
    )
    assert gone != text


# guards


def test_the_bounds_of_the_guards() -> None:
    assert [limit(owned) for owned in (0, 9, 10, 13, 14, 33, 34, 1000)] == [1, 1, 3, 3, 4, 9, 10, 10]
    assert [collapsed(now, before) for now, before in ((0, 1), (0, 2), (7, 10), (6, 10), (10, 10), (98, 100))] == [
        *(False, True, False, True, False, False),
    ]
    assert [quoted(name) for name in ("plain-1_.:/@", "", "a b", "it's")] == [
        "plain-1_.:/@",
        "''",
        "'a b'",
        "'it'\\''s'",
    ]


# the plan as a whole


def test_a_delete_is_fingerprinted_by_what_every_read_sees() -> None:
    gone = live(ROOM, "a", spec={"room_description": "d", "priv_data": "p"})
    change = build_delete(ROOM, compiled(ROOM), gone, Attribution.CONFIG, 2)
    unseen = build_delete(ROOM, compiled(ROOM), live(ROOM, "a", spec={"room_description": "d"}), Attribution.CONFIG, 2)
    moved_ = build_delete(ROOM, compiled(ROOM), live(ROOM, "a", spec={"room_description": "e"}), Attribution.CONFIG, 2)
    known = ROOM.root.children["priv_data"]
    assert (change.before_fingerprint == unseen.before_fingerprint) is (not known.in_list or known.list_may_hide)
    assert change.before_fingerprint != moved_.before_fingerprint
    assert change.level == 2


def test_only_what_is_ours_counts_as_owned() -> None:
    lives = [live(ROOM, name) for name in ("mine", "theirs", "unknown")]
    past = ledger(remembered(ROOM, "mine"), remembered(ROOM, "theirs", owner="others/production"))
    plan = World([], lives, past).plan()
    assert {one.name: one.owned for one in plan.unmanaged} == {"mine": True, "theirs": False, "unknown": False}
    foreign = World([], [live(ROOM, "mine", foreign="it belongs to another project")], past).plan()
    assert [(one.owned, one.foreign) for one in foreign.unmanaged] == [(False, "it belongs to another project")]


def deleted(owned: int, **more: Any) -> Any:
    """Plan the delete of four of so many rooms that are live; `more` says whose they are."""
    names = [f"room {number}" for number in range(14)]
    past = ledger(
        *(
            remembered(ROOM, name) if at_ < owned else remembered(ROOM, name, owner="others/x")
            for at_, name in enumerate(names)
        )
    )
    return World([declared(ROOM, name) for name in names[4:]], [live(ROOM, name) for name in names], past).plan(
        prune="owned", **more
    )


@pytest.mark.parametrize(("owned", "blocked"), [(14, 0), (13, 4)])
def test_the_share_of_deletes_is_of_what_is_owned(owned: int, blocked: int) -> None:
    assert deleted(owned).summary().blocked == blocked


INTENT = WriteIntent(operation="op-1", action=Action.CREATE, kind=ROOM.name, name="a")


@pytest.mark.parametrize(
    ("change", "held"),
    [({}, True), ({"kind": GROUP.name}, False), ({"name": "b"}, False), ({"action": Action.UPDATE}, False)],
)
def test_a_create_is_held_back_while_an_earlier_one_of_its_name_is_open(change: Any, held: bool) -> None:
    plan = World([declared(ROOM, "a")], past=ledger(intents=(replace(INTENT, **change),))).plan()
    assert [one.action for one in plan.held] == ([Action.CREATE] if held else [])
    assert [one.action for one in plan.changes] == ([] if held else [Action.CREATE])


@pytest.mark.parametrize(
    ("unsure", "prune", "held"),
    [({}, "owned", []), ({"id-of-a": "nobody knows"}, "owned", [Action.DELETE]), ({"other": "x"}, "owned", [])],
)
def test_a_delete_is_held_back_while_it_is_not_confirmed(unsure: Any, prune: str, held: Any) -> None:
    world = World([declared(ROOM, "b")], [live(ROOM, "a"), live(ROOM, "b")], ledger(remembered(ROOM, "a")))
    plan = world.plan(prune=prune, unsure={ROOM.name: unsure})
    assert [one.action for one in plan.held] == held
    assert (Action.DELETE in {one.action for one in plan.changes}) is not bool(held)


@pytest.mark.parametrize(
    ("present", "base_", "applied", "who"),
    [
        (False, None, False, Attribution.UNATTRIBUTED),
        (True, None, False, Attribution.CONFIG),
        (True, None, True, Attribution.DRIFT),
        (False, ["a"], False, Attribution.DRIFT),
        (True, ["a"], False, Attribution.PENDING),
        (True, ["a"], True, Attribution.DRIFT),
        (True, [], True, Attribution.CONFIG),
        (False, [], False, Attribution.CONFIG),
    ],
)
def test_who_made_a_create(present: bool, base_: Any, applied: bool, who: Attribution) -> None:
    past = ledger(*([remembered(ROOM, "a", "gone")] if applied else [])) if present else LedgerState()
    then = None if base_ is None else DesiredState(resources=tuple(declared(ROOM, name) for name in base_))
    change = only(World([declared(ROOM, "a")], past=past).plan(base=then))
    assert change.attribution is who
    assert (change.reason == "applied before, and gone from the live side") is (who is Attribution.DRIFT)


@pytest.mark.parametrize(
    ("base_", "who"),
    [(None, Attribution.CONFIG), (["a"], Attribution.CONFIG), (["old"], Attribution.CONFIG), ([], Attribution.PENDING)],
)
def test_who_made_a_delete(base_: Any, who: Attribution) -> None:
    past = ledger(remembered(ROOM, "a", address='SmartLiveRoom["old"]'))
    then = None if base_ is None else DesiredState(resources=tuple(declared(ROOM, name) for name in [*base_, "b"]))
    plan = World([declared(ROOM, "b")], [live(ROOM, "a"), live(ROOM, "b")], past).plan(base=then, prune="owned")
    (gone,) = [one for one in plan.changes if one.action is Action.DELETE]
    assert gone.attribution is who


@pytest.mark.parametrize(
    ("present", "base_", "named", "words"),
    [
        (False, False, "", ""),
        (True, False, "", "ledger"),
        (False, True, "", "base"),
        (True, True, "main", "main + ledger"),
        (False, True, "main", "main"),
    ],
)
def test_against_what_a_plan_attributes(present: bool, base_: bool, named: str, words: str) -> None:
    plan = diff(
        DesiredState(),
        {},
        ledger() if present else LedgerState(),
        PlanOptions(environment="test", today=date(2026, 11, 23)),
        base=DesiredState() if base_ else None,
        base_name=named,
        kinds={GROUP.name: GROUP},
    )
    assert plan.base == words
    assert not plan.complete


@pytest.mark.parametrize(
    ("adopts", "record", "takes"), [(True, None, True), (True, OWNER, False), (True, "x/y", True), (False, None, False)]
)
def test_taking_ownership_is_said_where_an_apply_would_take_it(adopts: bool, record: Any, takes: bool) -> None:
    past = ledger(
        *([] if record is None else [remembered(ROOM, "a", owner=record)]), adopts=adopts, names={"x/y": "theirs"}
    )
    change = only(World([declared(ROOM, "a")], [live(ROOM, "a")], past).plan())
    assert (change.adopt, change.owner) == (takes, "theirs" if record == "x/y" else "")


def test_a_new_object_is_compared_with_those_that_nobody_declares_any_more() -> None:
    spec = {"room_description": "the same long text", "priv_data": "p", "view_mode": "HORIZONTAL"}
    plan = World([declared(ROOM, "new", spec)], [live(ROOM, "old", spec=spec)]).plan()
    assert codes(plan) == ["N_RENAME_LIKELY"]
    for other in (
        [live(ROOM, "old", spec=spec), live(ROOM, "older", spec=spec)],
        [live(ROOM, "old", spec={"priv_data": "p"})],
        [],
    ):
        assert codes(World([declared(ROOM, "new", spec)], other).plan()) == []
    two = World([declared(ROOM, "new", spec), declared(ROOM, "newer", spec)], [live(ROOM, "old", spec=spec)]).plan()
    assert codes(two) == ["N_RENAME_LIKELY"]


def test_a_create_that_is_held_back_is_not_taken_for_a_rename() -> None:
    spec = {"room_description": "the same long text", "priv_data": "p", "view_mode": "HORIZONTAL"}
    plan = World([declared(ROOM, "Show", spec)], [live(ROOM, "show", spec=spec)]).plan()
    assert [(one.action, one.name) for one in plan.held] == [(Action.CREATE, "Show")]
    assert "N_RENAME_LIKELY" not in codes(plan)


def test_what_is_no_longer_declared_is_told_unless_its_absence_means_a_default() -> None:
    last = {"priv_data": "p", "video_config": {"codec": "H264", "width": 1}, "unheard_of": 1}
    seen = {"priv_data": "p", "video_config": {"codec": "H264", "width": 1}}
    plan = World(
        [declared(ROOM, "a", {"video_config": {}})],
        [live(ROOM, "a", spec=seen)],
        ledger(remembered(ROOM, "a", last=last)),
    ).plan()
    assert only(plan).notes == ("priv_data is no longer managed", "video_config.width is no longer managed")


def test_a_field_whose_change_is_not_documented_is_doubted_where_it_changes() -> None:
    doubtful = [name for name, one in ROOM.root.children.items() if one.update_undocumented and one.enum]
    assert doubtful
    name = doubtful[0]
    first, second = [one for one in ROOM.root.children[name].enum if one not in ROOM.root.children[name].refused][:2]
    change = one_change(ROOM, {name: first, "priv_data": "n"}, {name: second, "priv_data": "o"})
    assert [note for note in change.notes if "is not documented" in note] == [
        f"{name}: what this change does to an object that exists is not documented"
    ]


def test_with_dependencies_takes_in_what_the_chosen_refer_to_and_that_alone() -> None:
    wanted = [
        declared(ROOM, "r", {RULES: [{"rule_name": "a", "group_name": "g"}, {"rule_name": "b", "group_name": "g"}]}),
        declared(ROOM, "other", {RULES: [{"rule_name": "a", "group_name": "h"}]}),
        declared(GROUP, "g"),
        declared(GROUP, "h"),
    ]
    chosen = Selection(targets=('SmartLiveRoom["r"]',), with_dependencies=True)
    plan = World(wanted).plan(selection=chosen)
    assert {change.name for change in plan.changes} == {"r", "g"}
    assert codes(plan) == ["W_PARTIAL"]
    alone = World(wanted).plan(selection=Selection(targets=('SmartLiveRoom["r"]',)))
    assert "E_TARGET_NEEDS" in codes(alone)
    without = World(wanted).plan(selection=replace(chosen, excludes=('InteractionRuleGroup["g"]',)))
    assert "E_TARGET_NEEDS" in codes(without)


@pytest.mark.parametrize(("count", "more"), [(20, ""), (21, " and 1 more")])
def test_so_many_labels_are_listed(count: int, more: str) -> None:
    wanted = [declared(ROOM, f"r{number:02}", labels={f"l{number:02}": "x"}) for number in range(count)]
    (error,) = [
        one
        for one in World(wanted).plan(selection=Selection(labels={"no": "x"})).diagnostics
        if one.code == "E_LABEL_UNKNOWN"
    ]
    assert error.hint.count("=x") == 20
    assert error.hint.endswith(f"l19=x{more}")


@pytest.mark.parametrize(("count", "more"), [(6, ""), (7, " and 1 more")])
def test_so_many_of_what_is_left_out_are_named(count: int, more: str) -> None:
    wanted = [declared(ROOM, f"r{number}") for number in range(count)]
    plan = World(wanted).plan(selection=Selection(targets=('SmartLiveRoom["r0"]',)))
    (note,) = [one for one in plan.diagnostics if one.code == "W_PARTIAL"]
    assert f"{count - 1} of {count} declared resources are left out" in note.message
    assert note.message.endswith(f'SmartLiveRoom["r5"]{more}')

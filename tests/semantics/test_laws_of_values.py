"""What single values, secrets and lists mean, said of the fields of both kinds: one row for each half of a rule."""

import re
from dataclasses import replace
from typing import Any

import pytest

from reconciler.json_codec import canonical_json
from reconciler.kinds.base.field import Field, FieldRole, FieldType, ListSemantics, ListType
from reconciler.model.change import REDACTED, NoValue, SuppressionReason
from reconciler.model.json_types import as_object
from reconciler.model.options import ResourceScope
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import cleared_value, effective, fill_defaults, holds_secret, is_default
from reconciler.semantics.equality import (
    equivalent,
    equivalent_items,
    fold_name,
    identical,
    is_empty,
    normalize,
    normalize_item,
    spellings,
    suppression_reason,
)
from reconciler.semantics.fingerprint import fingerprint, live_fingerprint, managed_names
from reconciler.semantics.list_keys import all_parts, parts_of
from reconciler.semantics.reference_paths import referred, resolved
from reconciler.semantics.scope import outside_field, outside_scope_reason
from tests.support.planning import GROUP, ROOM


def at(path: str, kind: Any = ROOM) -> CompiledField:
    """Return a field, compiled for this test alone."""
    node = compiled.__wrapped__(kind)
    for step in filter(None, re.split(r"\.|(\[\])", path)):
        node = node.each if step == "[]" else node.children[step]
    return node


RULES = "interaction_rules"
AUDIO_URL = f"{RULES}[].trigger.reply_audios[].audio_url"


@pytest.mark.parametrize(
    ("path", "mode", "keys"),
    [
        ("shared_config.allowed_project_ids", ListType.SET, ()),
        ("scene_scripts", ListType.ORDERED_MAP, (("script_name",),)),
        ("scene_scripts[].layer_config", ListType.MAP, (("layer_type",), ("asset_id",), ("position", "layer_index"))),
        (f"{RULES}[].trigger.reply_texts", ListType.ATOMIC, ()),
    ],
)
def test_how_a_list_is_compared_and_by_which_keys(path: str, mode: ListType, keys: Any) -> None:
    assert (at(path).mode, at(path).keys) == (mode, keys)


def test_what_is_known_of_a_field_for_comparing() -> None:
    assert (at("room_name").name, at("room_name").type, at("room_name").named) == ("room_name", FieldType.TEXT, True)
    assert not at("priv_data").named
    assert (at("shared_config.expire_time").time, at("priv_data").time) == (True, False)
    assert (at(AUDIO_URL).url, at("priv_data").url) == (True, False)
    assert (at("stream_keys").sensitive, at("priv_data").sensitive) == (True, False)
    assert [at(path).plain for path in ("priv_data", "stream_keys[]", "scene_scripts", "video_config")] == [
        True,
        False,
        False,
        False,
    ]
    assert (at("view_mode").documented, at("view_mode").default) == (True, "VERTICAL")
    assert not at("priv_data").documented


def test_a_default_counts_where_the_service_may_not_override_it() -> None:
    """`view_mode` has a default that the service may override, `room_type` one that counts on create only."""
    root = at("")
    assert "room_type" in {one.name for one in root.creation_defaults}
    assert "view_mode" not in {one.name for one in root.creation_defaults}
    assert not {"room_type", "view_mode", "priv_data"} & root.default_names
    assert at("video_config").default_names == {one.name for one in at("video_config").defaulted} > {"codec"}
    assert (at("priv_data").counts_on_create, at("room_type").counts_on_create) == (False, True)
    assert root.known.keys() > root.children.keys()


def test_only_a_list_has_items_and_only_a_key_that_names_an_object_refers() -> None:
    with pytest.raises(TypeError):
        _ = at("priv_data").each
    assert at(RULES).refers == ((0, "group_id"),)
    assert at(RULES).optional == {0}
    assert at(RULES, GROUP).refers == ()
    assert (as_object({"a": 1}), as_object(["a"])) == ({"a": 1}, {})


ABSENT = NoValue.ABSENT


@pytest.mark.parametrize(
    ("path", "value", "creating", "means"),
    [
        ("room_type", ABSENT, False, ABSENT),
        ("room_type", ABSENT, True, "NORMAL"),
        ("view_mode", ABSENT, True, ABSENT),
        ("priv_data", ABSENT, True, ABSENT),
        ("video_config.codec", ABSENT, False, "H264"),
        ("room_type", None, False, "NORMAL"),
        ("priv_data", None, False, ABSENT),
        ("priv_data", "a", False, "a"),
        ("priv_data", "", False, ""),
    ],
)
def test_what_an_absent_a_null_and_a_given_field_mean(path: str, value: Any, creating: bool, means: Any) -> None:
    assert effective(at(path), value, creating=creating) == means
    if not creating:
        assert effective(at(path), value) == means


@pytest.mark.parametrize(
    ("path", "sent"),
    [("priv_data", ""), ("scene_scripts", []), ("video_config", ABSENT), ("view_mode", "VERTICAL")],
)
def test_what_a_cleared_field_is_sent_as(path: str, sent: Any) -> None:
    assert cleared_value(at(path)) == sent


@pytest.mark.parametrize(
    ("value", "empty"),
    [(None, True), ("", True), ([], True), ({}, True), (0, False), (False, False), (" ", False), ([""], False)],
)
def test_what_is_empty_and_what_holds_a_secret(value: Any, empty: bool) -> None:
    assert is_empty(value) is empty
    assert holds_secret(value) is (not empty and value != [""])
    assert holds_secret([value, "s"])
    assert is_default(at("video_config.codec"), value) is (value is None)
    assert is_default(at("priv_data"), value) is False


def test_defaults_are_filled_in_wherever_their_parent_is_and_nowhere_else() -> None:
    root = at("")
    assert "room_type" not in fill_defaults(root, {"room_name": "a"})
    assert fill_defaults(root, {"room_name": "a"}, creating=True)["room_type"] == "NORMAL"
    assert fill_defaults(root, {"room_name": "a", "unheard_of": 1, "video_config": "text"}) == {
        "room_name": "a",
        "video_config": "text",
    }
    filled = fill_defaults(root, {"scene_scripts": [{"script_name": "a", "voice_config": {"speed": None}}, None]})
    assert filled["scene_scripts"] == [
        {"script_name": "a", "voice_config": {"speed": 100, "pitch": 100, "volume": 140}},
        None,
    ]
    assert fill_defaults(at("scene_scripts"), "text") == "text"
    assert fill_defaults(at("priv_data"), ["kept"]) == ["kept"]
    assert fill_defaults(at("priv_data"), {"room_type": None}) == {"room_type": None}
    assert fill_defaults(at("scene_scripts"), {"script_name": "a"}) == {"script_name": "a"}
    seen = fill_defaults(root, {"stream_keys": ["k"], "priv_data": "p"}, secret=lambda value: f"<{value}>")
    assert seen == {"stream_keys": "<['k']>", "priv_data": "p"}
    nested = fill_defaults(root, {"scene_scripts": [{"script_name": "a", "layer_config": [{}]}]}, creating=True)
    assert nested["scene_scripts"][0]["layer_config"] == [{}]


def test_the_defaults_of_a_list_without_a_described_item_stay_out() -> None:
    bare = Field(path="a", name="a", type=FieldType.LIST, role=FieldRole.MANAGED)
    node = CompiledField(field=bare, children={}, item=None)
    assert fill_defaults(node, [None]) == [None]
    assert normalize(node, [1.0, None]) == [1, None]
    assert not node.keys


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        ("a", "a", True),
        ("a", "b", False),
        ([1], [1], True),
        ([1], [True], False),
        ([1], [2], False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1.0}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1], 1, False),
        ({}, [], False),
        (None, None, True),
    ],
)
def test_identical_is_of_one_type_and_one_value_at_every_depth(one: Any, other: Any, same: bool) -> None:
    assert identical(one, other) is same
    assert (canonical_json(one) == canonical_json(other)) is same


def test_the_text_of_a_normal_form_is_one_for_all_machines() -> None:
    assert canonical_json({"b": "é", "a": [1, True, "1"]}) == b'{"a":[1,true,"1"],"b":"\\u00e9"}'


@pytest.mark.parametrize(
    ("path", "one", "other", "same"),
    [
        ("stream_keys", ["a"], ["b"], True),
        ("stream_keys", ["a"], ["a", "b"], False),
        ("stream_keys", ["a", ""], ["a"], True),
        ("stream_keys", None, [], True),
        ("stream_keys", None, [""], True),
        ("stream_keys", None, ["a"], False),
        ("live_event_callback_config.key", "a", "b", True),
        ("live_event_callback_config.key", "a", "", False),
        ("live_event_callback_config.key", None, "", True),
        ("shared_config.allowed_project_ids", ["a", "b"], ["b", "a"], True),
        ("shared_config.allowed_project_ids", ["a", "a"], ["a"], False),
        (
            "scene_scripts",
            [{"script_name": "a"}, {"script_name": "b"}],
            [{"script_name": "b"}, {"script_name": "a"}],
            False,
        ),
        (RULES, [{"rule_name": "a"}, {"rule_name": "b"}], [{"rule_name": "b"}, {"rule_name": "a"}], True),
        (RULES, [{"rule_name": "a"}, {"event_type": 1}], [{"event_type": 1}, {"rule_name": "a"}], False),
        (f"{RULES}[].trigger.reply_texts", ["a", "b"], ["b", "a"], False),
        ("priv_data", None, "", True),
        ("priv_data", None, " ", False),
        ("priv_data", [1.0, {"a": 2.0}], [1, {"a": 2}], True),
        ("priv_data", [1.5], [1], False),
        ("priv_data", {"a": 1}, {"a": 2}, False),
        ("priv_data", 25, "25", True),
        ("priv_data", 25.0, "25", True),
        ("priv_data", True, "True", False),
        ("video_config", {"codec": "H264"}, {}, True),
        ("video_config", {"codec": "H265"}, {}, False),
        ("video_config", {"width": 1}, {"width": "1"}, True),
        ("video_config.width", "01", 1, False),
        ("video_config.width", "1.0", 1, True),
        ("video_config.width", "1.5", 1, False),
        ("video_config.subtitle_config.opacity", "0.50", 0.5, True),
        ("video_config.is_subtitle_enable", "true", True, True),
        ("video_config.is_subtitle_enable", "false", None, True),
        ("video_config.is_subtitle_enable", "True", True, False),
        ("video_config.is_subtitle_enable", 1, True, False),
        ("room_name", "e\u0301", "é", True),
        ("priv_data", "e\u0301", "é", False),
        (AUDIO_URL, "https://a.test/x?s=1", "https://a.test/x", True),
        ("priv_data", "https://a.test/x?s=1", "https://a.test/x", False),
        ("shared_config.expire_time", "2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z", True),
        ("shared_config.expire_time", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500Z", True),
        ("shared_config.expire_time", "2026-01-01T00:00:00-01:30", "2026-01-01T01:30:00Z", True),
        ("shared_config.expire_time", "soon", "later", False),
        ("priv_data", "2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z", False),
    ],
)
def test_what_two_values_of_a_field_have_in_common(path: str, one: Any, other: Any, same: bool) -> None:
    field = at(path)
    assert equivalent(field, one, other) is same
    assert equivalent(field, other, one) is same
    assert (fingerprint(field, one) == fingerprint(field, other)) is same


def test_an_item_of_a_list_keeps_what_is_empty() -> None:
    text = at(f"{RULES}[].trigger.reply_texts[]")
    assert not equivalent_items(text, None, "")
    assert equivalent_items(text, "", "")
    assert (normalize_item(text, None), normalize_item(text, ""), normalize(text, "")) == (None, "", None)
    assert normalize(at("stream_keys"), ["a", "", "b"]) == [REDACTED, REDACTED]
    assert normalize(at("stream_keys[]"), "a") == REDACTED
    assert normalize(at("priv_data"), NoValue.UNKNOWN) == NoValue.UNKNOWN.value


@pytest.mark.parametrize(
    ("path", "declared", "live", "reason"),
    [
        (AUDIO_URL, "https://a.test/x?s=1", "https://a.test/x", SuppressionReason.URL),
        ("shared_config.expire_time", "2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z", SuppressionReason.TIME),
        ("room_name", "e\u0301", "é", SuppressionReason.TEXT),
        ("video_config.width", "1", 1, SuppressionReason.NUMBER),
        ("video_config.frame_rate", 25, "25", SuppressionReason.NUMBER),
        ("video_config.frame_rate", "25", 25, SuppressionReason.NUMBER),
        ("video_config.is_subtitle_enable", "true", True, SuppressionReason.NUMBER),
        ("video_config.width", "5", "5.0", SuppressionReason.NUMBER),
        ("priv_data", None, "", SuppressionReason.DEFAULT),
        ("priv_data", "", None, SuppressionReason.DEFAULT),
        ("video_config.codec", "H264", None, SuppressionReason.DEFAULT),
        ("video_config.codec", None, "H264", SuppressionReason.DEFAULT),
        ("priv_data", " ", None, SuppressionReason.TEXT),
        ("video_config.codec", " ", None, None),
        ("priv_data", "a ", "a", SuppressionReason.TEXT),
        ("priv_data", "a", "a ", None),
        ("priv_data", "a ", 5, None),
        ("priv_data", 5, "6", None),
        ("priv_data", "  a  ", " a", SuppressionReason.TEXT),
        ("priv_data", " a ", "  a", None),
        ("priv_data", " a ", "a  ", None),
        ("priv_data", " a", "ba", None),
        ("priv_data", "a\rb", "a\nb", SuppressionReason.TEXT),
        ("priv_data", " ", "a", None),
    ],
)
def test_by_which_rule_a_declared_and_a_live_value_count_as_one(
    path: str, declared: Any, live: Any, reason: SuppressionReason | None
) -> None:
    assert suppression_reason(at(path), declared, live) is reason


def test_the_tolerance_of_text_is_none_for_secrets_and_lists() -> None:
    assert suppression_reason(at("stream_keys"), "a ", "") is None
    assert suppression_reason(at("scene_scripts"), "a ", "a") is None


@pytest.mark.parametrize(
    ("name", "folded"),
    [("A  b", "a b"), (" a ", "a"), ("\uff21", "a"), ("Straße", "strasse"), ("a\u2009b", "a b"), ("ab", "ab")],
)
def test_how_a_service_may_fold_a_name(name: str, folded: str) -> None:
    assert fold_name(name) == folded


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("abc", ()),
        ("Abc", ("abc",)),
        ("\uff21bc", ("Abc", "abc")),
        ("a  b", ("a b",)),
        (" ", ()),
        ("A  b", ("A b", "a b")),
    ],
)
def test_the_other_spellings_under_which_a_name_is_looked_for(name: str, found: tuple[str, ...]) -> None:
    assert spellings(name) == found


def test_a_live_fingerprint_is_of_the_named_fields_that_say_something() -> None:
    root = at("")
    one = live_fingerprint(root, {"room_name": "a", "priv_data": "p"}, ["room_name", "priv_data"])
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert one != live_fingerprint(root, {"room_name": "a", "priv_data": "q"}, ["room_name", "priv_data"])
    assert one != live_fingerprint(root, {"room_name": "a", "priv_data": "p"}, ["room_name"])
    bare = live_fingerprint(root, {"room_name": "a"}, ["room_name"])
    assert bare == live_fingerprint(root, {"room_name": "a", "priv_data": ""}, ["room_name", "priv_data", "no field"])
    assert bare != live_fingerprint(root, {}, ["room_name"])
    assert managed_names(at("video_config"), {"width": 1}) == at("video_config").default_names | {"width"}


@pytest.mark.parametrize(
    ("item", "keys"),
    [
        ("text", None),
        ({}, None),
        ({"rule_name": "a"}, (None, "a")),
        ({"rule_name": "a", "group_name": ""}, (None, "a")),
        ({"rule_name": "a", "group_name": "g"}, ("g", "a")),
        ({"rule_name": ""}, (None, "")),
        ({"rule_name": None}, None),
        ({"rule_name": ["a"]}, None),
        ({"rule_name": 5}, (None, 5)),
        ({"rule_name": "5"}, (None, "5")),
        ({"rule_name": "e\u0301"}, (None, "é")),
    ],
)
def test_the_keys_of_a_rule_of_a_room(item: Any, keys: Any) -> None:
    assert parts_of(at(RULES), item) == keys
    assert all_parts(at(RULES), [item]) == (None if keys is None else [keys])


@pytest.mark.parametrize(
    ("value", "key"), [("7", 7), (7, 7), ("-7", -7), ("07", "07"), ("7a", "7a"), ("seven", "seven")]
)
def test_a_key_that_is_a_number_is_that_number_however_it_is_spelled(value: Any, key: Any) -> None:
    shoots = at("scene_scripts[].shoot_scripts")
    assert parts_of(shoots, {"sequence_no": value}) == (key,)
    layers = at("scene_scripts[].layer_config")
    item = {"layer_type": "IMAGE", "asset_id": "5", "position": {"layer_index": value}}
    assert parts_of(layers, item) == ("IMAGE", "5", key)
    assert parts_of(layers, {"layer_type": "IMAGE", "position": {"layer_index": value}}) == ("IMAGE", None, key)
    assert parts_of(layers, {"layer_type": "IMAGE", "position": "none"}) is None


def test_a_key_of_an_item_that_the_table_does_not_describe_stays_text() -> None:
    unknown = Field(
        path="a",
        name="a",
        type=FieldType.LIST,
        role=FieldRole.MANAGED,
        list=ListSemantics(type=ListType.MAP, keys=("b.c",)),
    )
    node = CompiledField(field=unknown, children={}, item=None, keys=(("b", "c"),))
    assert parts_of(node, {"b": {"c": "7"}}) == ("7",)
    empty = replace(node, item=CompiledField(field=replace(unknown, name="b"), children={}, item=None))
    assert parts_of(empty, {"b": {"c": "7"}}) == ("7",)


IDS = {("InteractionRuleGroup", "g"): "id-g"}


def resolve(kind: str, name: str) -> Any:
    return IDS.get((kind, name), NoValue.ABSENT)


def name_of(kind: str, object_id: str) -> str | None:
    return next((name for (of, name), known in IDS.items() if (of, known) == (kind, object_id)), None)


@pytest.mark.parametrize(
    ("rule", "then"),
    [
        ({"group_name": "g"}, {"group_name": "g", "group_id": "id-g"}),
        ({"group_name": "other"}, {"group_name": "other"}),
        ({"group_name": "g", "group_id": "mine"}, {"group_name": "g", "group_id": "mine"}),
        ({"group_id": "id-g"}, {"group_id": "id-g", "group_name": "g"}),
        ({"group_id": "unknown"}, {"group_id": "unknown"}),
        ({"group_id": 5}, {"group_id": 5}),
        ({"group_name": 5}, {"group_name": 5}),
        ({}, {}),
        ("text", "text"),
    ],
)
def test_the_id_goes_beside_a_name_and_the_name_beside_a_lone_id(rule: Any, then: Any) -> None:
    spec = {RULES: [rule]}
    assert resolved(ROOM, spec, resolve, name_of) == {RULES: [then]}
    assert spec == {RULES: [rule]}
    assert resolved(GROUP, spec, resolve, name_of) == spec
    lone = {"group_id": "id-g"}
    assert resolved(ROOM, {RULES: [lone]}, resolve) == {RULES: [lone]}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({RULES: [{"group_name": "g"}, {}]}, [((RULES, 0, "group_name"), "InteractionRuleGroup", "g")]),
        ({RULES: [{"rule_name": "a"}, {"group_name": 5}]}, []),
        ({RULES: ["text"]}, []),
        ({RULES: {"group_name": "g"}}, [((RULES, "group_name"), "InteractionRuleGroup", "g")]),
        ({RULES: "text"}, []),
        ({}, []),
    ],
)
def test_what_a_room_refers_to_by_name(spec: Any, found: Any) -> None:
    assert list(referred(ROOM, spec)) == found
    assert list(referred(GROUP, spec)) == []


def test_a_reference_in_an_object_is_filled_in_as_one_in_a_list() -> None:
    spec = {RULES: {"group_name": "g"}}
    assert resolved(ROOM, spec, resolve) == {RULES: {"group_name": "g", "group_id": "id-g"}}
    assert resolved(ROOM, {RULES: "text"}, resolve) == {RULES: "text"}


@pytest.mark.parametrize(
    ("name", "prefix", "inside"), [("shop a", "shop", True), ("a shop", "shop", False), ("e\u0301 a", "é", True)]
)
def test_a_scope_is_the_start_of_a_name(name: str, prefix: str, inside: bool) -> None:
    reason = outside_scope_reason(ROOM, name, {}, ResourceScope(name_prefix=prefix))
    assert reason == ("" if inside else f"its name does not start with {prefix}")


def test_a_field_of_a_scope_is_judged_by_its_value_or_its_default_where_the_kind_has_it() -> None:
    templates, normal = ({"room_type": frozenset({one})} for one in ("TEMPLATE", "NORMAL"))
    assert outside_field(ROOM, {}, templates) == "room_type"
    assert outside_field(ROOM, {"room_type": None}, normal) == ""
    assert outside_field(ROOM, {"room_type": "TEMPLATE"}, templates) == ""
    assert outside_field(ROOM, {"room_type": "TEMPLATE"}, normal) == "room_type"
    assert outside_field(ROOM, {"room_type": "TEMPLATE"}, {}) == ""
    assert outside_field(ROOM, {}, {"room_description": frozenset()}) == ""
    assert outside_field(GROUP, {}, templates) == ""
    assert outside_scope_reason(ROOM, "a", {}, ResourceScope(fields=templates)) == "its room_type is NORMAL"
    assert outside_scope_reason(ROOM, "a", {}, ResourceScope(fields=normal)) == ""

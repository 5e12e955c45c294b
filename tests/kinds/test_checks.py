"""What must hold between fields: errors for what cannot work, warnings for what the service's guide advises."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds.base.problem import SpecProblem
from reconciler.kinds.registry import kind_named

ROOM = kind_named("SmartLiveRoom")
GROUP = kind_named("InteractionRuleGroup")


def found(kind, spec) -> list[tuple[str, tuple]]:
    return [(problem.code, problem.path) for problem in kind.problems(spec)]


def scene(**more: Any) -> dict[str, Any]:
    return {"script_name": "opening", "shoot_scripts": [], **more}


def rule(**more: Any) -> dict[str, Any]:
    return {"rule_name": "price", **more}


def image(**more: Any) -> dict[str, Any]:
    return {"layer_type": "IMAGE", "asset_id": "a1", **more}


def at(dx: int, dy: int, width: int = 100, height: int = 100) -> dict[str, Any]:
    return {"position": {"dx": dx, "dy": dy, "layer_index": 1}, "size": {"width": width, "height": height}}


def picture(dx: int, dy: int, width: int, height: int) -> dict[str, Any]:
    part = {"dx": dx, "dy": dy, "width": width, "height": height}
    return {"background_type": "IMAGE", "background_config": "https://a/b", "background_image_config": part}


FINE = [
    (ROOM, {"view_mode": "VERTICAL", "scene_scripts": [scene(background_config=[picture(-840, 0, 1920, 1920)])]}),
    (ROOM, {"scene_scripts": [scene(background_config=[picture(0, 0, 1920, 1080)])]}),
    (ROOM, {}),
    (
        ROOM,
        {"room_type": "TEMPLATE", "shared_config": {"shared_type": "SHARED", "expire_time": "2027-01-10T08:43:17Z"}},
    ),
    (ROOM, {"room_type": "TEMPLATE", "shared_config": {"shared_type": "SHARED", "expire_time": ""}}),
    (ROOM, {"room_type": "NORMAL", "shared_config": None}),
    (ROOM, {"video_config": {"width": "1080", "height": 1920}}),  # a text is no width: said elsewhere, once
    (ROOM, {"scene_scripts": [scene(background_config=[{"background_type": "VIDEO"}])]}),
    (ROOM, {"scene_scripts": [scene(layer_config=[image(**at(1820, 0))])]}),
    (ROOM, {"scene_scripts": [scene(layer_config=[image(**at(0, 1820))])]}),
    (ROOM, {"scene_scripts": [scene()], "interaction_rules": [rule(enabled_scenes=["opening"])]}),
    (ROOM, {"interaction_rules": [rule(enabled_scenes=["anything"])]}),
    (ROOM, {"interaction_rules": [rule(group_name="a"), rule(group_name="b"), rule()]}),
    (GROUP, {"interaction_rules": [rule(trigger={"reply_mode": "CALLBACK"})]}),
    (GROUP, {"interaction_rules": [rule(trigger={"reply_mode": "INTELLIGENT_REPLY", "robot_id": "r"})]}),
    (GROUP, {"interaction_rules": [rule(event_type=10, hit_condition={"tags": [{"tag": "content"}]})]}),
    (GROUP, {"interaction_rules": [rule(event_type=1, hit_condition={"tags": [{"tag": "level"}]})]}),
]


@pytest.mark.parametrize(("kind", "spec"), FINE)
def test_a_good_spec_has_no_problem(kind, spec):
    assert found(kind, spec) == []


BAD = [
    (ROOM, {"room_type": "TEMP"}, "E_ROOM_TEMP", ("room_type",)),
    (ROOM, {"shared_config": {}}, "E_FIELD_APPLIES_WHEN", ("shared_config",)),
    (ROOM, {"room_type": "NORMAL", "shared_config": {}}, "E_FIELD_APPLIES_WHEN", ("shared_config",)),
    (
        ROOM,
        {"room_type": "TEMPLATE", "shared_config": {"shared_type": "PRIVATE", "shared_state": "DRAFT"}},
        "W_FIELD_NO_EFFECT",
        ("shared_config", "shared_state"),
    ),
    (
        ROOM,
        {"room_type": "TEMPLATE", "shared_config": {"shared_type": "SHARED", "expire_time": "20270110T08:43:17Z"}},
        "E_FIELD_PATTERN",
        ("shared_config", "expire_time"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene(background_config=[{"background_type": "IMAGE"}])]},
        "E_FIELD_REQUIRED_WHEN",
        ("scene_scripts", 0, "background_config", 0, "background_config"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene(background_config=[{"background_type": "COLOR", "background_color_config": None}])]},
        "E_FIELD_REQUIRED_WHEN",
        ("scene_scripts", 0, "background_config", 0, "background_color_config"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene(layer_config=[image(**at(1830, 0))])]},
        "W_LAYER_OUTSIDE",
        ("scene_scripts", 0, "layer_config", 0, "position"),
    ),
    (
        ROOM,
        {"view_mode": "VERTICAL", "scene_scripts": [scene(layer_config=[image(**at(1100, 0))])]},
        "W_LAYER_OUTSIDE",
        ("scene_scripts", 0, "layer_config", 0, "position"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene(layer_config=[{"layer_type": "TEXT"}])]},
        "W_LAYER_EMPTY",
        ("scene_scripts", 0, "layer_config", 0, "layer_type"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene()], "interaction_rules": [rule(enabled_scenes=["opening", "finale"])]},
        "W_SCENE_UNKNOWN",
        ("interaction_rules", 0, "enabled_scenes", 1),
    ),
    (
        ROOM,
        {"interaction_rules": [rule(group_id="g")]},
        "W_RULE_GROUP_NAME",
        ("interaction_rules", 0, "group_id"),
    ),
    (
        ROOM,
        {"interaction_rules": [rule(group_name="a"), rule(group_name="a")]},
        "E_RULE_DUPLICATE",
        ("interaction_rules", 1, "rule_name"),
    ),
    (ROOM, {"backup_model_asset_ids": list("abcdef")}, "W_BUSINESS_LIMIT", ("backup_model_asset_ids",)),
    (ROOM, {"video_config": {"bitrate": 500}}, "W_BUSINESS_LIMIT", ("video_config", "bitrate")),
    (ROOM, {"video_config": {"width": 800, "height": 600}}, "W_BUSINESS_LIMIT", ("video_config", "width")),
    (ROOM, {"video_config": {"codec": "VP9"}}, "W_BUSINESS_LIMIT", ("video_config", "codec")),
    (
        ROOM,
        {"video_config": {"is_subtitle_enable": True}},
        "W_BUSINESS_LIMIT",
        ("video_config", "is_subtitle_enable"),
    ),
    (
        ROOM,
        {"view_mode": "VERTICAL", "scene_scripts": [scene(background_config=[picture(-900, 0, 1920, 1920)])]},
        "W_BACKGROUND_GAP",
        ("scene_scripts", 0, "background_config", 0, "background_image_config"),
    ),
    (ROOM, {"video_config": {"frame_rate": "30"}}, "W_BUSINESS_LIMIT", ("video_config", "frame_rate")),
    (
        ROOM,
        {"video_config": {"subtitle_config": {"font_size": 12}}},
        "W_BUSINESS_LIMIT",
        ("video_config", "subtitle_config", "font_size"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene(shoot_scripts=[{"text_config": {"text": "x" * 200}}])]},
        "W_BUSINESS_LIMIT",
        ("scene_scripts", 0, "shoot_scripts"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene(shoot_scripts=[{"text_config": {"text": "x" * 2000}}])]},
        "W_BUSINESS_LIMIT",
        ("scene_scripts", 0, "shoot_scripts", 0, "text_config", "text"),
    ),
    (
        ROOM,
        {"scene_scripts": [scene(layer_config=[{"layer_type": "VIDEO", "asset_id": str(n)} for n in range(4)])]},
        "W_BUSINESS_LIMIT",
        ("scene_scripts", 0),
    ),
    (GROUP, {"interaction_rules": [rule(rule_name="")]}, "E_FIELD_REQUIRED", ("interaction_rules", 0, "rule_name")),
    (GROUP, {"interaction_rules": [rule(), rule()]}, "E_RULE_DUPLICATE", ("interaction_rules", 1, "rule_name")),
    (
        GROUP,
        {"interaction_rules": [rule(trigger={"reply_mode": "INTELLIGENT_REPLY"})]},
        "E_FIELD_REQUIRED_WHEN",
        ("interaction_rules", 0, "trigger", "robot_id"),
    ),
    (
        GROUP,
        {"interaction_rules": [rule(event_type=10, hit_condition={"tags": [{"tag": "level"}]})]},
        "E_RULE_TAG",
        ("interaction_rules", 0, "hit_condition", "tags", 0, "tag"),
    ),
    (GROUP, {"interaction_rules": [rule(event_type=7)]}, "W_BUSINESS_LIMIT", ("interaction_rules", 0, "event_type")),
    (
        GROUP,
        {"interaction_rules": [rule(trigger={"layer_config": image(**at(-5, 0))})]},
        "W_LAYER_OUTSIDE",
        ("interaction_rules", 0, "trigger", "layer_config", "position"),
    ),
]


@pytest.mark.parametrize(("kind", "spec", "code", "path"), BAD, ids=[f"{case[2]}-{case[3][-1]}" for case in BAD])
def test_a_bad_spec_has_its_one_problem_at_its_place(kind, spec, code, path):
    assert found(kind, spec) == [(code, path)]


def test_errors_and_warnings_are_told_apart_by_their_codes():
    for kind, spec, code, _ in BAD:
        for problem in kind.problems(spec):
            assert problem.severity == ("error" if code.startswith("E_") else "warning")


def test_problems_say_what_happened_in_words_and_never_more_than_a_line():
    for kind, spec, _, _ in BAD:
        for problem in kind.problems(spec):
            assert isinstance(problem, SpecProblem)
            assert problem.message
            assert "\n" not in problem.message + problem.hint


def test_ssml_gives_a_paragraph_more_room():
    text = "<speak>" + "x" * 2500 + "</speak>"
    assert found(ROOM, {"scene_scripts": [scene(shoot_scripts=[{"text_config": {"text": text}}])]}) == []


LEAF = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=5)
JSON = LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(st.text(max_size=4), LEAF, max_size=3)
SPECS = {kind.name: st.dictionaries(st.sampled_from(sorted(kind.fields)), JSON, max_size=9) for kind in (ROOM, GROUP)}


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Put values at their paths, the longest last, each list of objects with one item."""
    root: dict[str, Any] = {}
    for path in sorted(flat):
        node, steps = root, path.split(".")
        for step in steps[:-1]:
            name, is_list = step.removesuffix("[]"), step.endswith("[]")
            node = _entered(node, name, is_list=is_list)
        node[steps[-1]] = flat[path]
    return root


def _entered(node: dict[str, Any], name: str, *, is_list: bool) -> dict[str, Any]:
    inner = node.get(name)
    inner = inner[0] if isinstance(inner, list) and inner else inner
    if not isinstance(inner, dict):
        inner = {}
    node[name] = [inner] if is_list else inner
    return inner


@pytest.mark.parametrize("kind", [ROOM, GROUP], ids=lambda kind: kind.name)
@settings(max_examples=200)
@given(st.data())
def test_checks_bear_any_json_at_any_path(kind, data):
    for problem in kind.problems(_nested(data.draw(SPECS[kind.name]))):
        assert problem.code[:2] in ("E_", "W_")


BARE = {kind.name: replace(kind, checks=()) for kind in (ROOM, GROUP)}
"""The kinds with the checks of their tables alone."""


@pytest.mark.parametrize("kind", [ROOM, GROUP], ids=lambda kind: kind.name)
@given(st.data())
def test_no_check_is_left_out_that_has_something_to_say(kind, data):
    flat = data.draw(SPECS[kind.name])
    known = [spec for each, spec, *_ in (*FINE, *BAD) if each is kind]
    for spec in (_nested(flat), {**data.draw(st.sampled_from(known)), **_nested(flat)}):
        every = [problem for check in kind.checks for problem in check(spec)]
        assert list(kind.problems(spec)) == [*BARE[kind.name].problems(spec), *every]

"""The lints of docs/api/rules.md §7: for each one hit and one near miss, at the exact place."""

import copy

import pytest

from reconciler.interaction_rules.rule_lints import lint_rules
from reconciler.model.diagnostic import Severity

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
CLEAN = {
    "rule_name": "price",
    "event_type": 1,
    "hit_condition": {
        "relation": "AND",
        "priority": 100,
        "tags": [{"tag": "content", "match": "REGEX", "value": "价格|多少钱"}],
    },
    "trigger": {"time_window": 30, "reply_mode": "SYSTEM_REPLY", "reply_texts": ["It is on the card."]},
}
VALUE = ("hit_condition", "tags", 0, "value")
NAME = ("rule_name",)
TRIGGER = ("trigger",)
LAYER = {
    "layer_type": "IMAGE",
    "image_config": {"image_url": "https://x.example.com/a.png"},
    "position": {"dx": 0, "dy": 0, "layer_index": 1},
}
VIDEO = {
    "layer_type": "VIDEO",
    "video_config": {"video_url": "https://x.example.com/a.mp4"},
    "position": {"dx": 0, "dy": 0, "layer_index": 2},
}


def changed(path, value):
    """Return the clean rule with a value at a path; None takes it out."""
    rule = copy.deepcopy(CLEAN)
    *parents, last = path
    at = rule
    for step in parents:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return rule


def tag(**parts):
    return changed(("hit_condition", "tags"), [{"tag": "content", "match": "REGEX", "value": "a", **parts}])


def tags(relation, *found):
    rule = changed(("hit_condition", "tags"), [dict(zip(("tag", "match", "value"), one, strict=True)) for one in found])
    rule["hit_condition"]["relation"] = relation
    return rule


def trigger(**parts):
    rule = copy.deepcopy(CLEAN)
    for name, value in parts.items():
        if value is None:
            rule["trigger"].pop(name, None)
        else:
            rule["trigger"][name] = value
    return rule


def rule_of(**parts):
    return {**copy.deepcopy(CLEAN), **parts}


def without(name):
    rule = copy.deepcopy(CLEAN)
    for part in (rule, rule["hit_condition"], rule["trigger"]):
        part.pop(name, None)
    return rule


def regex(value):
    return tag(value=value)


ONE_RULE = [
    ("regex-invalid", ERROR, regex("*a"), VALUE, regex("\\*a")),
    ("regex-invalid", ERROR, regex("[abc"), VALUE, regex("\\[abc")),
    ("regex-invalid", ERROR, regex("a)"), VALUE, regex("(a)")),
    ("regex-invalid", ERROR, regex("a**"), VALUE, regex("a*")),
    ("regex-not-java", WARNING, regex("{price}"), VALUE, regex("\\{price\\}")),
    ("regex-not-java", WARNING, regex("a{,3}"), VALUE, regex("a{0,3}")),
    ("regex-not-java", WARNING, regex("(?P<n>a)"), VALUE, regex("(a)")),
    ("regex-not-java", WARNING, regex("\\p{Han}"), VALUE, regex("[一-龥]")),
    ("regex-engine-dependent", WARNING, regex("\\d{3}"), VALUE, regex("[0-9]{3}")),
    ("regex-empty-branch", ERROR, regex("价格|"), VALUE, regex("价格|链接")),
    ("regex-empty-branch", ERROR, regex("|价格"), VALUE, regex("价格")),
    ("regex-empty-branch", ERROR, regex("a||b"), VALUE, regex("a|b")),
    ("regex-matches-all", WARNING, regex(".*"), VALUE, regex(".*a")),
    ("regex-matches-all", WARNING, regex("a*"), VALUE, regex("a+")),
    ("regex-wrong-bar", WARNING, regex("价格｜多少钱"), VALUE, regex("价格|多少钱")),
    ("regex-wrong-bar", WARNING, regex("价格、多少钱"), VALUE, regex("价格、多少钱|链接")),
    ("regex-space-at-bar", WARNING, regex("价格 |链接"), VALUE, regex("价格|链接 a")),
    ("regex-slow", WARNING, regex("(a+)+"), VALUE, regex("(ab)+")),
    ("regex-redundant-branch", NOTE, regex("价格|价格表"), VALUE, regex("价格|格价")),
    ("equal-looks-like-regex", WARNING, tag(match="EQUAL", value="a|b"), VALUE, tag(match="EQUAL", value="ab")),
    ("match-incomplete", WARNING, tag(value=""), VALUE, tag(value="a")),
    (
        "math-not-number",
        ERROR,
        tag(tag="level", match="MATH_GE", value="x"),
        VALUE,
        tag(tag="level", match="MATH_GE", value="2"),
    ),
    (
        "math-not-number",
        WARNING,
        tag(tag="level", match="MATH_GE", value="２"),
        VALUE,
        tag(tag="level", match="MATH_GE", value="-2.5"),
    ),
    (
        "math-on-text",
        WARNING,
        tag(match="MATH_GE", value="1"),
        ("hit_condition", "tags", 0, "match"),
        tag(tag="level", match="MATH_GE", value="1"),
    ),
    (
        "aggregate-text",
        WARNING,
        tag(operation="SUM", match="MATH_GE", value="1"),
        ("hit_condition", "tags", 0, "operation"),
        tag(tag="level", operation="SUM", match="MATH_GE", value="1"),
    ),
    (
        "aggregate-not-math",
        WARNING,
        tag(tag="level", operation="COUNT", value="1"),
        ("hit_condition", "tags", 0, "match"),
        tag(tag="level", operation="COUNT", match="MATH_GE", value="1"),
    ),
    (
        "aggregate",
        NOTE,
        tag(tag="level", operation="COUNT", match="MATH_GE", value="1"),
        ("hit_condition", "tags", 0, "operation"),
        tag(tag="level", operation="NONE", match="MATH_GE", value="1"),
    ),
    (
        "contradiction",
        ERROR,
        tags("AND", ("content", "EQUAL", "a"), ("content", "EQUAL", "b")),
        ("hit_condition", "tags", 1, "value"),
        tags("OR", ("content", "EQUAL", "a"), ("content", "EQUAL", "b")),
    ),
    (
        "contradiction",
        ERROR,
        tags("AND", ("level", "MATH_GT", "5"), ("level", "MATH_LT", "5")),
        ("hit_condition", "tags", 1, "value"),
        tags("AND", ("level", "MATH_GE", "5"), ("level", "MATH_LE", "5")),
    ),
    (
        "contradiction",
        ERROR,
        tags("AND", ("content", "EQUAL", "a"), ("content", "REGEX", "b")),
        ("hit_condition", "tags", 1, "value"),
        tags("AND", ("content", "EQUAL", "ab"), ("content", "REGEX", "b")),
    ),
    (
        "tautology",
        WARNING,
        tags("OR", ("level", "MATH_GE", "5"), ("level", "MATH_LT", "5")),
        ("hit_condition", "tags", 1, "value"),
        tags("OR", ("level", "MATH_GT", "5"), ("level", "MATH_LT", "5")),
    ),
    ("tag-foreign", WARNING, tag(tag="user_level"), ("hit_condition", "tags", 0, "tag"), tag(tag="name")),
    (
        "tag-not-content",
        ERROR,
        rule_of(
            event_type=10, hit_condition={"relation": "AND", "tags": [{"tag": "level", "match": "EQUAL", "value": "1"}]}
        ),
        ("hit_condition", "tags", 0, "tag"),
        rule_of(event_type=10),
    ),
    (
        "tags-many",
        ERROR,
        tags("OR", *[("content", "EQUAL", str(n)) for n in range(6)]),
        ("hit_condition", "tags"),
        tags("OR", *[("content", "EQUAL", str(n)) for n in range(5)]),
    ),
    ("tags-none", WARNING, changed(("hit_condition", "tags"), None), NAME, CLEAN),
    ("event-type", ERROR, rule_of(event_type=101), ("event_type",), CLEAN),
    ("event-type", WARNING, rule_of(event_type=5), ("event_type",), CLEAN),
    ("reserved-tags", WARNING, changed(("hit_condition", "relation"), "RESERVED"), ("hit_condition", "tags"), CLEAN),
    (
        "reserved-chatty",
        WARNING,
        {
            **rule_of(hit_condition={"relation": "RESERVED", "priority": 900}),
            "trigger": {**CLEAN["trigger"], "time_window": 0},
        },
        ("trigger", "time_window"),
        rule_of(hit_condition={"relation": "RESERVED", "priority": 900}),
    ),
    ("window-range", ERROR, trigger(time_window=7201), ("trigger", "time_window"), trigger(time_window=7200)),
    ("window-absent", WARNING, without("time_window"), NAME, trigger(time_window=0)),
    (
        "window-once",
        WARNING,
        trigger(time_window=-1),
        ("trigger", "time_window"),
        {
            **trigger(time_window=-1),
            "event_type": 2,
            "hit_condition": {"relation": "AND", "tags": [{"tag": "level", "match": "MATH_GE", "value": "1"}]},
        },
    ),
    (
        "window-short",
        NOTE,
        trigger(time_window=2, reply_texts=["x" * 12]),
        ("trigger", "time_window"),
        trigger(time_window=3, reply_texts=["x" * 12]),
    ),
    ("reply-none", ERROR, without("reply_texts"), ("trigger", "reply_mode"), CLEAN),
    (
        "reply-none",
        WARNING,
        trigger(reply_texts=None, layer_config=LAYER),
        ("trigger", "reply_mode"),
        trigger(layer_config=LAYER),
    ),
    (
        "reply-none",
        ERROR,
        trigger(reply_mode="SHOW_LAYER", reply_texts=None),
        ("trigger", "reply_mode"),
        trigger(reply_mode="SHOW_LAYER", reply_texts=None, layer_config=LAYER),
    ),
    ("reply-mode-absent", WARNING, without("reply_mode"), NAME, CLEAN),
    (
        "reply-unused",
        WARNING,
        trigger(reply_mode="SHOW_LAYER", layer_config=LAYER),
        ("trigger", "reply_texts"),
        trigger(layer_config=LAYER),
    ),
    (
        "reply-blank",
        WARNING,
        trigger(reply_texts=["a", " "], reply_order="ORDER"),
        ("trigger", "reply_texts", 1),
        trigger(reply_texts=["a", "b"], reply_order="ORDER"),
    ),
    (
        "reply-too-long",
        ERROR,
        trigger(time_window=0, reply_texts=["x" * 1025]),
        ("trigger", "reply_texts", 0),
        trigger(time_window=0, reply_texts=["x" * 1024]),
    ),
    (
        "reply-too-many",
        ERROR,
        trigger(reply_texts=list("abcdef"), reply_order="ORDER"),
        ("trigger", "reply_texts"),
        trigger(reply_texts=list("abcde"), reply_order="ORDER"),
    ),
    (
        "reply-mixed",
        WARNING,
        trigger(reply_audios=[{"audio_url": "https://x.example.com/a.mp3"}]),
        ("trigger", "reply_audios"),
        trigger(reply_texts=None, reply_audios=[{"audio_url": "https://x.example.com/a.mp3"}]),
    ),
    ("reply-order-absent", NOTE, trigger(reply_texts=["a", "b"]), NAME, trigger(reply_texts=["a"])),
    (
        "reply-placeholder",
        WARNING,
        trigger(reply_texts=["price: ${price}"]),
        ("trigger", "reply_texts", 0),
        trigger(reply_texts=["price: $5"]),
    ),
    (
        "reply-markup",
        NOTE,
        trigger(reply_texts=["a <b"]),
        ("trigger", "reply_texts", 0),
        trigger(reply_texts=["a <b>c</b>"]),
    ),
    (
        "robot-missing",
        ERROR,
        trigger(reply_mode="INTELLIGENT_REPLY", reply_texts=None),
        NAME,
        trigger(reply_mode="INTELLIGENT_REPLY", reply_texts=None, robot_id="r1"),
    ),
    (
        "robot-odd",
        NOTE,
        trigger(robot_id="r1"),
        ("trigger", "robot_id"),
        trigger(reply_mode="INTELLIGENT_REPLY", reply_texts=None, robot_id="r1"),
    ),
    ("callback-url", NOTE, trigger(reply_mode="CALLBACK"), ("trigger", "reply_mode"), CLEAN),
    (
        "layer-config",
        ERROR,
        trigger(layer_config={"layer_type": "IMAGE"}),
        ("trigger", "layer_config", "layer_type"),
        trigger(layer_config=LAYER),
    ),
    (
        "layer-config",
        ERROR,
        trigger(layer_config={**LAYER, "image_config": {"image_url": ""}}),
        ("trigger", "layer_config", "image_config", "image_url"),
        trigger(layer_config=LAYER),
    ),
    (
        "layer-hidden",
        ERROR,
        trigger(layer_config={**LAYER, "position": {"dx": 1080, "dy": 1080, "layer_index": 1}}),
        ("trigger", "layer_config", "position"),
        trigger(layer_config={**LAYER, "position": {"dx": 1079, "dy": 1079, "layer_index": 1}}),
    ),
    (
        "layer-outside",
        WARNING,
        trigger(layer_config={**LAYER, "position": {"dx": 1100, "dy": 0, "layer_index": 1}}),
        ("trigger", "layer_config", "position"),
        trigger(layer_config={**LAYER, "position": {"dx": 1000, "dy": 0, "layer_index": 1}}),
    ),
    (
        "layer-same-index",
        WARNING,
        trigger(layer_config=LAYER, extra_layer_config=LAYER),
        ("trigger", "extra_layer_config", "position", "layer_index"),
        trigger(layer_config=LAYER, extra_layer_config=VIDEO),
    ),
    (
        "layer-videos",
        WARNING,
        trigger(layer_config=VIDEO, extra_layer_config={**VIDEO, "position": {"dx": 0, "dy": 0, "layer_index": 3}}),
        ("trigger", "extra_layer_config", "layer_type"),
        trigger(layer_config=LAYER, extra_layer_config=VIDEO),
    ),
    (
        "font-small",
        WARNING,
        trigger(layer_config={"layer_type": "TEXT", "text_config": {"font_size": 3}}),
        ("trigger", "layer_config", "text_config", "font_size"),
        trigger(layer_config={"layer_type": "TEXT", "text_config": {"font_size": 4}}),
    ),
    (
        "media-format",
        WARNING,
        trigger(layer_config={**LAYER, "image_config": {"image_url": "https://x.example.com/a.gif?x=1.png"}}),
        ("trigger", "layer_config", "image_config", "image_url"),
        trigger(layer_config={**LAYER, "image_config": {"image_url": "https://x.example.com/a.PNG?x=1.gif"}}),
    ),
    (
        "review-flag",
        NOTE,
        rule_of(review_config={"no_need_review": True}),
        ("review_config", "no_need_review"),
        rule_of(review_config={"no_need_review": False}),
    ),
]


def found(name, *rules, room=None):
    spec = {**(room or {}), "interaction_rules": list(rules)}
    return [one for one in lint_rules(spec, room=room is not None) if one.id == name]


@pytest.mark.parametrize(
    ("name", "severity", "hit", "path", "near_miss"), ONE_RULE, ids=[f"{n}-{row[0]}" for n, row in enumerate(ONE_RULE)]
)
def test_a_lint_of_one_rule_hits_and_nearly_misses(name, severity, hit, path, near_miss):
    (finding,) = found(name, hit)
    assert finding.severity is severity
    assert finding.path == ("interaction_rules", 0, *path)
    assert finding.code == "L_RULE_" + name.upper().replace("-", "_")
    assert not [one for one in found(name, near_miss) if one.severity is severity]


def test_a_clean_rule_has_no_findings():
    assert lint_rules({"interaction_rules": [CLEAN]}, room=False) == ()


def named(name, priority, value, **trigger_parts):
    rule = trigger(**trigger_parts)
    rule["rule_name"] = name
    rule["hit_condition"] = {
        "relation": "AND",
        "priority": priority,
        "tags": [{"tag": "content", "match": "REGEX", "value": value}],
    }
    return rule


FALLBACK = rule_of(rule_name="else", hit_condition={"relation": "RESERVED", "priority": 900})

SEVERAL = [
    ("reserved-twice", [FALLBACK, {**FALLBACK, "rule_name": "more"}], 1, [FALLBACK]),
    ("reserved-not-last", [named("a", 900, "a"), FALLBACK], 1, [named("a", 899, "a"), FALLBACK]),
    ("duplicate", [named("a", 1, "x"), named("b", 2, "x")], 1, [named("a", 1, "x"), named("b", 2, "y")]),
    ("tie", [named("a", 1, "ab"), named("b", 1, "b|c")], 1, [named("a", 1, "ab"), named("b", 1, "c")]),
    (
        "unreachable",
        [named("a", 1, "b", time_window=0), named("b", 2, "ab|b")],
        1,
        [named("a", 1, "b"), named("b", 2, "a")],
    ),
]


@pytest.mark.parametrize(("name", "rules", "index", "near_miss"), SEVERAL, ids=[row[0] for row in SEVERAL])
def test_a_lint_of_two_rules_stands_at_the_weaker_one_and_names_the_other(name, rules, index, near_miss):
    (finding,) = found(name, *rules)
    assert finding.severity is WARNING
    assert finding.path[1] == index
    assert finding.related[1] == 0
    assert not found(name, *near_miss)


def test_rules_that_are_disabled_or_of_another_type_are_no_audience_of_each_other():
    other = {**named("b", 1, "ab"), "event_type": 10}
    off = {**named("b", 1, "ab"), "enabled": False}
    assert not found("tie", named("a", 1, "ab"), other)
    assert not found("tie", named("a", 1, "ab"), off)


def test_lints_that_need_the_room():
    scenes = {"scene_scripts": [{"script_name": "one"}]}
    assert [f.path for f in found("scene-unknown", rule_of(enabled_scenes=["two"]), room=scenes)] == [
        ("interaction_rules", 0, "enabled_scenes", 0)
    ]
    assert not found("scene-unknown", rule_of(enabled_scenes=["one"]), room=scenes)
    assert found("co-streamer", trigger(reply_role="CO_STREAMER"), room={})
    assert not found("co-streamer", trigger(reply_role="CO_STREAMER"), room={"co_streamer_config": {}})
    assert found("aggregate-like", {**tag(tag="level", operation="SUM", match="MATH_GE", value="1"), "event_type": 3})


def test_a_library_of_more_rules_than_the_service_takes():
    rules = [{**CLEAN, "rule_name": str(n), "event_type": 2} for n in range(501)]
    (finding,) = found("rules-many", *rules)
    assert finding.path == ("interaction_rules",)
    assert not found("rules-many", *rules[:500])

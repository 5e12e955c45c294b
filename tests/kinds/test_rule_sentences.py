"""Rules as sentences: what a rule says of itself, and that any JSON makes a sentence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds.interaction_rule_group.rule_sentence import rule_sentence


def rule(*, trigger=None, condition=None, **more):
    return {"rule_name": "price", "event_type": 1, "hit_condition": condition or {}, "trigger": trigger or {}, **more}


def tags(*several, relation="AND"):
    names = ("tag", "match", "value", "operation")
    return {"relation": relation, "tags": [dict(zip(names, one, strict=False)) for one in several]}


SPOKEN = {"reply_mode": "SYSTEM_REPLY", "reply_texts": ["It is 5."], "time_window": 30}


@pytest.mark.parametrize(
    ("given_rule", "sentence"),
    [
        (
            rule(condition=tags(("content", "REGEX", "how much|price")), trigger=SPOKEN),
            'price: on comments where content matches "how much|price", replies "It is 5.", at most once in 30 s',
        ),
        (
            rule(
                condition=tags(("content", "EQUAL", "1"), ("level", "MATH_GE", "20"), relation="OR"),
                trigger={**SPOKEN, "reply_texts": ["A", "B"], "reply_order": "RANDOM", "time_window": -1},
            ),
            'price: on comments where content is "1" or level is at least "20", replies one of "A", "B" at random, '
            "once in a broadcast",
        ),
        (
            rule(
                event_type=4,
                condition={**tags(("totalValue", "MATH_GT", "100", "SUM")), "priority": 7},
                trigger={**SPOKEN, "reply_role": "CO_STREAMER", "play_type": "APPEND", "time_window": 0},
                enabled=False,
            ),
            'price (disabled): on gifts where the sum of totalValue is greater than "100", replies "It is 5." as the '
            "co-streamer at the end of the queue, every time, priority 7",
        ),
        (
            rule(event_type=2, condition={"relation": "RESERVED"}, trigger={"reply_mode": "CALLBACK"}),
            "price: on users who join that no other rule answers, calls back",
        ),
        (
            rule(trigger={"reply_mode": "SHOW_LAYER", "layer_config": {"layer_type": "IMAGE"}}, event_type=10),
            "price: on the preset script, shows a layer of type IMAGE",
        ),
        (
            rule(
                trigger={"reply_mode": "INTELLIGENT_REPLY", "robot_id": "r-1"},
                enabled_scenes=["opening"],
                group_name="Questions",
                review_config={"no_need_review": True},
            ),
            'price: on comments, lets the robot r-1 reply, only in the scene "opening", from the group "Questions", '
            "without review",
        ),
        (
            rule(trigger={"reply_mode": "SYSTEM_REPLY_AND_CALLBACK", "reply_audios": [{"audio_name": "hello"}]}),
            'price: on comments, replies with the 1 recording "hello" and calls back',
        ),
        ({}, "without a name: on events of no given type, does nothing"),
        (rule(event_type=77), "price: on events of type 77, does nothing"),
    ],
)
def test_a_rule_is_told_in_one_sentence(given_rule, sentence):
    assert rule_sentence(given_rule) == sentence


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ("rule_name", "enabled", "event_type", "hit_condition", "trigger", "enabled_scenes", "review_config")
INNER = ("relation", "priority", "tags", "reply_texts", "reply_audios", "time_window", "reply_mode", "layer_config")


@given(
    outer=st.dictionaries(st.sampled_from(FIELDS), json_values),
    inner=st.dictionaries(st.sampled_from(INNER), json_values),
    at=st.sampled_from(["hit_condition", "trigger", ""]),
)
@settings(max_examples=150, deadline=None)
def test_any_json_makes_a_sentence(outer, inner, at):
    assert ": on " in rule_sentence({**outer, **({at: inner} if at else {})})

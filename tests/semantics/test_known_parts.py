"""What is known of parts that were met before answers as the comparison itself does, in whichever order it is asked."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import are_unchanged, is_unchanged
from reconciler.semantics.equality import identical
from reconciler.semantics.known_parts import KnownParts
from reconciler.semantics.list_keys import has_keys_of_their_own
from tests.support.planning import GROUP, ROOM

few = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))

SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 0.0, -0.0, "", "1", "a"])
NAMES = st.sampled_from("abc")
VALUES = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=3), max_leaves=6
)
SPECS = st.dictionaries(NAMES, VALUES, max_size=3)
QUESTIONS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=30)


@st.composite
def met(draw: Any) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    """Return objects, some equal and some with parts of one another, and which of them are compared in what order."""
    specs = draw(st.lists(SPECS, min_size=4, max_size=4))
    copies = [json.loads(json.dumps(spec)) for spec in specs[:2]]
    shared = [{**specs[0], **specs[1]}, dict(reversed(specs[2].items()))]
    return [*specs, *copies, *shared], draw(QUESTIONS)


def known_parts_answer_as_the_comparison_does(given: Any) -> None:
    specs, questions = given
    known = KnownParts()
    for one, other in questions:
        part, whole = specs[one], specs[other]
        assert known.identical(part, whole) is identical(part, whole)
        held = all(name in whole and identical(value, whole[name]) for name, value in part.items())
        assert known.holds(whole, part) is held


@given(met())
@few
def test_law(given: Any) -> None:
    known_parts_answer_as_the_comparison_does(given)


@pytest.mark.deep
@given(met())
@many
def test_law_many_times(given: Any) -> None:
    known_parts_answer_as_the_comparison_does(given)


def test_nothing_is_confused_where_more_parts_are_met_than_are_kept() -> None:
    known = KnownParts()
    declared, live = [[number] for number in range(5_000)], [[number] for number in range(5_000)]
    assert all(known.identical(one, other) for one, other in zip(declared, live, strict=True))
    assert not any(known.identical(one, other) for one, other in zip(declared, live[1:], strict=False))


def test_a_part_whose_live_counterpart_is_null_is_asked_of_the_comparison() -> None:
    known = KnownParts()
    assert not known.identical([], None)
    assert not known.holds({"a": None}, {"a": []})
    assert not known.holds({}, {"a": None})


def rules() -> CompiledField:
    return compiled(GROUP).children["interaction_rules"]


@pytest.mark.parametrize(
    ("items", "own"),
    [
        ([], True),
        ([{"rule_name": "a"}, {"rule_name": "b"}], True),
        ([{"rule_name": "a"}, {"rule_name": "a"}], False),
        ([{"rule_name": "a"}, {}], False),
        ([{"rule_name": "a"}, "b"], False),
        ([{"rule_name": "a", "unknown": 1}], False),
    ],
)
def test_the_items_of_a_list_are_looked_at_once_for_each_field(items: list[Any], own: bool) -> None:
    known, scripts = KnownParts(), compiled(ROOM).children["scene_scripts"]
    first = known.keyed_objects(rules(), items)
    assert known.keyed_objects(rules(), items) is first
    assert first == ([(item, rules().each.absent_defaults(item)) for item in items] if own else None)
    assert (known.keyed_objects(scripts, items) is not None) is has_keys_of_their_own(scripts, items)


RULES = st.fixed_dictionaries(
    {"rule_name": st.sampled_from("ab")},
    optional={
        "enabled": st.booleans(),
        "event_type": st.sampled_from([1, 2, True, "1"]),
        "trigger": st.fixed_dictionaries({}, optional={"time_window": st.sampled_from([30, 30.0])}),
        "rule_id": st.just("r"),
    },
)


def lists_are_unchanged_where_their_items_are(declared: list[dict[str, Any]], live: list[Any]) -> None:
    """A list leaves at once exactly where its declared items have keys of their own, and each leaves at once."""
    known, field = KnownParts(), rules()
    same = has_keys_of_their_own(field, declared) and len(declared) == len(live)
    each = zip(declared, live, strict=False)
    want = same and all(isinstance(had, dict) and is_unchanged(field.each, one, had, KnownParts()) for one, had in each)
    for _ in range(2):
        assert are_unchanged(field, declared, live, known) is want


LISTS = st.lists(RULES, max_size=2)
LIVE = st.one_of(LISTS, st.lists(st.one_of(RULES, st.sampled_from([None, "a"])), max_size=2))
NEAR = st.one_of(st.tuples(LISTS, LIVE), LISTS.map(lambda items: (items, json.loads(json.dumps(items)))))


@given(NEAR)
@few
def test_law_of_lists(given: Any) -> None:
    lists_are_unchanged_where_their_items_are(*given)


@pytest.mark.deep
@given(NEAR)
@many
def test_law_of_lists_many_times(given: Any) -> None:
    lists_are_unchanged_where_their_items_are(*given)

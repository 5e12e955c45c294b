"""Long recordings: undefined settings do not make them undecidable, and what is given up is a superset."""

import random

import pytest

from reconciler.interaction_rules.evaluator import Recording, evaluate
from reconciler.interaction_rules.event import LiveEvent, read_events
from reconciler.interaction_rules.generated_events import generated_recording
from reconciler.interaction_rules.prepared_rule import prepare_rules
from reconciler.interaction_rules.settings import Semantics
from tests.interaction_rules.naive_evaluator import naive_outcomes
from tests.interaction_rules.test_independent_evaluator import a_case, live, plain


def keyword_rule(number, *, window=60, order="ORDER", priority=None, kind=1):
    condition = {
        "relation": "AND",
        "tags": [{"tag": "content", "match": "REGEX", "value": f"词{number % 7}|字{number}"}],
    }
    if priority is not None:
        condition["priority"] = priority
    trigger = {
        "time_window": window,
        "reply_mode": "SYSTEM_REPLY",
        "reply_order": order,
        "reply_texts": ["a", "b", "c"],
    }
    return {"rule_name": f"r{number}", "event_type": kind, "hit_condition": condition, "trigger": trigger}


def recorded(rules, count):
    return read_events(generated_recording(rules, count, 1))[0]


@pytest.mark.parametrize("order", ["ORDER", "RANDOM"])
def test_rules_without_priorities_stay_decidable_over_a_long_recording(order):
    rules = prepare_rules([keyword_rule(number, order=order) for number in range(8)])
    results = evaluate(rules, recorded(rules, 250), Semantics.assume({}))
    assert [place for place, result in enumerate(results) if result.undecidable] == []
    assert any("tie" in result.depends_on for result in results)


def test_a_scene_that_is_not_given_stays_decidable_over_a_long_recording():
    rules = prepare_rules([{**keyword_rule(number, priority=number), "enabled_scenes": ["a"]} for number in range(3)])
    results = evaluate(rules, recorded(rules, 250), Semantics.assume({}))
    assert not any(result.undecidable for result in results)


def test_beyond_64_outcomes_an_event_is_undecidable_and_the_next_is_not():
    rules = prepare_rules([keyword_rule(7 * number, window=0, order="RANDOM") for number in range(6)])
    events = [
        LiveEvent(index=place, timestamp=place, type=1, content={"content": text})
        for place, text in enumerate(("词0", "字7", "词0"))
    ]
    first, second, third = evaluate(rules, events, Semantics.assume({"dispatch": "all"}))
    assert (first.undecidable, first.outcomes, third.undecidable) == (True, (), True)
    assert "tie" in first.depends_on
    assert not second.undecidable


@pytest.mark.parametrize("seed", range(60))
def test_what_is_given_up_is_a_superset_of_what_may_be(seed):
    rules, events, named = a_case(90_000 + seed)
    named |= {"tie": "undefined", "dispatch": random.Random(seed).choice(("first", "all", "undefined"))}
    semantics = Semantics.assume(named)
    expected = naive_outcomes(rules, events, dict(semantics.values), most=300)
    found = Recording(prepare_rules(rules), live(events), most_rows=1).outcomes(semantics)
    for wanted, outcomes in zip(expected or (), found, strict=False):
        assert outcomes is None or wanted <= plain(outcomes)


def test_a_closed_window_is_forgotten_and_the_result_is_exact_again():
    rules = prepare_rules([keyword_rule(number, window=10, order="RANDOM") for number in (0, 7)])
    events = [
        LiveEvent(index=place, timestamp=60_000 * place, type=1, content={"content": "词0"}) for place in range(300)
    ]
    recording = Recording(rules, events)
    outcomes = recording.outcomes(Semantics.assume({}))
    assert recording.exact
    assert {len(one) for one in outcomes} == {2}

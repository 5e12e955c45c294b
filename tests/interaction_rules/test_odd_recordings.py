"""Recordings that are odd or broken: every problem at its line, and no number or nesting too large to be told."""

import json

import pytest

from reconciler.interaction_rules.evaluator import evaluate
from reconciler.interaction_rules.event import MOST_PROBLEMS, as_number, read_events
from reconciler.interaction_rules.prepared_rule import prepare_rules
from reconciler.interaction_rules.settings import Semantics

GOOD = '{"timestamp": 1, "type": 1, "content": "{\\"content\\": \\"price\\"}"}'
DEEP = 50_000


def said(text):
    return [(problem.line, problem.message) for problem in read_events(text)[1]]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ('{"timestamp": NaN, "type": 1}', 1, "NaN is not a JSON number"),
        ('{"timestamp": -Infinity, "type": 1}', 1, "-Infinity is not a JSON number"),
        ('{"timestamp": 1e999, "type": 1}', 1, "too large a number"),
        ('{"timestamp": 1.0, "type": 1}', 1, "timestamp"),
        ('{"timestamp": true, "type": 1}', 1, "timestamp"),
        ('{"timestamp": "1", "type": 1}', 1, "timestamp"),
        ('{"timestamp": ' + "9" * 5_000 + "}", 1, "a number of too many digits"),
        ('{"timestamp": 4102415999001, "type": 1}', 1, "timestamp"),
        ('{"type": 1}', 1, "timestamp"),
        ('{"timestamp": 1, "type": "1"}', 1, "type is not"),
        ('{"timestamp": 1, "type": 101}', 1, "type is not"),
        ('{"timestamp": 1, "type": null}', 1, "type is not"),
        ("[1]", 1, "event 0 is not an object"),
        ("[[]]", 1, "event 0 is not an object"),
        ('"x"', 1, "event 0 is not an object"),
        ("null", 1, "event 0 is not an object"),
        ('{"total": 1, "events": {}}', 1, "`events` is not a list"),
        ('{"timestamp": 1, "type": 1,}', 1, "not JSON"),
        (f"{GOOD}\r{GOOD}", 1, "not JSON"),
        (f"{GOOD}\n\x00\n", 2, "not JSON"),
        (f"{GOOD}\n\n{GOOD[:-1]}\n", 3, "not JSON"),
        (f"[{GOOD},\n{GOOD}\n{GOOD}]", 3, "not JSON"),
        ("[" * DEEP, 1, "nested too deep"),
        ('{"a":' * DEEP, 1, "nested too deep"),
        ("x" * 5_000_000, 1, "not JSON"),
    ],
)
def test_what_is_no_event_is_told_at_its_line(text, line, part):
    ((told, message),) = said(text)
    assert told == line
    assert part in message
    assert len(message) < 200


def test_every_problem_of_a_recording_is_told():
    text = f'nope\n{GOOD}\n{{"timestamp": -1}}\n{GOOD}\n[]\n[1, 2]\n'
    assert [line for line, _ in said(text)] == [1, 3, 6, 6]


def test_problems_beyond_a_hundred_are_not_told():
    assert len(said("nope\n" * 10_000)) == MOST_PROBLEMS


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("\n \n", 0),
        ("[]", 0),
        ('{"total": 0, "events": []}', 0),
        ("\ufeff" + GOOD, 1),
        (f"\ufeff{GOOD}\r\n{GOOD}\r\n", 2),
        (f"[{GOOD}, {GOOD}]", 2),
        (json.dumps({"total": 2, "events": [json.loads(GOOD)] * 2}, indent=1), 2),
        ('{"timestamp": 1}', 1),
        ('{"timestamp": -0, "type": 5}', 1),
        ('{"timestamp": 1, "timestamp": 2, "type": 1}', 1),
    ],
)
def test_what_holds_events_is_read(text, count):
    events, problems = read_events(text)
    assert (len(events), problems) == (count, ())


@pytest.mark.parametrize(
    "content",
    [
        "no JSON",
        "[1]",
        '"text"',
        "5",
        "NaN",
        '{"user": {"level": NaN}}',
        '{"user": {"level": 1e999}}',
        '{"user": {"level": ' + "9" * 5_000 + "}}",
        '{"a":' * DEEP + "1" + "}" * DEEP,
        json.dumps('{"content": "price"}'),
        [1],
        5,
        True,
    ],
)
def test_content_that_is_no_object_is_kept_and_counted(content):
    (event,), problems = read_events(json.dumps({"timestamp": 1, "type": 1, "content": content}))
    assert (event.undecoded, dict(event.content), problems) == (True, {}, ())


def rule(kind, tag, match, value, operation="NONE"):
    tags = [{"tag": tag, "match": match, "value": value, "operation": operation}]
    trigger = {"time_window": 0, "reply_mode": "SYSTEM_REPLY", "reply_texts": ["x"]}
    return {
        "rule_name": "r",
        "event_type": kind,
        "hit_condition": {"relation": "AND", "tags": tags},
        "trigger": trigger,
    }


def fired(rules, *contents, kind=1, **named):
    text = "\n".join(
        json.dumps({"timestamp": place, "type": kind, "content": content}) for place, content in enumerate(contents)
    )
    results = evaluate(prepare_rules(rules), read_events(text)[0], Semantics.assume(named))
    return [bool(result.outcomes[0].fires) for result in results]


@pytest.mark.parametrize(
    "content",
    [
        {"content": "\ud83dprice"},
        {"\ud83d": "x", "content": "price\ud83d"},
        {"user": {"userId": "\ud83d"}, "content": "price"},
        {"user": {"userId": {"a": 1}}, "content": "price"},
        {"user": {"userId": [1]}, "content": "price"},
        {"user": "bob", "content": "price"},
        {"user": {"name": "\x1b[31m\u202e<script>"}, "content": "price\x1b[2J"},
        {"content": "price" + "x" * 100_000},
    ],
)
def test_odd_keys_and_characters_do_not_hinder_a_keyword(content):
    assert fired([rule(1, "content", "REGEX", "price")], content) == [True]


def test_a_huge_value_does_not_swallow_later_ones_of_a_sum():
    contents = [{"gift": {"totalValue": value}} for value in (10**390, 5, 5)]
    rules = [rule(4, "totalValue", "MATH_EQ", "10", "SUM")]
    assert fired(rules, *contents, kind=4, aggregate_span="batch") == [False, False, False]
    assert fired(rules, *contents[1:], kind=4, aggregate_span="whole-live") == [False, True]
    whole = [rule(4, "totalValue", "MATH_EQ", str(10**390 + 10), "SUM")]
    assert fired(whole, *contents, kind=4, aggregate_span="whole-live") == [False, False, True]


@pytest.mark.parametrize("text", ["1e999999999", "-1E500", "1e-999999999", "inf", "nan", "1_000", "9" * 500])
def test_a_number_that_no_engine_is_known_to_hold_is_none(text):
    assert as_number(text) is None
    assert fired([rule(1, "level", "MATH_GE", text)], {"user": {"level": text}}, math_on_text="coerce") == [False]


def test_the_value_of_an_average_is_exact():
    contents = [{"gift": {"totalValue": value}} for value in (0.1, 0.2, 0.3)]
    rules = [rule(4, "totalValue", "MATH_EQ", "0.2", "AVG")]
    assert fired(rules, *contents, kind=4, aggregate_span="whole-live") == [False, False, True]

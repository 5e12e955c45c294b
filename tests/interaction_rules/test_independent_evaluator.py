"""The evaluator against a second one, written from docs/api/rules.md alone: random rules, events and settings."""

import random

import pytest

from reconciler.interaction_rules.evaluator import Recording, evaluate
from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.prepared_rule import prepare_rules
from reconciler.interaction_rules.settings import Semantics
from tests.interaction_rules.naive_evaluator import SETTINGS, naive_outcomes, naive_results

PATTERNS = ("价格", "价格|多少钱", "hi", "^hi$", "a+b?", "h.", "v[ip]{2}", "(?:hi|vip)")
TEXTS = ("价格", "这个价格", "hi", "HI", "vip", " hi ", "ｈｉ", "aab", "", "5", "17")
START = 1_767_225_600_000


def some_tag(chance, kind):
    if kind == 4:
        name, operation = chance.choice(("totalValue", "giftNum")), chance.choice(("NONE", "SUM", "AVG", "COUNT"))
        match = chance.choice(("MATH_GE", "MATH_LT", "MATH_EQ", "MATH_GT", "MATH_LE"))
        return {"tag": name, "match": match, "value": chance.choice(("1", "2", "5", "10")), "operation": operation}
    sort = chance.random()
    if sort < 0.5:
        value = "\\d" if chance.random() < 0.05 else chance.choice(PATTERNS)
        return {"tag": chance.choice(("content", "content", "level")), "match": "REGEX", "value": value}
    if sort < 0.7:
        name = chance.choice(("content", "level", "user.level"))
        return {"tag": name, "match": "EQUAL", "value": chance.choice(("hi", "5", "17", "17.0", "", "vip"))}
    match = chance.choice(("MATH_GE", "MATH_LT", "MATH_EQ"))
    name = chance.choice(("level", "level", "deep", "content"))
    return {"tag": name, "match": match, "value": chance.choice(("5", "17", "20"))}


def some_rule(chance, number):
    kind = chance.choice((1, 1, 1, 4))
    condition = {"relation": chance.choice(("AND", "AND", "OR", "RESERVED", "And", ""))}
    if not condition["relation"]:
        del condition["relation"]
    tags = [some_tag(chance, kind) for _ in range(chance.choice((1, 1, 1, 2, 0)))]
    if tags and condition.get("relation") != "RESERVED":
        condition["tags"] = tags
    if chance.random() < 0.8:
        condition["priority"] = chance.choice((1, 1, 2, 500))
    trigger = {"reply_mode": chance.choice(("SYSTEM_REPLY", "SYSTEM_REPLY", "SYSTEM_REPLY_AND_CALLBACK", "SHOW_LAYER"))}
    if chance.random() < 0.9:
        trigger["time_window"] = chance.choice((0, 0, 10, 20, -1))
    if trigger["reply_mode"] != "SHOW_LAYER":
        trigger["reply_texts"] = [f"{number}{letter}" for letter in "abc"[: chance.choice((1, 1, 2, 3))]]
        order = chance.choice(("ORDER", "RANDOM", ""))
        if chance.random() < 0.1:
            trigger["reply_audios"] = [{"audio_url": "https://example.test/a.mp3"}]
            order = "RANDOM"
        if order:
            trigger["reply_order"] = order
    rule = {"rule_name": f"r{number}", "event_type": kind, "hit_condition": condition, "trigger": trigger}
    if chance.random() < 0.1:
        rule["enabled"] = chance.random() < 0.3
    if chance.random() < 0.03:
        rule["enabled_scenes"] = ["opening"]
    if chance.random() < 0.3:
        rule["group_name"] = chance.choice(("one", "two"))
    return rule


def some_events(chance, step):
    now, batch, rows = START, 0, []
    for _ in range(chance.randint(1, 6)):
        user = {"userId": chance.choice(("u1", "u2"))} if chance.random() < 0.9 else {}
        if chance.random() < 0.8:
            user["level"] = chance.choice((5, 17, 17.5, 30, "30", None))
        kind = chance.choice((1, 1, 1, 4))
        content = {"user": user}
        if kind == 1 and chance.random() < 0.9:
            content["content"] = chance.choice(TEXTS)
        if chance.random() < 0.2:
            content["extra"] = {"deep": 20}
        if kind == 4:
            content["gift"] = {"totalValue": chance.choice((1, 2, 5))}
            if chance.random() < 0.5:
                content["gift"]["giftNum"] = chance.choice((1, 3, "4"))
        rows.append({"timestamp": now, "type": kind, "content": content, "batch": batch})
        now += chance.choice((0, step, step, 2 * step, -step)) * 1000
        batch += chance.random() < 0.7
    return rows


def some_settings(chance):
    named = {}
    for name, alternatives in SETTINGS.items():
        if chance.random() < 0.4:
            named[name] = chance.choice(alternatives) if chance.random() < 0.9 else "undefined"
    return named


def a_case(seed):
    chance = random.Random(seed)
    rules = [some_rule(chance, number) for number in range(chance.randint(1, 4))]
    aggregated = any(tag.get("operation") for rule in rules for tag in rule["hit_condition"].get("tags", []))
    events = some_events(chance, 3 if aggregated else 5)  # where a span ends exactly is not said: never met
    named = some_settings(chance)
    if any("\\" in tag["value"] for rule in rules for tag in rule["hit_condition"].get("tags", [])):
        named["regex_engine"] = "portable"
    return rules, events, named


def live(events):
    return tuple(
        LiveEvent(index=place, timestamp=row["timestamp"], type=row["type"], content=row["content"], batch=row["batch"])
        for place, row in enumerate(events)
    )


def plain(outcomes):
    return {(one.fires, one.suppressed, one.replies) for one in outcomes}


def agrees(seed):
    """Whether both give the same; None where one of them stops following."""
    rules, events, named = a_case(seed)
    semantics = Semantics.assume(named)
    expected = naive_outcomes(rules, events, dict(semantics.values), most=600)
    recording = Recording(prepare_rules(rules), live(events))
    found = recording.outcomes(semantics)
    if expected is None or None in found or not recording.exact:
        return None
    assert [plain(one) for one in found] == expected, f"seed {seed}: {rules} {events} {named}"
    return True


def agrees_on_dependence(seed):
    rules, events, named = a_case(seed)
    rules, events = rules[:3], events[:3]
    semantics = Semantics.assume(named)
    expected = naive_results(rules, events, dict(semantics.values), set(named), most=300)
    found = evaluate(prepare_rules(rules), live(events), semantics)
    if expected is None or any(one.undecidable for one in found):
        return None
    shown = [(plain(one.outcomes), set(one.depends_on)) for one in found]
    assert shown == expected, f"seed {seed}: {rules} {events} {named}"
    return True


def share(law, seeds):
    answers = [law(seed) for seed in seeds]
    return sum(answer is True for answer in answers) / len(answers)


def test_two_evaluators_agree_under_one_reading():
    assert share(agrees, range(500)) > 0.9


def test_two_evaluators_agree_on_what_a_result_depends_on():
    assert share(agrees_on_dependence, range(40)) > 0.8


@pytest.mark.deep
@pytest.mark.parametrize("start", range(1_000, 21_000, 1_000))
def test_two_evaluators_agree_on_twenty_thousand_rule_sets(start):
    agreed = share(agrees, range(start, start + 1_000))
    print(f"rule sets {start} to {start + 999}: both give the same in {agreed:.1%}, else too many histories")
    assert agreed > 0.9


@pytest.mark.deep
@pytest.mark.parametrize("start", range(1_000, 2_000, 100))
def test_two_evaluators_agree_on_what_a_thousand_results_depend_on(start):
    agreed = share(agrees_on_dependence, range(start, start + 100))
    print(f"rule sets {start} to {start + 99}: the same outcomes and settings in {agreed:.0%}, else too many histories")
    assert agreed > 0.8

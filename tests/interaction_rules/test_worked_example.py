"""The worked example of docs/api/rules.md §6: every row and column."""

import pytest

from reconciler.interaction_rules.evaluator import evaluate, run_outcomes
from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.prepared_rule import prepare_rules
from reconciler.interaction_rules.rule_lints import lint_rules
from reconciler.interaction_rules.settings import Semantics
from reconciler.model.diagnostic import Severity

START = 1_767_225_600_000
ASSUMED = {"tie": "declared-order", "aggregate_span": "whole-live"}

ROWS = """
defaults                         | P1       | V1    | B1 | · | G1 | B1 | B1 | F1
dispatch: all                    | P1+V1+B1 | V1+B1 | B1 | · | G1 | B1 | B1 | F1
dispatch: top-band               | P1+V1    | V1    | B1 | · | G1 | B1 | B1 | F1
tie: reverse                     | V1       | V1    | B1 | · | G1 | P1 | B1 | F1
suppressed: consumes             | P1       | ·     | B1 | · | G1 | ·  | B1 | F1
window_scope: viewer             | P1       | P2    | B1 | · | G1 | B1 | B1 | F1
window_scope: room               | P1       | V1    | B1 | · | G1 | B1 | B1 | ·
window_edge: open                | P1       | V1    | B1 | · | G1 | P2 | B1 | F1
regex_mode: full                 | V1       | P1    | F1 | · | G1 | F1 | ·  | ·
math_on_text: coerce             | P1       | V1    | B1 | · | G1 | B1 | V1 | F1
missing_key: empty-string        | P1       | V1    | B1 | · | G1 | B1 | B1 | B1
aggregate_scope: viewer          | P1       | V1    | B1 | · | ·  | B1 | B1 | F1
aggregate_span: batch            | P1       | V1    | B1 | · | ·  | B1 | B1 | F1
reserved: in-priority-order      | P1       | V1    | F1 | · | G1 | F1 | B1 | ·
repaired                         | P1       | V1    | F1 | · | G1 | F1 | B1 | ·
repaired suppressed: consumes    | P1       | ·     | F1 | · | G1 | ·  | B1 | F1
"""
TABLE = [[cell.strip() for cell in row.split("|")] for row in ROWS.strip().splitlines()]


def rule(name, kind, relation, tags, priority, window, texts, order=None):
    condition = {"relation": relation}
    if tags:
        keys = ("tag", "match", "value", "operation")
        condition["tags"] = [dict(zip(keys, tag, strict=False)) for tag in tags]
    if priority is not None:
        condition["priority"] = priority
    trigger = {"time_window": window, "reply_mode": "SYSTEM_REPLY", "reply_texts": texts}
    if order:
        trigger["reply_order"] = order
    return {"rule_name": name, "event_type": kind, "hit_condition": condition, "trigger": trigger}


def rules(links):
    return [
        rule("R1", 1, "AND", [("content", "REGEX", "价格|多少钱")], 100, 60, ["P1", "P2"], "ORDER"),
        rule("R2", 1, "AND", [("level", "MATH_GE", "20")], 100, 0, ["V1"]),
        rule("R3", 4, "AND", [("totalValue", "MATH_GE", "100", "SUM")], None, -1, ["G1"]),
        rule("R4", 1, "OR", [("content", "EQUAL", "1"), ("content", "REGEX", links)], 200, 0, ["B1"]),
        rule("R5", 1, "RESERVED", [], 150, 30, ["F1"]),
    ]


def event(index, at, user, *, level=None, content=None, gift=None):
    decoded = {"user": {"userId": user}}
    if level is not None:
        decoded["user"]["level"] = level
    if content is not None:
        decoded["content"] = content
    if gift is not None:
        decoded["gift"] = {"totalValue": gift}
    kind = 1 if gift is None else 4
    return LiveEvent(index=index, timestamp=START + at * 1000, type=kind, content=decoded, batch=index)


EVENTS = (
    event(0, 0, "u1", level=25, content="价格多少"),
    event(1, 10, "u2", level=25, content="多少钱"),
    event(2, 20, "u3", level=3, content="你好"),
    event(3, 30, "u1", gift=60),
    event(4, 40, "u2", gift=50),
    event(5, 60, "u1", level=5, content="这个价格"),
    event(6, 70, "u4", level="30", content="发链接"),
    event(7, 80, "u5", level=2),
)


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_every_row_of_the_worked_example(row):
    named, *expected = row
    repaired = named.startswith("repaired")
    setting = named.removeprefix("repaired").strip()
    assumed = dict(ASSUMED)
    if ": " in setting:
        name, value = setting.split(": ")
        assumed[name] = value
    prepared = prepare_rules(rules("链接" if repaired else "链接|"))
    said = []
    for outcomes in run_outcomes(prepared, EVENTS, Semantics.assume(assumed)):
        (outcome,) = outcomes
        said.append("+".join(texts[0] for texts in outcome.replies) or "·")
    assert said == expected


def test_an_undefined_tie_makes_the_events_depend_on_it_that_the_page_names():
    results = evaluate(prepare_rules(rules("链接|")), EVENTS, Semantics.assume({"aggregate_span": "whole-live"}))
    assert [index for index, result in enumerate(results) if "tie" in result.depends_on] == [0, 1, 5]


def test_only_the_first_gift_is_the_same_in_every_reading():
    results = evaluate(prepare_rules(rules("链接|")), EVENTS, Semantics.assume({}))
    assert [index for index, result in enumerate(results) if not result.depends_on] == [3]


def test_lint_finds_the_stray_bar_the_tie_and_the_reserved_that_is_not_last():
    found = lint_rules({"interaction_rules": rules("链接|")}, room=False)
    assert [(finding.code, finding.path[1]) for finding in found if finding.severity is not Severity.NOTE] == [
        ("L_RULE_TIE", 1),
        ("L_RULE_REGEX_EMPTY_BRANCH", 3),
        ("L_RULE_RESERVED_NOT_LAST", 4),
    ]

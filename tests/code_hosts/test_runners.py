"""The stand-ins for runners decide as the documentation of the hosts says: expressions, triggers, rules, outputs."""

import pytest

from tests.support.github_expressions import ExpressionError, as_text, evaluate, filled
from tests.support.github_expressions import holds as if_holds
from tests.support.github_runner import Event, assignments, triggered
from tests.support.gitlab_runner import holds as rule_holds

CONTEXTS = {
    "github": {
        "repository": "shop/live",
        "event": {"number": 5, "labels": [{"name": "a"}, {"name": "b"}], "draft": False},
    },
    "steps": {"plan": {"outputs": {"exit-code": "2", "empty": ""}}},
}


def functions(*, failed=False):
    return {
        "success": lambda: not failed,
        "failure": lambda: failed,
        "always": lambda: True,
        "cancelled": lambda: False,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.event.number", "5"),
        ("github.EVENT.Number", "5"),
        ("github.event.nothing.below", ""),
        ("github['repository']", "shop/live"),
        ("github.event.labels[1].name", "b"),
        ("github.event.labels[7].name", ""),
        ("steps.plan.outputs.exit-code == 2", "true"),
        ("steps.plan.outputs.exit-code == '2'", "true"),
        ("github.repository == 'SHOP/Live'", "true"),
        ("github.repository != 'shop/other'", "true"),
        ("steps.plan.outputs.empty || 'it''s empty'", "it's empty"),
        ("github.event.draft && 'yes' || 'no'", "no"),
        ("!github.event.draft && (1 < 2) && 0xff > 254", "true"),
        ("null == 0 && '' == 0 && 'x' != 0", "true"),
        ("contains('Shop/Live', 'shop') && startsWith('abc', 'AB') && endsWith('abc', 'bc')", "true"),
        ("format('{1} of {0}', 'two', 1)", "1 of two"),
        ("join(fromJSON('[1, 2]'), '-')", "1-2"),
    ],
)
def test_an_expression_has_its_value(text, value):
    assert as_text(evaluate(text, CONTEXTS, functions())) == value
    assert filled(f"<${{{{ {text} }}}}>", CONTEXTS, functions()) == f"<{value}>"


@pytest.mark.parametrize("text", ["github.", "nobody.x", "gone()", "'open", "1 2", "(1", "a ? b : c", ""])
def test_what_is_no_expression_is_told(text):
    with pytest.raises(ExpressionError):
        evaluate(text, CONTEXTS, functions())


@pytest.mark.parametrize(
    ("condition", "well", "failed"),
    [
        ("github.event.number == 5", True, False),
        ("always() && github.event.number == 5", True, True),
        ("${{ failure() }}", False, True),
        ("success() && github.event.draft", False, False),
    ],
)
def test_a_condition_asks_for_success_unless_it_asks_for_the_status(condition, well, failed):
    assert if_holds(condition, CONTEXTS, functions()) is well
    assert if_holds(condition, CONTEXTS, functions(failed=True)) is failed


@pytest.mark.parametrize(
    ("on", "event", "starts"),
    [
        ("push", Event(name="push"), True),
        (["push", "schedule"], Event(name="workflow_dispatch"), False),
        ({"push": {"branches": ["main"]}}, Event(name="push", ref="refs/heads/main"), True),
        ({"push": {"branches": ["main"]}}, Event(name="push", ref="refs/heads/other"), False),
        ({"push": {"paths": ["live/**"]}}, Event(name="push", changed=("live/rooms/a.yaml",)), True),
        ({"push": {"paths": ["live/**"]}}, Event(name="push", changed=("README.md",)), False),
        (
            {"workflow_run": {"workflows": ["plan"], "types": ["completed"]}},
            Event(name="workflow_run", payload={"action": "requested", "workflow_run": {"name": "plan"}}),
            False,
        ),
    ],
)
def test_an_event_starts_the_workflows_that_ask_for_it(on, event, starts):
    assert triggered(on, event) is starts


def test_outputs_are_lines_or_blocks():
    assert assignments("a=1=2\nb<<END\nx\ny\nEND\nc=\n") == {"a": "1=2", "b": "x\ny", "c": ""}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("$A", True),
        ("$EMPTY", False),
        ("$GONE", False),
        ("$GONE == null", True),
        ("$EMPTY == null", False),
        ('$EMPTY == ""', True),
        ('$A == "x" && $A != $B', True),
        ('$A == "y" || $B == "y"', True),
        ('$A == "y" && $B == "y" || $A == "x"', True),
        ('$A == "x" && ($B == "z" || $EMPTY)', False),
    ],
)
def test_a_rule_of_gitlab_holds(rule, expected):
    assert rule_holds(rule, {"A": "x", "B": "y", "EMPTY": ""}) is expected

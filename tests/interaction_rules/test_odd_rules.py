"""Rules that the live side may hold though `validate` refuses them: they are evaluated, generated from and traced."""

import pytest

from reconciler.interaction_rules.evaluator import Recording
from reconciler.interaction_rules.event import read_events
from reconciler.interaction_rules.generated_events import generated_recording
from reconciler.interaction_rules.prepared_rule import prepare_rules
from reconciler.interaction_rules.replay import replay
from reconciler.interaction_rules.rule_trace import tags_held, trace
from reconciler.interaction_rules.settings import Semantics
from tests.interaction_rules.test_rule_lints import CLEAN, changed, rule_of, tag, trigger

VALUES = (
    *(
        "a" * 5_000,
        "(" * 3_000,
        "[一-",
        "a{99999999999}",
        "(?i)ſ",
        "\\u{1F600}",
        "(?P<a>x)(?P=a)",
        "|" * 2_000,
        "(a|b|" * 500,
    ),
    *("\x7f", "(?#c)a", "\ud83d", "(?i)é|É", "", "^$", "\\", "a**", 5, None, [1], {}),
)
NUMBERS = ("1e999999999", "９", "0x1F", "NaN", "Infinity", "1_0", "", "-0", "1e3", " 5 ", None)
ODD = [
    *(tag(value=value) for value in VALUES),
    *(tag(tag="level", match="MATH_GE", value=value) for value in NUMBERS),
    *(tag(tag="level", match="MATH_GE", value=value, operation="SUM") for value in NUMBERS),
    *(tag(match=match) for match in ("regex", "", 5, None)),
    *(tag(tag=name) for name in ("", 5, "user", "user.level", "a" * 300)),
    *(tag(operation=name) for name in ("sum", "COUNT", 5)),
    *(changed(("hit_condition", "priority"), value) for value in (10**18, -5, "5", True, 1.5)),
    *(changed(("hit_condition", "relation"), value) for value in ("XOR", 5, "reserved", "Or")),
    *(changed(("hit_condition", "tags"), value) for value in ("x", [5], [None], [[]], {})),
    *(changed((key,), value) for key in ("hit_condition", "trigger") for value in ([], "x", 5)),
    *(trigger(time_window=value) for value in (10**18, -5, "30", True, 1.5)),
    *(trigger(reply_texts=value) for value in ("x", [5], [""], [], ["a"] * 50)),
    *(trigger(reply_order=value, reply_texts=["a", "b"]) for value in ("order", 5, "RANDOM")),
    *(trigger(reply_mode=value) for value in ("x", 5, "CALLBACK")),
    *(trigger(reply_audios=value) for value in ("x", [5], [{}])),
    *(rule_of(event_type=value) for value in ("1", 10**18, -1, True, None)),
    *(rule_of(rule_name=value) for value in ("", 5, "x" * 300, "\x1b[31m")),
    *(rule_of(enabled=value) for value in ("yes", 0, None)),
    *(rule_of(enabled_scenes=value) for value in ("x", [5], [])),
    *(5, None, [], "x"),
]


@pytest.mark.parametrize("number", range(len(ODD)))
def test_an_odd_rule_stops_nothing(number):
    rules = prepare_rules([ODD[number], CLEAN])
    events, problems = read_events(generated_recording(rules, 12, 1))
    assert problems == ()
    semantics = Semantics.assume({})
    results = Recording(rules, events).outcomes(semantics)
    assert any("price" in outcome.fires for outcomes in results for outcome in outcomes)
    assert trace(rules, events, 11, semantics, None)
    assert tags_held(rules, events, semantics, None)


def test_a_rule_that_is_no_object_does_not_move_the_places_of_others():
    rules = prepare_rules([None, 5, CLEAN])
    events, _ = read_events(generated_recording(rules, 12, 1))
    assert [rule.index for rule in rules] == [2]
    found = replay(prepare_rules([CLEAN]), rules, events, Semantics.assume({}))
    assert {one.change for one in found} == {"same"}
    assert any(one.after.outcomes[0].fires == ("price",) for one in found)

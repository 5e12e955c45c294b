"""`test`: rules judged under every reading that a test does not assume."""

import json
import xml.etree.ElementTree as ET

import jsonschema_rs
import pytest
import yaml

from reconciler.interaction_rules.schemas import rule_schemas
from tests.support.command_line import QUICKSTART, project, reconciler

GROUP = """
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {name: Questions}
spec:
  interaction_rules:
    - rule_name: price
      event_type: 1
      hit_condition: {relation: AND, priority: 1, tags: [{tag: content, match: REGEX, value: 多少钱}]}
      trigger: {time_window: 60, reply_mode: SYSTEM_REPLY, reply_texts: [It is on the card.]}
    - rule_name: hello
      event_type: 1
      hit_condition: {relation: AND, priority: 2, tags: [{tag: content, match: REGEX, value: hi}]}
      trigger: {time_window: 0, reply_mode: SYSTEM_REPLY, reply_texts: [Hello.]}
"""
HEAD = 'apiVersion: metastudio/v1\nkind: RuleTest\nsubject: InteractionRuleGroup["Questions"]\n'


def run(folder, tests, *arguments, head=HEAD):
    project(folder, {"rooms/a.yaml": GROUP, "rule-tests/a.yaml": head + tests})
    result = reconciler("-C", folder, "test", *arguments, "--format", "json")
    return result, valid(json.loads(result.out))


def valid(shape):
    jsonschema_rs.validate(rule_schemas()["rule-test-result.schema.json"], shape)
    return shape


def agrees(text):
    """Whether the schema that editors use takes a document."""
    return jsonschema_rs.is_valid(rule_schemas()["RuleTest.schema.json"], yaml.safe_load(text))


def results(shape):
    return [(case["name"], case["result"], case["depends_on"]) for case in shape["cases"]]


def test_the_quickstart_passes_and_every_rule_is_reached():
    result = reconciler("-C", QUICKSTART, "test", "-e", "demo", "--format", "json")
    shape = json.loads(result.out)
    assert result.code == 0
    assert shape["summary"] == {"passed": 6, "failed": 0, "undecided": 0}
    assert all(row["fired"] for row in shape["coverage"])


def test_a_case_passes_fails_or_names_the_settings_it_turns_on(tmp_path):
    result, shape = run(
        tmp_path,
        """
cases:
  - name: no such word
    events: [{at: 0s, comment: 在吗}]
    expect: nothing
  - name: search or full
    events: [{at: 0s, comment: 这个多少钱}]
    expect: {rule: price}
  - name: another rule
    events: [{at: 0s, comment: 多少钱}]
    expect: {rule: hello}
""",
    )
    assert result.code == 1
    assert results(shape) == [
        ("no such word", "passed", []),
        ("search or full", "undecided", ["regex_mode"]),
        ("another rule", "failed", []),
    ]
    assert [case["line"] for case in shape["cases"]] == [6, 9, 12]
    assert shape["summary"] == {"passed": 1, "failed": 1, "undecided": 1}


def test_an_assumed_setting_is_not_in_question_and_the_projects_is_no_help(tmp_path):
    tests = "\ncases:\n  - {name: a, events: [{at: 0s, comment: 这个多少钱}], expect: {reply: It is on the card.}}\n"
    _, shape = run(tmp_path, tests, head=HEAD + "assume: {regex_mode: search}\n")
    assert results(shape) == [("a", "passed", [])]
    folder = tmp_path / "other"
    project(
        folder, {"rooms/a.yaml": GROUP, "rule-tests/a.yaml": HEAD + tests}, more="semantics: {regex_mode: search}\n"
    )
    shape = json.loads(reconciler("-C", folder, "test", "--format", "json").out)
    assert results(shape) == [("a", "undecided", ["regex_mode"])]


def test_what_is_suppressed_later_can_be_expected(tmp_path):
    _, shape = run(
        tmp_path,
        """
cases:
  - name: price beats hello
    events:
      - {at: 0s, comment: 多少钱}
      - {at: 10s, comment: 多少钱, expect: {suppressed: price}}
      - {at: 2m, comment: 多少钱, expect: {rule: price}}
    expect: {rule: price, reply: It is on the card.}
""",
        head=HEAD + "assume: {regex_mode: full, window_scope: rule}\n",
    )
    assert results(shape) == [("price beats hello", "passed", [])]


@pytest.mark.parametrize(
    ("tests", "line", "said"),
    [
        ("\ncases: []\n", 5, "at least one case"),
        ("\ncases:\n  - {name: a, events: []}\n", 6, "at least one event"),
        ("\ncases:\n  - {name: a, events: [{at: soon, comment: x}], expect: nothing}\n", 6, "at: a time"),
        ("\ncases:\n  - {name: a, events: [{at: 0s, comment: x, gift: {}}], expect: nothing}\n", 6, "exactly one of"),
        (
            "\ncases:\n  - {name: a, events: [{at: 0s, comment: x, expect: nothing}], more: 1}\n",
            6,
            "not a key of a case",
        ),
        (
            "\ncases:\n  - name: a\n    events: [{at: 0s, join: {}, expect: nothing}]\n    expect: nothing\n",
            8,
            "the same",
        ),
        (
            "\nassume: {window_clock: arrival}\ncases:\n  - {name: a, events: [{at: 0s, like: {}, expect: nothing}]}\n",
            5,
            "cannot be computed",
        ),
        (
            "\nassume: {regex_mod: full}\ncases:\n  - {name: a, events: [{at: 0s, like: {}, expect: nothing}]}\n",
            5,
            "not a setting",
        ),
    ],
)
def test_every_mistake_of_a_test_file_is_told_at_its_line(tmp_path, tests, line, said):
    result, shape = run(tmp_path, tests)
    assert result.code == 1
    assert shape["cases"] == []
    assert [(one["line"], said in one["message"]) for one in shape["diagnostics"]] == [(line, True)]


def test_a_subject_that_no_manifest_declares_is_told_with_the_nearest(tmp_path):
    head = HEAD.replace("Questions", "Question")
    result, shape = run(tmp_path, "cases: [{name: a, events: [{at: 0s, comment: x, expect: nothing}]}]\n", head=head)
    assert result.code == 1
    assert [(one["line"], one["code"]) for one in shape["diagnostics"]] == [(3, "E_TEST_SUBJECT")]
    assert 'did you mean InteractionRuleGroup["Questions"]?' in shape["diagnostics"][0]["hint"]


def test_cases_are_chosen_by_name_and_the_first_failure_may_end_it(tmp_path):
    tests = """
cases:
  - {name: one, events: [{at: 0s, comment: x, expect: {rule: price}}]}
  - {name: two, events: [{at: 0s, comment: x, expect: {rule: price}}]}
  - {name: other, events: [{at: 0s, comment: x, expect: nothing}]}
"""
    assert [row[0] for row in results(run(tmp_path, tests, "--run", "o*")[1])] == ["one", "other"]
    assert [row[0] for row in results(run(tmp_path, tests, "-k", "t")[1])] == ["two", "other"]
    assert [row[0] for row in results(run(tmp_path, tests, "-x")[1])] == ["one"]


def test_coverage_may_be_demanded_and_junit_tells_each_case(tmp_path):
    tests = "cases: [{name: a, events: [{at: 0s, comment: 多少钱, expect: {rule: price}}]}]\n"
    report = tmp_path / "out.xml"
    assert run(tmp_path, tests, "--fail-under", "51")[0].code == 1
    assert run(tmp_path, tests, "--fail-under", "50", "--report", f"junit={report}")[0].code == 0
    (case,) = ET.parse(report).getroot().findall("testcase")
    assert case.attrib == {"classname": "rule-tests/a.yaml", "name": "a", "file": "rule-tests/a.yaml", "line": "4"}


def test_several_subjects_must_each_give_what_is_expected(tmp_path):
    other = GROUP.replace("Questions", "More").replace("多少钱", "价格")
    head = HEAD.replace('["Questions"]', '["Questions"]').replace(
        'subject: InteractionRuleGroup["Questions"]',
        "subject: ['InteractionRuleGroup[\"Questions\"]', 'InteractionRuleGroup[\"More\"]']",
    )
    tests = "cases: [{name: a, events: [{at: 0s, comment: 多少钱, expect: {rule: price}}]}]\n"
    project(tmp_path, {"rooms/a.yaml": GROUP, "rooms/b.yaml": other, "rule-tests/a.yaml": head + tests})
    shape = json.loads(reconciler("-C", tmp_path, "test", "--format", "json").out)
    assert results(shape) == [("a", "failed", [])]
    assert "More" in shape["cases"][0]["message"]


GOOD = """
assume: {suppressed: consumes}
cases:
  - name: a
    scene: opening
    events:
      - {at: 0s, comment: hi 多少钱, user: {level: 17}}
      - {at: 10.5s, join: {}, expect: nothing}
      - {at: 2m, gift: {giftName: rose}, expect: {suppressed: price}}
      - {at: 2m, type: 6, content: {numberOfViewers: 5}, expect: {rules: [price, hello], reply: x}}
    expect: {rule: price}
"""


def test_an_editor_takes_what_test_takes(tmp_path):
    _, shape = run(tmp_path, GOOD)
    assert "diagnostics" not in shape
    assert agrees(HEAD + GOOD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("suppressed: consumes", "suppressed: always"),
        ("suppressed: consumes", "window_clock: arrival"),
        ("suppressed: consumes", "no_setting: x"),
        ("at: 0s", "at: 0"),
        ("at: 0s, comment", "comment"),
        ("join: {}", "join: {}, like: {}"),
        ("join: {}", "join: {x: 1}"),
        ("expect: nothing", "expect: something"),
        ("expect: {suppressed: price}", "expect: {}"),
        ("rules: [price, hello]", "rule: price, rules: [price, hello]"),
        ("type: 6", "type: many"),
        ("name: a", "title: a"),
    ],
)
def test_an_editor_refuses_what_test_refuses(tmp_path, old, new):
    text = GOOD.replace(old, new)
    result, shape = run(tmp_path, text)
    assert result.code == 1
    assert shape["diagnostics"]
    assert not agrees(HEAD + text)


WRONG = """
cases:
  - name: wrong
    events: [{at: 0s, comment: 多少钱}, {at: 1s, comment: 多少钱, expect: {rule: hello}}]
"""


def test_a_failure_tells_each_rule_each_tag_its_value_and_why(tmp_path):
    project(tmp_path, {"rooms/a.yaml": GROUP, "rule-tests/a.yaml": HEAD + WRONG})
    said = reconciler("-C", tmp_path, "test").out.splitlines()
    told = [line.strip() for line in said if "price" in line or "REGEX" in line or "hello" in line]
    assert told == [
        "event 2: expected rules hello",
        "got nothing (suppressed: price)",
        "price (priority 1): holds, window closed",
        "content REGEX '多少钱': value '多少钱': holds",
        "hello (priority 2): does not hold",
        "content REGEX 'hi': value '多少钱': does not hold",
    ]


def test_a_trace_names_the_construct_on_which_engines_differ(tmp_path):
    group = GROUP.replace("value: hi", "value: '\\\\d+'").replace("'\\\\d+'", "'\\d+'")
    tests = "\ncases:\n  - {name: a, events: [{at: 0s, comment: '17'}], expect: {rule: hello}}\n"
    project(tmp_path, {"rooms/a.yaml": group, "rule-tests/a.yaml": HEAD + tests})
    said = reconciler("-C", tmp_path, "test").out
    assert "content REGEX '\\\\d+': value '17': not known (engines differ on \\d)" in said


def test_coverage_has_rules_and_tags_with_their_lines(tmp_path):
    tests = "\ncases:\n  - {name: a, events: [{at: 0s, comment: 多少钱}], expect: {rule: price}}\n"
    project(tmp_path, {"rooms/a.yaml": GROUP, "rule-tests/a.yaml": HEAD + tests})
    said = [line.strip() for line in reconciler("-C", tmp_path, "test", "--coverage").out.splitlines()]
    assert "price  1 event  (rooms/a.yaml:7:18)" in said
    assert "content REGEX 多少钱  holds for 1 event  (rooms/a.yaml:9:58)" in said
    assert "hello  never  (rooms/a.yaml:11:18)" in said
    assert "content REGEX hi  never holds  (rooms/a.yaml:13:58)" in said
    assert "50 % of 2 rules; 1 of 2 tags held" in said
    assert reconciler("-C", tmp_path, "test", "--fail-under", "51").code == 1
    assert reconciler("-C", tmp_path, "test", "--fail-under", "50").code == 0


ODD = "\ncases:\n  - {name: a, events: [EVENT], expect: nothing}\n"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("{at: " + "9" * 400 + "s, comment: x}", "after the year 2099"),
        ("{at: 99999999999h, comment: x}", "after the year 2099"),
        ("{at: 0s, type: 999, content: {}}", "from 0 to 100"),
        ("{at: 0s, type: -1, content: {}}", "from 0 to 100"),
    ],
)
def test_values_that_no_event_holds_are_told_at_their_line(tmp_path, event, said):
    result, shape = run(tmp_path, ODD.replace("EVENT", event))
    (problem,) = shape["diagnostics"]
    assert (result.code, problem["code"], problem["line"]) == (1, "E_TEST", 6)
    assert said in problem["message"]


def test_a_number_with_a_point_is_text_as_in_manifests_and_one_in_json_is_a_number(tmp_path):
    group = GROUP.replace("{tag: content, match: REGEX, value: hi}", '{tag: level, match: MATH_GE, value: "17"}')
    tests = """
cases:
  - {name: plain, events: [{at: 0s, comment: x, user: {level: 17.5}, expect: nothing}]}
  - {name: json, events: [{at: 0s, type: 1, content: '{"user": {"level": 17.5}}', expect: {rule: hello}}]}
"""
    project(tmp_path, {"rooms/a.yaml": group, "rule-tests/a.yaml": HEAD + "assume: {math_on_text: no-match}\n" + tests})
    shape = valid(json.loads(reconciler("-C", tmp_path, "test", "--format", "json").out))
    assert [case["result"] for case in shape["cases"]] == ["passed", "passed"]


def test_a_scene_that_is_no_name_is_told(tmp_path):
    _, shape = run(tmp_path, ODD.replace("EVENT", "{at: 0s, comment: x}").replace("name: a", "name: a, scene: 5"))
    assert [problem["message"] for problem in shape["diagnostics"]] == ["scene: a scene's name"]


def test_a_rule_that_does_not_exist_is_named_with_the_closest(tmp_path):
    tests = "\ncases:\n  - {name: a, events: [{at: 0s, comment: x}], expect: {rule: prise}}\n"
    _, shape = run(tmp_path, tests)
    (case,) = shape["cases"]
    assert case["result"] == "failed"
    assert "InteractionRuleGroup[\"Questions\"] has no rule 'prise': did you mean price?" in case["message"]

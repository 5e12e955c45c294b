"""A slip in the quickstart's rules makes a test of it fail, or a lint speak."""

import json
import shutil

import pytest

from tests.support.command_line import QUICKSTART, reconciler

RULES, VALUES, WELCOME = "shared/rules.yaml.j2", "values/common.yaml", "rule-groups/welcome.yaml"
MUTATIONS = {
    "a bar left over": (VALUES, '"龙井|longjing"', '"龙井|longjing|"'),
    "a full-width bar": (VALUES, '"普洱|pu\'?er"', '"普洱｜puer"'),
    "a keyword that matches all": (VALUES, '"茉莉|jasmine"', '".*"'),
    "EQUAL for REGEX": (RULES, "match: REGEX", "match: EQUAL"),
    "another tag": (RULES, "tag: content", "tag: level"),
    "another event": (RULES, "event_type: 1", "event_type: 3"),
    "RESERVED for OR": (RULES, "relation: OR", "relation: RESERVED"),
    "a window of -1": (RULES, "time_window: {{ window }}", "time_window: -1"),
    "a window of 0": (RULES, "time_window: {{ window }}", "time_window: 0"),
    "no window": (RULES, "    time_window: {{ window }}\n", ""),
    "switched off": (RULES, "event_type: 1", "enabled: false\n  event_type: 1"),
    "a layer without a layer": (RULES, "reply_mode: SYSTEM_REPLY", "reply_mode: SHOW_LAYER"),
    "a comparison turned round": (WELCOME, "MATH_GE", "MATH_LT"),
    "a reply left empty": (WELCOME, '"欢迎来到茶馆！"', '""'),
    "replies swapped": (
        WELCOME,
        '"欢迎来到茶馆！", "Welcome to the tea house!"',
        '"Welcome to the tea house!", "欢迎来到茶馆！"',
    ),
    "a stronger rule that answers first": (
        WELCOME,
        "    - rule_name: greet\n",
        "    - rule_name: wave\n      event_type: 2\n"
        "      hit_condition: {relation: AND, priority: 1, tags: [{tag: level, match: MATH_GE, value: '1'}]}\n"
        "      trigger: {time_window: 60, reply_mode: SYSTEM_REPLY, reply_texts: [Hello.]}\n"
        "    - rule_name: greet\n",
    ),
}


def spoken(folder):
    """Return the names of cases that do not pass, and the codes of lints."""
    test = json.loads(reconciler("-C", folder, "test", "-e", "demo", "--format", "json").out)
    validation = json.loads(reconciler("-C", folder, "validate", "-e", "demo", "--format", "json").out)
    problems = [one["code"] for one in (*validation["diagnostics"], *test.get("diagnostics", ()))]
    return [case["name"] for case in test["cases"] if case["result"] != "passed"], problems


def test_the_quickstart_itself_is_clean():
    assert spoken(QUICKSTART) == ([], [])


@pytest.mark.parametrize("slip", MUTATIONS)
def test_a_slip_in_a_rule_does_not_stay_silent(tmp_path, slip):
    shutil.copytree(QUICKSTART, tmp_path / "shop", ignore=shutil.ignore_patterns(".reconciler"))
    name, old, new = MUTATIONS[slip]
    path = tmp_path / "shop" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    failed, lints = spoken(tmp_path / "shop")
    assert failed or lints

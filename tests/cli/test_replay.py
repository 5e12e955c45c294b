"""`replay`: a recording through earlier and declared rules."""

import json

import pytest

from tests.support.command_line import project, reconciler

GROUP = """
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {{name: Questions}}
spec:
  interaction_rules:
    - rule_name: price
      event_type: 1
      hit_condition: {{relation: AND, priority: 1, tags: [{{tag: content, match: REGEX, value: "{word}"}}]}}
      trigger: {{time_window: {window}, reply_mode: SYSTEM_REPLY, reply_texts: ["{reply}"]}}
"""
ASSUMED = "semantics: {regex_mode: search, regex_case: sensitive, window_edge: closed, window_scope: rule, "
ASSUMED += "window_start: last-fire, suppressed: falls-through}\n"


def seed(word, reply="On the card.", window=0):
    rule = {
        "rule_name": "price",
        "event_type": 1,
        "hit_condition": {
            "relation": "AND",
            "priority": 1,
            "tags": [{"tag": "content", "match": "REGEX", "value": word}],
        },
        "trigger": {"time_window": window, "reply_mode": "SYSTEM_REPLY", "reply_texts": [reply]},
    }
    return json.dumps({"interaction_rule_groups": [{"group_name": "Questions", "interaction_rules": [rule]}]})


def events(folder, *comments, step=1000):
    path = folder / "events.jsonl"
    rows = [
        {"timestamp": 1_767_225_600_000 + number * step, "type": 1, "content": json.dumps({"content": text})}
        for number, text in enumerate(comments)
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return path


def replayed(folder, *arguments, live="price", word="price", reply="On the card.", window=0, comments=("price", "hi")):
    manifest = GROUP.format(word=word, reply=reply, window=window)
    project(folder, {"rooms/a.yaml": manifest}, seed=seed(live, window=window), more=ASSUMED)
    events(folder, *comments)
    result = reconciler("-C", folder, "replay", "events.jsonl", "--format", "json", *arguments)
    return result, json.loads(result.out)


def classes(shape):
    return [(event["index"], event["class"], event["direct"]) for event in shape["events"]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [(0, "same", False), (1, "same", False)]),
        ({"reply": "96 yuan."}, [(0, "changed", True), (1, "same", False)]),
        ({"word": "price|"}, [(0, "same", False), (1, "answered", True)]),
        ({"word": "cost"}, [(0, "silent", True), (1, "same", False)]),
    ],
)
def test_each_event_is_told_by_how_it_differs(tmp_path, changes, expected):
    result, shape = replayed(tmp_path, **changes)
    assert result.code == 0, result.err
    assert classes(shape) == expected


def test_a_window_that_moved_is_a_knock_on_of_the_wider_keyword(tmp_path):
    _, shape = replayed(tmp_path, word="price|hi", window=60, comments=("hi", "price"))
    assert classes(shape) == [(0, "answered", True), (1, "silent", False)]
    assert shape["events"][1]["after"]["outcomes"] == [{"fires": [], "suppressed": ["price"], "replies": []}]


def test_the_manifests_alone_have_no_before(tmp_path):
    _, shape = replayed(tmp_path, "--against", "none")
    first = shape["events"][0]
    assert (first["before"], first["class"], first["direct"]) == (None, None, None)
    assert first["after"] == {
        "outcomes": [{"fires": ["price"], "suppressed": [], "replies": [["On the card."]]}],
        "depends_on": [],
    }


def test_a_setting_that_is_not_assumed_is_swapped(tmp_path):
    manifest = GROUP.format(word="price", reply="x", window=0)
    project(tmp_path, {"rooms/a.yaml": manifest}, seed=seed("price"))
    events(tmp_path, "the price")
    shape = json.loads(
        reconciler("-C", tmp_path, "replay", "events.jsonl", "--against", "none", "--format", "json").out
    )
    after = shape["events"][0]["after"]
    assert after["depends_on"] == ["regex_mode"]
    assert [outcome["fires"] for outcome in after["outcomes"]] == [["price"], []]


def test_a_plan_and_a_snapshot_hold_the_earlier_rules_too(tmp_path):
    replayed(tmp_path, word="cost")
    assert reconciler("-C", tmp_path, "plan", "--out", str(tmp_path / "plan.json")).code == 0
    assert reconciler("-C", tmp_path, "snapshot", "-o", str(tmp_path / "live.json")).code == 0
    for source in (("plan", tmp_path / "plan.json"), ("snapshot", tmp_path / "live.json")):
        run = reconciler("-C", tmp_path, "replay", "events.jsonl", "--against", *source, "--format", "json")
        assert run.code == 0, run.err
        assert classes(json.loads(run.out)) == [(0, "silent", True), (1, "same", False)]


def test_a_change_may_fail_the_run(tmp_path):
    assert replayed(tmp_path, "--fail-on", "changed")[0].code == 0
    assert replayed(tmp_path, "--fail-on", "changed", word="cost")[0].code == 2


def test_comments_are_shown_only_where_asked(tmp_path):
    replayed(tmp_path, word="cost")
    quiet = reconciler("-C", tmp_path, "replay", "events.jsonl", "--format", "markdown")
    shown = reconciler("-C", tmp_path, "replay", "events.jsonl", "--format", "markdown", "--show-text")
    assert "event 0" in quiet.out
    assert "'price'" not in quiet.out
    assert "'price'" in shown.out


@pytest.mark.parametrize(
    ("text", "line"),
    [("{}\n", 1), ('{"timestamp": 1, "type": 1}\nnonsense\n', 2), ('{"timestamp": -1, "type": 1}\n', 1)],
)
def test_a_recording_that_cannot_be_read_is_told_at_its_line(tmp_path, text, line):
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="a", reply="b", window=0)})
    (tmp_path / "events.jsonl").write_text(text, encoding="utf-8")
    run = reconciler("-C", tmp_path, "replay", "events.jsonl", "--against", "none")
    assert run.code == 1
    assert f"events.jsonl:{line}: " in run.err

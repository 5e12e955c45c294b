"""`replay`: a recording through earlier and declared rules."""

import json

import jsonschema_rs
import pytest

from reconciler.interaction_rules.schemas import rule_schemas
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
    return result, valid(json.loads(result.out))


def valid(shape):
    jsonschema_rs.validate(rule_schemas()["replay.schema.json"], shape)
    return shape


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


def wire(timestamp, kind, **content):
    return {"timestamp": timestamp, "type": kind, "content": json.dumps(content, ensure_ascii=False)}


SAID = wire(1_767_225_600_000, 1, user={"userId": "u-77", "name": "Ann", "level": 17, "badge": "fans"}, content="price")
ASKED = wire(1_767_225_601_000, 1, user={"userId": "u-77", "name": "Ann", "phone": "555"}, content="@Ann the price")
LOOKED = wire(1_767_225_602_000, 1, user={"userId": "u-8", "name": "Bo"}, content="@Bob hi")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([SAID, ASKED, LOOKED]),
        json.dumps({"total": 3, "events": [SAID, ASKED, LOOKED], "review_config": {"no_need_review": False}}),
        json.dumps({"total": 3, "events": [SAID, ASKED, LOOKED]}, indent=2),
        "\r\n".join(json.dumps({"total": 1, "events": [one]}) for one in (SAID, ASKED, LOOKED)),
        f"{json.dumps({'total': 2, 'events': [SAID, ASKED]})}\n\n{json.dumps(LOOKED)}",
    ],
    ids=["array", "body", "indented body", "a body a line", "a body and a line"],
)
def test_every_shape_of_a_recording_is_read_alike(tmp_path, text):
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="price", reply="x", window=0)}, more=ASSUMED)
    (tmp_path / "events.json").write_text(text, encoding="utf-8")
    run = reconciler("-C", tmp_path, "replay", "events.json", "--against", "none", "--format", "json")
    assert run.code == 0, run.err
    shape = valid(json.loads(run.out))
    assert [[one["fires"] for one in event["after"]["outcomes"]] for event in shape["events"]] == [
        [["price"]],
        [["price"]],
        [[]],
    ]


def test_no_report_of_a_replay_holds_an_id_or_a_name_of_a_viewer(tmp_path):
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="cost", reply="x", window=0)}, seed=seed("price"))
    (tmp_path / "events.json").write_text(json.dumps([SAID, LOOKED]), encoding="utf-8")
    for form in ("text", "json", "markdown", "html"):
        run = reconciler("-C", tmp_path, "replay", "events.json", "--format", form, "--show-text")
        assert run.code == 0, run.err
        assert "u-77" not in run.out + run.err
        assert "Ann" not in run.out + run.err


def anonymised(folder, *rows):
    (folder / "in.json").write_text(json.dumps({"total": len(rows), "events": rows}), encoding="utf-8")
    run = reconciler("-C", folder, "replay", "--anonymise", "in.json", "out.jsonl")
    assert run.code == 0, run.err
    return run, (folder / "out.jsonl").read_text(encoding="utf-8")


def test_an_anonymised_recording_keeps_what_rules_look_at_and_nobody(tmp_path):
    run, text = anonymised(tmp_path, SAID, ASKED, LOOKED)
    assert not [word for word in ("u-77", "u-8", "Ann", "fans", "555", "@Bob") if word in text]
    assert "1 phone" in run.err
    assert "3 name" in run.err
    said, asked, looked = (json.loads(row["content"]) for row in json.loads(text)["events"])
    assert said["user"]["userId"] == asked["user"]["userId"] != looked["user"]["userId"]
    assert said["user"]["level"] == 17
    assert asked["content"] == "@viewer the price"
    assert anonymised(tmp_path, SAID)[1] not in text


def test_an_anonymised_recording_replays_as_the_original_does(tmp_path):
    anonymised(tmp_path, SAID, ASKED, LOOKED)
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="price", reply="x", window=30)})
    shapes = [
        reconciler("-C", tmp_path, "replay", name, "--against", "none", "--format", "json").out
        for name in ("in.json", "out.jsonl")
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_a_plan_tells_what_a_recording_leads_to(tmp_path, form):
    replayed(tmp_path, word="cost")
    run = reconciler("-C", tmp_path, "plan", "--events", "events.jsonl", "--format", form)
    assert run.code == 0, run.err
    assert "1 silent now" in run.out
    assert "1 silent now" not in reconciler("-C", tmp_path, "plan", "--format", form).out


@pytest.mark.parametrize("budget", [65_000, 2_000, 500])
def test_the_comment_of_a_plan_holds_the_replay_within_its_budget(tmp_path, budget):
    replayed(tmp_path, word="cost")
    run = reconciler("-C", tmp_path, "plan", "--events", "events.jsonl", "--format", "json")
    (tmp_path / "plan.json").write_text(run.out, encoding="utf-8")
    comment = reconciler("-C", tmp_path, "comment", "plan.json", "--dry-run", "--budget", str(budget))
    assert comment.code == 0, comment.err
    assert len(comment.out.encode()) <= budget
    assert ("1 silent now" in comment.out) is (budget > 500)


def test_a_plan_that_changes_no_rules_says_so(tmp_path):
    replayed(tmp_path)
    run = reconciler("-C", tmp_path, "plan", "--events", "events.jsonl")
    assert "No resource with rules changes" in run.out


def test_a_replay_without_a_recording_is_refused(tmp_path):
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="a", reply="b", window=0)})
    run = reconciler("-C", tmp_path, "replay")
    assert run.code == 1
    assert "needs a recording" in run.err


def crowded(word):
    rules = "".join(
        f"""
    - rule_name: r{number}
      event_type: 1
      hit_condition: {{relation: AND, tags: [{{tag: content, match: REGEX, value: "{word}"}}]}}
      trigger: {{time_window: 0, reply_mode: SYSTEM_REPLY, reply_texts: ["t{number}"]}}"""
        for number in range(6)
    )
    return GROUP[: GROUP.index("    - rule_name")].format() + rules.lstrip("\n") + "\n"


def crowd(word):
    shape = json.loads(seed(word))
    (rule,) = shape["interaction_rule_groups"][0]["interaction_rules"]
    del rule["hit_condition"]["priority"]
    rules = [
        {**rule, "rule_name": f"r{number}", "trigger": {**rule["trigger"], "reply_texts": [f"t{number}"]}}
        for number in range(6)
    ]
    shape["interaction_rule_groups"][0]["interaction_rules"] = rules
    return json.dumps(shape)


def test_nobody_says_how_an_undecidable_event_differs(tmp_path):
    project(tmp_path, {"rooms/a.yaml": crowded("price")}, seed=seed("price"), more="semantics: {dispatch: all}\n")
    events(tmp_path, "price", "hi")
    command = ("-C", tmp_path, "replay", "events.jsonl", "--fail-on", "changed")
    run = reconciler(*command, "--format", "json")
    shape = valid(json.loads(run.out))
    assert classes(shape) == [(0, None, None), (1, "same", False)]
    assert shape["events"][0]["after"]["undecidable"] is True
    assert shape["summary"]["undecidable"] == 1
    assert [shape["summary"][name] for name in ("same", "changed", "silent", "answered")] == [1, 0, 0, 0]
    assert run.code == 2
    assert "1 undecidable" in reconciler(*command).out


def test_the_same_rules_lead_to_the_same_though_it_is_undecidable(tmp_path):
    project(tmp_path, {"rooms/a.yaml": crowded("price")}, seed=crowd("price"), more="semantics: {dispatch: all}\n")
    events(tmp_path, "price", "hi")
    run = reconciler("-C", tmp_path, "replay", "events.jsonl", "--fail-on", "changed", "--format", "json")
    assert classes(valid(json.loads(run.out))) == [(0, "same", False), (1, "same", False)]
    assert run.code == 0


def test_every_problem_of_every_recording_is_told_with_a_code(tmp_path):
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="a", reply="b", window=0)})
    (tmp_path / "one.jsonl").write_text('nope\n{"timestamp": 1}\n{"timestamp": -1}\n', encoding="utf-8")
    (tmp_path / "two.jsonl").write_bytes('{"timestamp": 1}\n"é"'.encode("latin-1"))
    run = reconciler("-C", tmp_path, "replay", "one.jsonl", "two.jsonl", "--against", "none")
    assert run.code == 1
    told = [
        line.split(str(tmp_path) + "/")[-1].split(": ")[:2] for line in run.err.splitlines() if ":1: E_EVENTS: " in line
    ]
    assert told == [["one.jsonl:1:1", "E_EVENTS"], ["one.jsonl:3:1", "E_EVENTS"], ["two.jsonl:2:1", "E_EVENTS"]]


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "json", "junit", "sarif", "github", "gitlab"])
def test_hostile_names_and_texts_stay_data_in_every_format(tmp_path, format_):
    name = "</title><script>alert(1)</script> ](x) `a` ::error::"
    manifest = GROUP.format(word="cost", reply="x", window=0).replace(
        "rule_name: price", f"rule_name: {json.dumps(name)}"
    )
    project(tmp_path, {"rooms/a.yaml": manifest}, seed=seed("price"))
    events(tmp_path, "\x1b[31m<img src=x> price", "cost\u202e")
    run = reconciler("-C", tmp_path, "replay", "events.jsonl", "--format", format_, "--show-text")
    assert run.code == 0, run.err
    assert "\x1b" not in run.out
    assert "\u202e" not in run.out or format_ == "json"
    if format_ == "html":
        assert "<script>alert" not in run.out
        assert "<img" not in run.out

"""`events generate`: recordings made from rules."""

import json
from collections import Counter

from tests.cli.test_replay import ASSUMED, GROUP, valid
from tests.support.command_line import QUICKSTART, project, reconciler

WELCOME = 'InteractionRuleGroup["Tea house welcome"]'


def generated(folder, *arguments):
    run = reconciler("-C", folder, "events", "generate", *arguments)
    assert run.code == 0, run.err
    return run.out


def test_the_same_seed_makes_the_same_recording_and_another_makes_another(tmp_path):
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="price|cost", reply="x", window=0)})
    first = generated(tmp_path, "--count", "50", "--seed", "3")
    assert first == generated(tmp_path, "--count", "50", "--seed", "3")
    assert first != generated(tmp_path, "--count", "50", "--seed", "4")
    assert len(first.splitlines()) == 50


def test_some_events_match_and_some_do_not_and_timestamps_ascend(tmp_path):
    manifest = GROUP.format(word="(price|cost) of tea[0-9]{2}", reply="x", window=0)
    project(tmp_path, {"rooms/a.yaml": manifest}, more=ASSUMED)
    generated(tmp_path, "--count", "300", "-o", "made.jsonl")
    run = reconciler("-C", tmp_path, "replay", "made.jsonl", "--against", "none", "--format", "json")
    shape = valid(json.loads(run.out))
    fired = Counter(event["after"]["outcomes"][0]["fires"] == ["price"] for event in shape["events"])
    assert fired[True] > 60
    assert fired[False] > 60
    assert "not ascending" not in run.err


def test_every_rule_of_the_quickstart_can_be_reached(tmp_path):
    target = tmp_path / "made.jsonl"
    generated(QUICKSTART, "-e", "demo", "--subject", WELCOME, "--count", "40", "-o", target)
    shape = json.loads(
        reconciler(
            "-C",
            QUICKSTART,
            "replay",
            target,
            "-e",
            "demo",
            "--subject",
            WELCOME,
            "--against",
            "none",
            "--format",
            "json",
        ).out
    )
    assert {name for row in shape["events"] for one in row["after"]["outcomes"] for name in one["fires"]} == {"greet"}


def test_the_count_is_bounded(tmp_path):
    project(tmp_path, {"rooms/a.yaml": GROUP.format(word="a", reply="b", window=0)})
    assert reconciler("-C", tmp_path, "events", "generate", "--count", "0").code == 1

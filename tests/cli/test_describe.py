"""`describe`: one live object with its fields, its rules in words, its owner and its changes."""

import json
from pathlib import Path

import pytest
import yaml

from tests.support.command_line import QUICKSTART, project, reconciler, room

GROUP = 'InteractionRuleGroup["Tea house questions"]'
SENTENCE = (
    'on comments where content matches "龙井|longjing", replies one of "Longjing is 128 yuan a tin.", '
    '"Only 128 yuan for Longjing today!" at random, at most once in 30 s'
)


def described(*words: object, code: int = 0) -> str:
    run = reconciler("-C", QUICKSTART, "describe", *words, "-e", "demo")
    assert run.code == code, run.err
    return run.out if code == 0 else run.err


@pytest.mark.parametrize(
    "words",
    [
        (GROUP,),
        ("Tea house questions",),
        ("26f06524-4f75-4b3a-a853-b649a21aaf02",),
        (f"{GROUP}@26f06524-4f75-4b3a-a853-b649a21aaf02",),
        ("rule-group", "Tea house questions"),
        ("InteractionRuleGroup", "26f06524-4f75-4b3a-a853-b649a21aaf02"),
    ],
)
def test_an_object_is_found_by_address_name_or_id(words):
    assert described(*words).splitlines()[0] == GROUP


def test_the_text_has_place_fields_rules_in_words_and_changes():
    told = described(GROUP)
    assert "Declared:    rule-groups/questions.yaml:6" in told
    assert "Labels:      team=shop" in told
    assert '  group_id: "26f06524-4f75-4b3a-a853-b649a21aaf02"' in told
    assert f"  - price of Longjing: {SENTENCE}\n" in told
    assert "Interaction rules (3)" in told
    assert told.endswith("Last changes\n  none in the ledger\n")


def test_json_and_yaml_hold_everything_that_was_read():
    document = json.loads(described(GROUP, "-o", "json"))
    assert yaml.safe_load(described(GROUP, "-o", "yaml")) == document
    assert document["complete"] is True
    assert document["object"]["values"]["interaction_rules"][0]["rule_name"] == "price of Longjing"
    assert document["sentences"]["interaction_rules"][0] == f"price of Longjing: {SENTENCE}"
    assert (document["changes"], document["prevent_destroy"], document["labels"]) == ([], False, {"team": "shop"})


def test_a_room_has_the_fields_of_its_row_and_of_its_show():
    values = json.loads(described("room", "Tea house morning show", "-o", "json"))["object"]["values"]
    assert values["video_config"]["width"] == 1080
    assert values["project_id"] == "0" * 32


MISSING = [
    (("Tea house question",), "E_NOT_FOUND", "did you mean"),
    (('SmartLiveRoom["Tea house evening show"]',), "it is declared at rooms/shows.yaml:", "E_NOT_FOUND"),
    (("a", "b", "c"), "describe takes one object", "E_USAGE"),
    (("pod", "x"), "E_KIND_UNKNOWN", "rule-groups, rooms"),
]


@pytest.mark.parametrize(("words", "reason", "hint"), MISSING)
def test_what_is_not_live_is_an_error_with_a_hint(words, reason, hint):
    told = described(*words, code=1)
    assert reason in told
    assert hint in told


def test_a_name_that_two_objects_have_is_ambiguous(tmp_path: Path):
    rooms = [{"room_id": "a", "room_name": "Same"}, {"room_id": "b", "room_name": "Same"}]
    folder = project(tmp_path, {"rooms/x.yaml": room("Other")}, seed=json.dumps({"smart_live_rooms": rooms}))
    run = reconciler("-C", folder, "describe", "Same")
    assert run.code == 1
    assert "E_NAME_AMBIGUOUS: Same names 2 objects" in run.err
    assert "describe SmartLiveRoom a or SmartLiveRoom b" in run.err
    assert reconciler("-C", folder, "describe", "SmartLiveRoom", "b").out.startswith('SmartLiveRoom["Same"]')


def test_secrets_are_redacted_in_every_form(tmp_path: Path):
    secret = "rtmp-key-31415926"
    seed = {"smart_live_rooms": [{"room_id": "a", "room_name": "R", "stream_keys": [secret], "priv_data": "x"}]}
    folder = project(tmp_path, {}, seed=json.dumps(seed))
    for form in ("text", "json", "yaml"):
        run = reconciler("-C", folder, "describe", "R", "-o", form)
        assert run.code == 0, run.err
        assert "stream_keys" in run.out
        assert secret not in run.out


def test_a_list_that_is_not_proven_is_told(tmp_path: Path):
    seed = {
        "smart_live_rooms": [{"room_id": "a", "room_name": "R"}, {"room_id": "b", "room_name": "S"}],
        "faults": [{"short": 1, "match": {"operation": "list", "kind": "SmartLiveRoom"}}],
    }
    folder = project(tmp_path, {}, seed=json.dumps(seed))
    found = {name: reconciler("-C", folder, "describe", "room", name) for name in "RS"}
    assert sorted(run.code for run in found.values()) == [1, 3]
    assert all("E_READ_INCOMPLETE" in run.err or "not proven to be complete" in run.err for run in found.values())

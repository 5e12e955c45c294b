"""The project file: every problem at once, each at its place, with the key that was meant."""

from pathlib import Path

import pytest

from reconciler.errors import ManifestError
from reconciler.project.config_file import load_project, parse_project
from tests.support.command_line import QUICKSTART

DEMO = 'environments: {demo: {endpoint: "simulator:live.yaml"}}\n'


def problems(text):
    with pytest.raises(ManifestError) as caught:
        parse_project(text.encode(), root=Path())
    return {(str(one.position), one.code): f"{one.message} {one.hint}" for one in caught.value.diagnostics}


def test_the_quickstart_is_read_as_written():
    project = load_project(QUICKSTART)
    assert project.name == "quickstart"
    assert project.environments["demo"].seed == "live.yaml"
    assert project.environments["production"].url == "https://metastudio.cn-north-4.myhuaweicloud.com"
    assert project.environments["production"].flow == "aksk"
    assert project.environments["demo"].flow == "none"


def test_every_unknown_key_is_told_at_once_with_the_one_that_was_meant():
    found = problems("manifets: [rooms]\nmanifests: [rooms]\nenvironments:\n  demo: {endpont: x, prun: owned}\n")
    assert "did you mean `manifests`?" in found["reconciler.yaml:1:1", "E_PROJECT_KEY"]
    assert "did you mean `endpoint`?" in found["reconciler.yaml:4:10", "E_PROJECT_KEY"]
    assert "did you mean `prune`?" in found["reconciler.yaml:4:22", "E_PROJECT_KEY"]


SCOPED = "manifests: [rooms]\nenvironments:\n  demo:\n    endpoint: simulator:x\n    scope: "


def test_a_scope_names_fields_of_kinds_and_their_values():
    scope = parse_project(f"{SCOPED}{{fields: {{room_type: [NORMAL, TEMPLATE]}}}}\n".encode(), root=Path())
    assert scope.environments["demo"].scope.values_by_field == {"room_type": {"NORMAL", "TEMPLATE"}}


@pytest.mark.parametrize(
    ("scope", "place", "said"),
    [
        ("{room_types: [NORMAL]}", "5:13", "write it as `fields: {room_type: [NORMAL]}`"),
        ("{fields: {romtype: [NORMAL]}}", "5:22", "must name a scope field (room_type), not romtype"),
        ("{fields: {room_type: []}}", "5:33", "at least 1 entry"),
        ("{fields: [room_type]}", "5:21", "must be a mapping"),
    ],
)
def test_a_scope_that_no_kind_can_have_is_told_at_its_place(scope, place, said):
    (told,) = problems(f"{SCOPED}{scope}\n").items()
    assert told[0][0] == f"reconciler.yaml:{place}"
    assert said in told[1]


def test_a_writer_is_never_taken_from_a_repository_file():
    """U020."""
    found = problems(f'manifests: [rooms]\nwriter: {{webhook: "https://evil.test/"}}\n{DEMO}')
    assert "--writer" in found["reconciler.yaml:2:1", "E_WRITER_UNTRUSTED"]


@pytest.mark.parametrize("key", ["verify", "insecure", "allowed_hosts", "proxy", "ak", "sk", "token", "password"])
def test_nothing_that_is_trusted_is_taken_from_a_repository_file(key):
    """F009."""
    found = problems(f'manifests: [rooms]\nenvironments:\n  demo: {{endpoint: "simulator:x", {key}: abc}}\n')
    assert [code for _, code in found] == ["E_CONFIG_UNTRUSTED"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("manifests: []\n" + DEMO, "at least 1"),
        ("manifests: [rooms]\nenvironments: {}\n", "at least 1"),
        ("manifests: [rooms]\nenvironments: {demo: {}}\n", "neither `endpoint` nor `region`"),
        ("manifests: [rooms]\nenvironments: {demo: {region: cn-north-4}}\n", "project_id"),
        ("manifests: [rooms]\nenvironments: {demo: {region: here, project_id: a}}\n", "region"),
        ('manifests: [rooms]\nenvironments: {demo: {endpoint: "simulator:x", prune: all}}\n', "'none' or 'owned'"),
        ('manifests: [rooms]\nenvironments: {demo: {endpoint: "simulator:x", expires: soon}}\n', "expires"),
        ('manifests: [rooms]\nenvironments: {demo: {endpoint: "simulator:x", throttle: {reads: 0}}}\n', "reads"),
        ("", "one YAML document"),
        ("[]\n", "mapping"),
        ("a: 1\na: 2\n", "duplicate key"),
    ],
)
def test_a_value_that_cannot_be_is_told_in_words(text, said):
    assert any(said in words for words in problems(text).values()), problems(text)


def test_a_number_or_a_word_in_a_text_field_stays_what_was_typed():
    place = "endpoint: http://127.0.0.1:1, project_id: 0123456789, throttle: {reads: 2.5}"
    text = f"manifests: [010]\nenvironments: {{y2026: {{{place}}}}}\n"
    project = parse_project(text.encode(), root=Path())
    assert project.file.manifests == ["010"]
    assert project.environments["y2026"].project_id == "0123456789"
    assert project.environments["y2026"].throttle.reads == 2.5

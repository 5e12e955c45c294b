"""`schema` from the shell: printed, written, checked."""

import json

import jsonschema_rs
import pytest
import yaml

from tests.support.command_line import ROOT, reconciler


def test_every_schema_is_printed_by_its_name_and_is_one():
    names = reconciler("schema").out.split()
    assert {"manifest", "plan", "project", "SmartLiveRoom", "InteractionRuleGroup"} <= set(names)
    for name in names:
        schema = json.loads(reconciler("schema", name).out)
        jsonschema_rs.meta.validate(schema)
        assert schema["$id"].endswith(f"{name}.schema.json")
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_written_schemas_pass_the_check_and_a_stale_or_forgotten_one_does_not(tmp_path):
    assert reconciler("schema", "-o", tmp_path).code == 0
    (tmp_path / "mine.schema.json").write_text('{"$id": "https://example.test/mine"}')
    assert reconciler("schema", "--check", tmp_path).code == 0
    (tmp_path / "Old.schema.json").write_text((tmp_path / "plan.schema.json").read_text())
    (tmp_path / "plan.schema.json").write_text("{}")
    run = reconciler("schema", "--check", tmp_path)
    assert run.code == 1
    assert "Old.schema.json" in run.err
    assert "plan.schema.json" in run.err


def test_an_unknown_schema_is_told_with_those_there_are():
    run = reconciler("schema", "room")
    assert run.code == 1
    assert "SmartLiveRoom" in run.err


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*/reconciler.yaml")), ids=lambda path: path.parent.name
)
def test_the_project_files_of_the_examples_follow_their_schema(path):
    schema = json.loads(reconciler("schema", "project").out)
    jsonschema_rs.validate(schema, yaml.safe_load(path.read_text(encoding="utf-8")))

"""The JSON Schemas: valid, the same bytes always, and of one mind with our own validation."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from reconciler.kinds.registry import all_kinds
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.json_schema import schemas, written
from reconciler.manifest.loader import load
from reconciler.model.diagnostic import has_errors
from tests.support.manifest_corpus import BAD, CORPUS, GOOD, OURS, Case

ROOT = Path(__file__).parents[2]
SCHEMAS = schemas(all_kinds())
ANY = jsonschema_rs.validator_for(SCHEMAS["manifest.schema.json"])


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors read it: PyYAML's own is 1.1's."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first))


def core_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(node.value, 0) if node.value[:2] in ("0x", "0o") else int(node.value)


Core.add_constructor("tag:yaml.org,2002:int", core_int)


def theirs(text: str) -> bool:
    return ANY.is_valid(yaml.load(text, Loader=Core))


def ours(text: str, folder: Path) -> list[str]:
    (folder / "manifest.yaml").write_text(text, encoding="utf-8")
    manifest = load(DiskTree(folder), entries=["manifest.yaml"])
    return [found.code for found in manifest.diagnostics if has_errors([found])]


def named(case: Case) -> str:
    return case.name.replace(" ", "-")


def test_the_corpus_is_large_enough_to_mean_something():
    assert len(CORPUS) >= 60
    assert len({case.name for case in CORPUS}) == len(CORPUS)
    assert all(case.why for case in CORPUS if case.verdict == OURS)


@pytest.mark.parametrize("case", [case for case in CORPUS if case.verdict == GOOD], ids=named)
def test_a_good_manifest_is_good_to_both(case: Case, tmp_path: Path):
    assert ours(case.text, tmp_path) == []
    assert theirs(case.text)


@pytest.mark.parametrize("case", [case for case in CORPUS if case.verdict == BAD], ids=named)
def test_a_bad_manifest_is_bad_to_both(case: Case, tmp_path: Path):
    assert ours(case.text, tmp_path) == [case.code]
    assert not theirs(case.text)


@pytest.mark.parametrize("case", [case for case in CORPUS if case.verdict == OURS], ids=named)
def test_what_a_schema_cannot_tell_we_tell(case: Case, tmp_path: Path):
    assert ours(case.text, tmp_path) == [case.code]
    assert theirs(case.text), "this one is no longer beyond JSON Schema"


@pytest.mark.parametrize("case", CORPUS, ids=named)
def test_the_schema_of_one_kind_says_what_the_schema_of_all_says(case: Case):
    value = yaml.load(case.text, Loader=Core)
    schema = SCHEMAS.get(f"{value.get('kind')}.schema.json")
    if schema is not None:
        assert jsonschema_rs.is_valid(schema, value) == theirs(case.text)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema(name: str):
    schema = SCHEMAS[name]
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_defaults_and_examples_of_a_schema_satisfy_it(name: str):
    definitions = SCHEMAS[name]["$defs"]

    def walk(node):
        if isinstance(node, list):
            for item in node:
                walk(item)
        elif isinstance(node, dict):
            for value in [*node.get("examples", []), *([node["default"]] if "default" in node else [])]:
                assert jsonschema_rs.is_valid({**node, "$defs": definitions}, value), (node, value)
            for item in node.values():
                walk(item)

    walk(SCHEMAS[name].get("allOf", SCHEMAS[name].get("properties")))
    walk(list(definitions.values()))


def test_every_writable_field_is_described_to_editors():
    text = written(SCHEMAS["manifest.schema.json"])
    for kind in all_kinds().values():
        for field in kind.fields.values():
            if field.writable and not field.required_in:
                assert json.dumps(field.doc, ensure_ascii=False)[1:-1] in text, field.path


def test_schemas_are_the_same_bytes_whatever_the_hash_seed():
    program = (
        "import sys; from reconciler.kinds.registry import all_kinds\n"
        "from reconciler.manifest.json_schema import schemas, written\n"
        "sys.stdout.write(''.join(name + written(schema) for name, schema in schemas(all_kinds()).items()))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(runs) == 1
    assert runs.pop().decode("utf-8") == "".join(name + written(schema) for name, schema in SCHEMAS.items())


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "kinds").glob("*.yaml")), ids=lambda file: file.stem)
def test_the_example_of_a_kind_is_good_and_full(file: Path):
    manifest = load(DiskTree(file.parent), entries=[file.name])
    assert manifest.diagnostics == ()
    for text in file.read_text(encoding="utf-8").split("\n---\n")[1:]:
        assert theirs(text)
    kind = all_kinds()[file.stem]
    top = {name for resource in manifest.resources for name in resource.spec}
    assert top == {field.name for field in kind.root.children.values() if field.writable and not field.required_in}
    assert f"schemas/{file.stem}.schema.json" in file.read_text(encoding="utf-8").splitlines()[0]


def test_every_kind_has_its_example():
    assert {kind.example for kind in all_kinds().values()} == {
        f"examples/kinds/{file.name}" for file in (ROOT / "examples" / "kinds").iterdir()
    }

"""From a folder of files to declared resources."""

from pathlib import Path

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.desired_state import DesiredState
from reconciler.model.source_map import Position

GROUP = """\
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata:
  name: {name}
spec:
  interaction_rules:
    - rule_name: 1
      event_type: 1
"""


def loaded(root: Path, files: dict[str, str], **options: object) -> DesiredState:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load(DiskTree(root), entries=["groups"], **options)  # type: ignore[arg-type]


def codes(manifest: DesiredState) -> list[str]:
    return [each.code for each in manifest.diagnostics]


def test_a_plain_file_becomes_a_resource_that_knows_its_places(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, {"groups/a.yaml": GROUP.format(name="Welcome")})
    assert manifest.valid, manifest.diagnostics
    (group,) = manifest.resources
    assert group.address == 'InteractionRuleGroup["Welcome"]'
    assert group.spec == {"interaction_rules": [{"rule_name": "1", "event_type": 1}]}
    assert str(group.position) == "groups/a.yaml:4:9"
    assert str(group.at(("interaction_rules", 0, "event_type"))) == "groups/a.yaml:8:19"
    assert str(group.at(("interaction_rules", 0, "event_type"), key=True)) == "groups/a.yaml:8:7"


def test_a_text_field_gets_the_text_that_was_typed(tmp_path: Path) -> None:
    for typed in ("no", "010", "1e3", "5", "true", "2024-01-01", "1_000"):
        manifest = loaded(tmp_path, {"groups/a.yaml": GROUP.format(name=typed)})
        assert manifest.resources[0].name == typed


def test_values_reach_templates(tmp_path: Path) -> None:
    files = {"groups/a.yaml": GROUP.format(name="{{ values.shop.title }}"), "v.yaml": "shop: {title: Spring}"}
    assert loaded(tmp_path, files, values=["v.yaml"]).resources[0].name == "Spring"
    assert loaded(tmp_path, files, values=["v.yaml"], sets=["shop.title=Autumn"]).resources[0].name == "Autumn"


@pytest.mark.parametrize("entry", ["groups", "nowhere"])
def test_a_missing_or_empty_entry_is_an_error(tmp_path: Path, entry: str) -> None:
    (tmp_path / "groups").mkdir()
    manifest = load(DiskTree(tmp_path), entries=[entry])
    assert not manifest.valid
    assert codes(manifest) == ["E_PATH_EMPTY" if entry == "groups" else "E_PATH_MISSING"]


def test_two_manifests_of_one_name_are_an_error_at_the_later_one(tmp_path: Path) -> None:
    text = GROUP.format(name="a") + "---\n" + GROUP.format(name="a")
    manifest = loaded(tmp_path, {"groups/a.yaml": text})
    (problem,) = manifest.diagnostics
    assert problem.code == "E_NAME_DUPLICATE"
    assert str(problem.position) == "groups/a.yaml:13:9"
    assert str(problem.related[0].position) == "groups/a.yaml:4:9"
    assert manifest.sources[problem.position] == "  name: a"


@pytest.mark.parametrize("name", ["b.yaml.j2", "deep/b.yml.j2"])
def test_a_template_that_only_looks_like_a_manifest_is_told(tmp_path: Path, name: str) -> None:
    manifest = loaded(tmp_path, {"groups/a.yaml": GROUP.format(name="a"), f"groups/{name}": GROUP.format(name="b")})
    (problem,) = manifest.diagnostics
    assert manifest.valid
    assert problem.code == "W_TPL_UNREAD"
    assert problem.position == Position(f"groups/{name}", 1, 1)
    assert problem.hint.startswith(f"rename it to groups/{name.removesuffix('.j2')}:")


@pytest.mark.parametrize(
    ("name", "code", "meant"),
    [
        ("b.YAML", "W_FILE_ENDING", "b.yaml"),
        ("deep/b.Yml", "W_FILE_ENDING", "deep/b.yml"),
        ("b.yaml.jinja2", "W_TPL_UNREAD", "b.yaml"),
        ("b.YML.J2", "W_TPL_UNREAD", "b.yml"),
        ("b.yaml.tmpl", "W_TPL_UNREAD", "b.yaml"),
    ],
)
def test_a_file_with_an_ending_that_is_not_read_is_told(tmp_path: Path, name: str, code: str, meant: str) -> None:
    manifest = loaded(tmp_path, {"groups/a.yaml": GROUP.format(name="a"), f"groups/{name}": GROUP.format(name="b")})
    (problem,) = manifest.diagnostics
    assert (problem.code, problem.position) == (code, Position(f"groups/{name}", 1, 1))
    assert problem.hint.startswith(f"rename it to groups/{meant}")


@pytest.mark.parametrize("name", ["b.json", "b.yaml.bak", ".b.YAML", "b.yaml~", "README.md", "b.j2"])
def test_other_files_are_nobodys_business(tmp_path: Path, name: str) -> None:
    assert not loaded(tmp_path, {"groups/a.yaml": GROUP.format(name="a"), f"groups/{name}": "x"}).diagnostics


def test_a_folder_of_nothing_else_is_empty_and_says_why(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, {"groups/a.yaml.j2": GROUP.format(name="a")})
    assert sorted(codes(manifest)) == ["E_PATH_EMPTY", "W_TPL_UNREAD"]


@pytest.mark.parametrize(
    "reader",
    [
        "{% include 'groups/part.yaml.j2' %}",
        "{% import 'groups/part.yaml.j2' as part %}",
        "{% if env.name == 'elsewhere' %}{% include 'groups/part.yaml.j2' %}{% endif %}",
    ],
)
def test_a_template_that_another_reads_or_may_read_is_meant_as_such(tmp_path: Path, reader: str) -> None:
    part = GROUP.format(name="b") if "include" in reader else "{% macro part() %}{% endmacro %}"
    manifest = loaded(tmp_path, {"groups/a.yaml": reader, "groups/part.yaml.j2": part})
    assert codes(manifest) == []


def test_after_errors_nothing_is_said_of_what_may_have_been_read(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, {"groups/a.yaml": "{{ values.gone }}", "groups/part.yaml.j2": "x"})
    assert codes(manifest) == ["E_TPL_UNDEFINED"]


def test_resources_and_texts_are_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Templates are read as they are rendered, with other files between them."""
    files = {
        f"groups/{number:02}.yaml": GROUP.format(name="{{ 'g" + str(number) + "' }}" if templated else f"g{number}")
        for number, templated in enumerate(number % 7 in {1, 2, 6} or number > 40 for number in range(50))
    }
    manifest = loaded(tmp_path, files)
    assert codes(manifest) == []
    assert [one.name for one in manifest.resources] == [f"g{number}" for number in range(50)]
    assert list(manifest.rendered) == list(files)
    assert manifest.rendered == {file: text.replace("{{ '", "").replace("' }}", "") for file, text in files.items()}

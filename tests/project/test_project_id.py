"""`init --id`: an id is added to a project file, and nothing else of it changes."""

from uuid import UUID

import pytest

from reconciler.errors import ReconcilerError
from reconciler.project.config_file import load_project
from reconciler.project.project_id import add_id
from tests.support.command_line import reconciler

ID = "0b7d2f64-93ce-4a51-8d0f-6a2e1c9b7f35"
ENVIRONMENTS = 'manifests: [m]\nenvironments:\n  a: {endpoint: "simulator:x", prune: owned}\n'
FILES = {
    "name first": f"# shop {{of}} ours\nname: shop # the shop\n\n{ENVIRONMENTS}# the end\n",
    "no name": f"# yaml-language-server: $schema=s.json\n\n{ENVIRONMENTS}",
    "name last": f"{ENVIRONMENTS}name: shop\n",
    "name last, cut": f"{ENVIRONMENTS}name: shop",
    "Windows": f"# c\r\nname: shop\r\n{ENVIRONMENTS}".replace("\r\n", "\n").replace("\n", "\r\n"),
    "mark": f"\ufeffname: shop\n{ENVIRONMENTS}",
    "mark, no name": f"\ufeff{ENVIRONMENTS}",
    "document start": f"---\n{ENVIRONMENTS}",
    "quoted": f'"name": "shop"\n{ENVIRONMENTS}',
    "block text": f"name: >-\n  shop\n{ENVIRONMENTS}",
    "JSON": '{\n  "name": "shop",\n  "manifests": ["m"],\n  "environments": {"a": {"endpoint": "simulator:x"}}\n}\n',
    "one line": '{name: shop, manifests: [m], environments: {a: {endpoint: "simulator:x", prune: owned}}}\n',
    "comment with a brace": '# {not this}\n{manifests: [m], environments: {a: {endpoint: "simulator:x"}}}\n',
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_an_id_is_added_and_every_other_character_stays(tmp_path, text):
    file = tmp_path / "reconciler.yaml"
    file.write_bytes(text.encode())
    run = reconciler("init", "--id", tmp_path)
    assert run.code == 0, run.err
    project = load_project(tmp_path)
    assert UUID(project.file.id).version == 4
    assert project.file.id in run.out
    after = file.read_bytes().decode()
    at = after.index(project.file.id)
    ours = {f"id: {project.file.id}", f'"id": "{project.file.id}",'}
    assert any(one in after for one in ours)
    assert set(text) <= set(after)
    assert len(after) - len(text) <= len(project.file.id) + 14
    for line in text.splitlines():
        assert line.strip("{ \ufeff") in after, at


def test_an_id_that_is_there_is_never_replaced(tmp_path):
    file = tmp_path / "reconciler.yaml"
    file.write_text(f"id: {ID}\n{ENVIRONMENTS}")
    run = reconciler("init", "--id", tmp_path)
    assert run.code == 1
    assert "E_EXISTS" in run.err
    assert ID in run.err
    assert file.read_text() == f"id: {ID}\n{ENVIRONMENTS}"


def test_a_file_in_which_no_place_is_found_gets_the_line_told():
    for text in ("", "[1]\n", "a: 1\n---\nb: 1\n", "  name: shop\n  manifests: [m]\n"):
        with pytest.raises(ReconcilerError) as caught:
            add_id(text, ID)
        assert f"id: {ID}" in caught.value.hint


def test_there_must_be_a_project_file(tmp_path):
    run = reconciler("init", "--id", tmp_path)
    assert run.code == 1
    assert "E_PROJECT_MISSING" in run.err


@pytest.mark.parametrize("word", ["shop", "1", "0B7D2F64-93CE-4A51-8D0F-6A2E1C9B7F35", "'{x}'", "[]", "null"])
def test_an_id_that_is_no_uuid_is_an_error(tmp_path, word):
    (tmp_path / "reconciler.yaml").write_text(f"id: {word}\n{ENVIRONMENTS}")
    run = reconciler("-C", tmp_path, "validate")
    assert run.code == 1
    assert "E_PROJECT" in run.err


def test_each_repository_that_init_makes_has_an_id_of_its_own(tmp_path):
    for name in ("one", "two", "one"):
        assert reconciler("init", tmp_path / name).code == 0
    ids = {load_project(tmp_path / name).file.id for name in ("one", "two")}
    assert len(ids - {""}) == 2

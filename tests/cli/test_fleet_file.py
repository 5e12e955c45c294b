"""A fleet file: many projects from one template, and every wrong row told with its line."""

import json

import pytest

from tests.support.command_line import project, reconciler, room

TEMPLATE = '  template: {endpoint: "simulator:live.yaml", values: [common.yaml]}\n'


@pytest.fixture
def folder(tmp_path):
    files = {"rooms/one.yaml": room("One"), "common.yaml": "a: 1\n", "more.yaml": "b: 2\n"}
    return project(tmp_path, files, more=TEMPLATE)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fleet.csv", "name,project_id,values\nnorth,aaaa,\nsouth,bbbb,common.yaml more.yaml\n"),
        ("fleet.yaml", "- {name: north, project_id: aaaa}\n- {name: south, project_id: bbbb, values: [more.yaml]}\n"),
    ],
)
def test_each_row_is_an_environment_made_from_the_template(folder, name, text):
    (folder / name).write_text(text)
    run = reconciler("-C", folder, "audit", "-e", "template", "--fleet", name, "--format", "json")
    assert run.code == 2, run.out + run.err
    assert [one["environment"] for one in json.loads(run.out)["plans"]] == ["north", "south"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,writer\nnorth,http\n", "fleet.csv:2:1: E_FLEET: north: unknown column 'writer'"),
        ("name,sk\nnorth,abc\n", "unknown column 'sk'"),
        ("name\nnorth\nnorth\n", "fleet.csv:3:1: E_FLEET: north: the name is taken"),
        ("name,region\n,cn-north-4\n", "it has no name"),
        ("name,region\nnorth,nowhere\n", "north"),
        ("name\n", "there is no row"),
        ("name\nnorth,more\n", "unknown column '(more)'"),
        ('name\n"north\n', "no CSV"),
        ("name,name\nnorth,south\n", "fleet.csv:1:1: E_FLEET: two columns are called 'name'"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(folder, text, said):
    (folder / "fleet.csv").write_text(text)
    run = reconciler("-C", folder, "audit", "-e", "template", "--fleet", "fleet.csv")
    assert run.code == 1
    assert said in run.err

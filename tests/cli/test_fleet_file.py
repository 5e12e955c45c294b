"""A fleet file: many projects from one template, and every wrong row told with its line."""

import json

import pytest

from reconciler.errors import ManifestError
from reconciler.fleet.fleet_file import read_fleet_file
from reconciler.project.config_file import load_project
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name," + ",".join(f"values.c{n}" for n in range(1_000_000)) + "\nnorth\n", "there are 1,000,001 columns"),
        ("name," + "," * 5_000_000 + "\n", "there are 5,000,002 columns"),
        ("name\nnorth" + ",xyz" * 2_000_000 + "\n", "it is no CSV in UTF-8: a line is longer"),
        ("name\n" + "".join(f"n{n}\n" for n in range(100_001)), "there are more than 100,000 rows"),
        ("name,region\n" + ",x\n" * 2_000_000, "1000 problems and more above"),
    ],
    ids=["columns", "columns without a name", "a long row", "rows", "wrong rows"],
)
def test_too_much_in_a_fleet_file_is_refused(tmp_path, text, said):
    empty = project(tmp_path, {}, more='  template: {endpoint: "simulator:live.yaml"}\n')
    opened = load_project(empty)
    with pytest.raises(ManifestError) as caught:
        read_fleet_file(opened, "template", empty / "fleet.csv", text.encode())
    assert said in caught.value.diagnostics[-1].message
    assert len(caught.value.diagnostics) <= 1_001

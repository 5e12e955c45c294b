"""What goes wrong in a template leads to the line whose author can mend it, and to the values that had a part in it."""

from pathlib import Path

import pytest

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source_map import column_in

ROOM = "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {name: R1}\nspec:\n"


def problems(root: Path, **files: str) -> list[Diagnostic]:
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return list(load(DiskTree(root), entries=["a.yaml"], values=["v.yaml"]).diagnostics)


@pytest.mark.parametrize(
    "macro",
    [
        "{{ x.gone }}",
        "{{ x + 1 }}",
        "{{ [1] }}",
        "{{ x | attr('_' ~ 'a') }}",
        "{{ 'a' * 9999999 }}",
        "{{ x | int + 'a' }}",
    ],
)
@pytest.mark.parametrize("place", ["import", "same", "nested"])
def test_an_error_inside_a_macro_stands_on_its_call(macro: str, place: str, tmp_path: Path) -> None:
    body = "{% macro m(x) %}\n" + macro + "\n{% endmacro %}\n"
    if place == "nested":
        body = body.replace("m(x)", "inner(x)") + "{% macro m(x) %}{{ inner(x) }}{% endmacro %}\n"
    head = body if place == "same" else '{% from "m.j2" import m %}\n'
    text = head + ROOM + "  room_description: {{ m(values.shop) }}\n"
    line = text.count("\n")
    found = [each for each in problems(tmp_path, a_yaml=text, m_j2=body, v_yaml="shop: Tea\n") if "TPL" in each.code]
    (problem,) = found
    assert str(problem.position) == f"a.yaml:{line}:21"
    assert f"called from a.yaml:{line}" in problem.message
    inside = "a.yaml" if place == "same" else "m.j2"
    places = {each.message: str(each.position) for each in problem.related}
    assert places["inside this macro"].startswith(f"{inside}:2:")
    assert places["values.shop comes from here"] == "v.yaml:1:7"


def test_imports_see_the_values(tmp_path: Path) -> None:
    (tmp_path / "m.j2").write_text("{% macro m() %}{{ values.shop }}{{ env.name }}{% endmacro %}")
    (tmp_path / "v.yaml").write_text("shop: Tea\n")
    text = '{% from "m.j2" import m %}{% import "m.j2" as n %}{{ m() }} {{ n.m() }}'
    (tmp_path / "a.yaml").write_text(text)
    manifest = load(DiskTree(tmp_path), entries=["a.yaml"], values=["v.yaml"], env_name="E")
    assert manifest.rendered["a.yaml"] == "TeaE TeaE"


def test_templates_that_include_each_other_are_named(tmp_path: Path) -> None:
    files = {"b_j2": "{% include 'c.j2' %}", "c_j2": "{% include 'd.j2' %}", "d_j2": "{% include 'b.j2' %}"}
    (problem,) = problems(tmp_path, a_yaml="{% include 'b.j2' %}", v_yaml="{}", **files)
    assert problem.code == "E_TPL_LIMIT"
    assert problem.message.count(" → ") == 3
    assert all(name in problem.message for name in ("b.j2", "c.j2", "d.j2"))


def test_a_comment_of_jinja_that_was_meant_as_text_is_explained(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, a_yaml=ROOM + '  room_description: "colour {#fff}"\n', v_yaml="{}")
    assert (problem.code, str(problem.position)) == ("E_TPL_SYNTAX", "a.yaml:5:29")
    assert "`{#` begins a comment" in problem.hint


@pytest.mark.parametrize("line", ["# old: {{ values.gone }}", "x: 1 # {{ values.gone }}", "  # {{ gone.x }}"])
def test_an_expression_in_a_yaml_comment_is_explained(line: str, tmp_path: Path) -> None:
    problem = problems(tmp_path, a_yaml=ROOM + line + "\n", v_yaml="{}")[0]
    assert problem.code == "E_TPL_UNDEFINED"
    assert "YAML comments too" in problem.hint


def test_an_alias_to_another_document_says_where_anchors_end(tmp_path: Path) -> None:
    text = "spec: &common {room_description: x}\n---\na: 1\n---\nspec: *common\n"
    found = next(each for each in problems(tmp_path, a_yaml=text, v_yaml="{}") if each.code == "E_YAML_SYNTAX")
    assert "anchors end at `---`" in found.message
    assert (str(found.position), str(found.related[0].position)) == ("a.yaml:5:7", "a.yaml:1:7")


@pytest.mark.parametrize("column", [1, 100, 399, 400, 401, 1_000, 5_000])
def test_an_excerpt_holds_its_place_at_any_column(column: int, tmp_path: Path) -> None:
    before = "{" + "a: " + "é" * max(0, column - 8) + ", "
    text = ROOM.replace("spec:\n", "spec: ") + before + "room_typ: x}\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    manifest = load(DiskTree(tmp_path), entries=["a.yaml"])
    problem = next(each for each in manifest.diagnostics if "room_typ" in each.message)
    assert problem.position is not None
    source = manifest.sources[problem.position]
    assert source[column_in(source, problem.position.column) - 1 :].startswith("room_typ: x}")
    assert len(source) <= 400


@pytest.mark.parametrize("place", ["import", "same"])
@pytest.mark.parametrize("line", ["room_descriptio: {{ x }}", "room_description: [{{ x }}]", "room_type: {{ x }}"])
def test_a_field_error_in_a_macro_stands_on_its_call_and_names_the_values(
    line: str, place: str, tmp_path: Path
) -> None:
    body = "{% macro m(x) %}\n  " + line + "\n{% endmacro %}\n"
    head = body if place == "same" else '{% from "m.j2" import m %}\n'
    text = head + ROOM + "{{ m(values.shop) }}\n"
    (problem,) = problems(tmp_path, a_yaml=text, m_j2=body, v_yaml="other: 1\nshop: Tea\n")
    at = text.count("\n")
    assert str(problem.position) == f"a.yaml:{at}:1"
    assert f"called from a.yaml:{at}" in problem.message
    places = {each.message: str(each.position) for each in problem.related}
    assert places["inside this macro"].startswith("m.j2:2:" if place == "import" else "a.yaml:2:")
    assert places["values.shop comes from here"] == "v.yaml:2:7"


def test_two_calls_of_one_macro_are_two_problems(tmp_path: Path) -> None:
    body = "{% macro m(n, x) %}\n---\n" + ROOM.replace("R1", "{{ n }}") + "  frame: {{ x }}\n{% endmacro %}\n"
    text = body + "{{ m('A', 1) }}\n{{ m('B', 2) }}\n"
    found = problems(tmp_path, a_yaml=text, v_yaml="{}")
    assert [str(each.position) for each in found] == [f"a.yaml:{body.count(chr(10)) + more}:1" for more in (1, 2)]


def test_a_yaml_error_in_a_macro_stands_on_its_call(tmp_path: Path) -> None:
    body = "{% macro m(x) %}\n  room_description: a\n  room_description: {{ x }}\n{% endmacro %}\n"
    text = '{% from "m.j2" import m %}\n' + ROOM + "{{ m(values.shop) }}\n"
    (problem,) = problems(tmp_path, a_yaml=text, m_j2=body, v_yaml="shop: Tea\n")
    assert problem.code == "E_YAML_DUPKEY"
    assert "in the macro at m.j2:3, called from a.yaml:6" in problem.message
    assert str(problem.position) == "a.yaml:6:1"


@pytest.mark.parametrize("line", ["room_descriptio: a", "room_type: {{ values.shop }}", "room_type: a\n  room_type: b"])
def test_an_error_in_an_included_file_says_where_it_is_included(line: str, tmp_path: Path) -> None:
    text = ROOM + "  room_description: x\n{% include 'm.j2' %}\n"
    problem = problems(tmp_path, a_yaml=text, m_j2=f"\n  {line}\n", v_yaml="shop: Tea\n")[0]
    assert problem.position is not None
    assert problem.position.file == "m.j2"
    assert f"in the text at m.j2:{problem.position.line}, called from a.yaml:6" in problem.message
    assert ("values.shop comes from here" in {each.message for each in problem.related}) == ("values" in line)


def test_a_field_error_names_the_line_of_the_values_file(tmp_path: Path) -> None:
    text = ROOM + "  room_type: {{ values.shop.type }}\n"
    (problem,) = problems(tmp_path, a_yaml=text, v_yaml="shop:\n  type: Tea\n")
    assert str(problem.position) == "a.yaml:5:14"
    assert [(each.message, str(each.position)) for each in problem.related] == [
        ("values.shop.type comes from here", "v.yaml:2:9")
    ]
    assert "called from" not in problem.message

"""Every rendered line leads to the template line that wrote it."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.source_positions import SourceLines
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.renderer import RenderedTemplate, RenderedText, render
from reconciler.manifest.text_lines import TextLines
from reconciler.manifest.yaml.block_reader import BlockSpan, document_spans, plain_text

CORPUS: dict[str, Any] = yaml.load((Path(__file__).parent / "line_maps.yaml").read_bytes(), yaml.CSafeLoader)
_MARK = re.compile(r"([a-z]+(?:\.j2)?):(\d+)", re.IGNORECASE)


def marked(name: str, text: str) -> str:
    lines = text.split("\n")
    return "\n".join(line.replace("¤", f"{name}:{number}") for number, line in enumerate(lines, 1))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RenderedTemplate]:
    root = tmp_path_factory.mktemp("templates")
    for name, text in CORPUS["parts"].items():
        (root / name).write_text(marked(name, text), encoding="utf-8")
    for number, case in enumerate(CORPUS["cases"]):
        (root / f"{number}.yaml").write_bytes(marked("main", case["main"]).encode())
    files = [f"{number}.yaml" for number in range(len(CORPUS["cases"]))]
    return render(DiskTree(root), files, lambda: {"values": CORPUS["values"], "env": {"name": "test"}})


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS["cases"]) >= 60
    assert len({case["name"] for case in CORPUS["cases"]}) == len(CORPUS["cases"])


@pytest.mark.parametrize("number", range(len(CORPUS["cases"])), ids=[case["name"] for case in CORPUS["cases"]])
def test_each_line_leads_to_the_line_that_wrote_it(number: int, results: dict[str, RenderedTemplate]) -> None:
    result = results[f"{number}.yaml"]
    assert result.texts, result.problems
    checked = 0
    for line, text in enumerate(result.text.replace("\r\n", "\n").split("\n"), 1):
        if not text.strip():
            continue
        found = _MARK.search(text)
        assert found, f"the corpus marks no place in {text!r}"
        column = len(text) - len(text.lstrip()) + 1
        where = result.lines.at(line, column)
        file = "main" if where.file == f"{number}.yaml" else where.file
        assert (file, where.line) == (found[1].lower(), int(found[2])), text
        checked += 1
    assert checked


def test_columns_lead_to_expressions_and_into_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        'a: {{ values.x }}\n{% if 1 %}\n  b: "{{ values.x }}" c{{ values.x }}d\n{% endif %}\n'
    )
    (result,) = render(DiskTree(tmp_path), ["a.yaml"], lambda: {"values": {"x": "long text"}}).values()
    assert result.texts
    places = {(1, 1): "1:1", (1, 4): "1:4", (1, 8): "1:4", (3, 3): "3:3", (3, 6): "3:6", (3, 7): "3:7", (3, 18): "3:23"}
    places |= {(3, 19): "3:24", (3, 28): "3:38"}
    assert {place: str(result.lines.at(*place)).removeprefix("a.yaml:") for place in places} == places


_WRAPS = [
    ("{% for x in values.two %}\n", "{% endfor %}\n"),
    ("{% for x in values.two -%}\n", "{%- endfor %}\n"),
    ("{% if values.a %}\n", "{% else %}\nnever\n{% endif %}\n"),
    ("{%- if values.a %}\n", "{%- endif %}\n"),
    ("{% filter indent(2) %}\n", "{% endfilter %}\n"),
    ("{% filter upper %}\n", "{% endfilter %}\n"),
    ("{% set kept %}\n", "{% endset %}\n{{ kept }}\n"),
    ("{% set kept %}\n", "{% endset %}\n  {{ kept | trim | indent(2) }}\n"),
    ("{% macro own() %}\n", "{% endmacro %}\n{{ own() }}\n{{ own() | indent(4) }}\n"),
    ("{% call wrap() %}\n", "{% endcall %}\n"),
    ("{% with y = 1 %}\n", "{% endwith %}\n"),
]
_LINES = [
    "t ¤\n",
    "- ¤ {{ values.a }}\n",
    "{{ values.a }}: ¤\n",
    "  ¤ {{ 1 + 1 }} end\n",
    "\n",
    "{# c #}\n",
    "{% include 'part.j2' %}\n",
]
_WRAP = "{% macro wrap() %}\nw ¤\n{{ caller() }}\n{% endmacro %}\n"
_TREES = st.recursive(
    st.sampled_from(_LINES),
    lambda inner: st.tuples(st.sampled_from(_WRAPS), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=14,
)


def spelled(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    (before, after), parts = tree
    return before + "".join(map(spelled, parts)) + after


@given(st.lists(st.lists(_TREES, min_size=1, max_size=5), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_nested_in_whatever_each_line_is_led_back(tmp_path: Path, cases: list[list[Any]]) -> None:
    """The line exists and holds the text it is said to have written, at any depth of loops, macros and filters."""
    (tmp_path / "part.j2").write_text(marked("part.j2", "p ¤\n{% if values.a %}\nq ¤ {{ values.a }}\n{% endif %}\n"))
    sources = {f"{number}.yaml": _WRAP + "".join(map(spelled, case)) for number, case in enumerate(cases)}
    for name, source in sources.items():
        (tmp_path / name).write_text(marked("main", source))
    for name, result in render(
        DiskTree(tmp_path), list(sources), lambda: {"values": CORPUS["values"], "env": {}}
    ).items():
        assert result.texts, (sources[name], result.problems)
        for line, text in enumerate(result.text.split("\n"), 1):
            found = _MARK.search(text)
            if found:
                where = result.lines.at(line, len(text) - len(text.lstrip()) + 1)
                file = "main" if where.file == name else where.file
                assert (file, where.line) == (found[1].lower(), int(found[2])), (sources[name], text)
            else:
                assert not text.strip(), (sources[name], text)


_PIECES = st.sampled_from(
    [
        "name: ",
        "茶",
        "\ud800",
        "\n",
        *(marked_text.OPEN, marked_text.CLOSE, marked_text.NODE, marked_text.NODE_END),
        *(marked_text.origin_mark(each) for each in (0, 7, 10, 4321)),
    ]
)
_STRAY = st.sampled_from(["", "", "", *"\x01\x02\x0e\x17", marked_text.as_call(marked_text.origin_mark(3))])


@given(
    st.text("\x01\x02\x03\x04\x05\x06\x0e\x0f\x17a\n茶", max_size=40)
    | st.builds(
        lambda before, stray, behind: "".join((*before, stray, *behind)), st.lists(_PIECES), _STRAY, st.lists(_PIECES)
    )
)
def test_a_text_is_without_exactly_the_marks_that_are_found_in_it(text: str) -> None:
    assert marked_text.unmarked(text) == marked_text.unmarked_whole(text) == marked_text.MARK.sub("", text)


_MARKED = st.lists(
    st.sampled_from(["\x01\x0e\x02", "\x01\x0f\x17\x01", "\x01", "\x0f", *"\x02\x03\x04\x05\x06"])
    | st.sampled_from(["a: 1", "- b", "茶", " ", "\n", "\n", "\n---\n", "\n--- ", "\r\n", "\r"]),
    max_size=30,
).map("".join)


@given(st.lists(_MARKED, min_size=1, max_size=2))
@example(["a\r\x01\x0e\x02\n---\nb\n---\nc"])
@example(["\x01\x0e\x02a\n\n---\x01\x0f\x02\n\x03b\x04\n--- \n"])
@example(["a\n---\nb", "c\n---\nd\n"])
def test_lines_and_parts_of_a_text_are_those_of_the_whole_one(texts: list[str]) -> None:
    """They are made of the marked lines alone where these are the lines of the text."""
    result = RenderedTemplate(file="a.yaml", texts=[RenderedText(partial(str, text)) for text in texts])
    whole = RenderedTemplate(file="a.yaml", texts=result.texts).text
    lines = whole.split("\n")
    assert list(result.text_lines) == lines
    assert list(result.text_lines[1:3]) == lines[1:3]
    plain = plain_text(whole)
    for start, end in document_spans(plain):
        assert result.part(BlockSpan(start, end, plain.count("\n", 0, start))) == plain[start:end]


@given(st.text("a\n", max_size=30), st.integers(1, 9), st.lists(st.integers(-40, 40), max_size=5))
@example("a\n\n\n\na", 1, [4, 5, -5])
def test_the_lines_of_a_text_are_found_one_by_one(text: str, step: int, asked: list[int]) -> None:
    lines, found = text.split("\n"), TextLines(text, step)
    assert len(found) == len(lines)
    for number in asked:
        if -len(lines) <= number < len(lines):
            assert found[number] == lines[number]
        else:
            with pytest.raises(IndexError):
                found[number]
        if 0 <= number < len(lines):
            assert text[found.start(number) :].split("\n") == lines[number:]
    assert list(found) == found[:] == lines
    assert [found[number] for number in range(len(lines))] == lines


_SCALARS = ["a: b", "  - 'x", " y'", "---", "--- |", "z # c", "", "  >", '"']


@given(st.lists(st.sampled_from(_SCALARS), min_size=1, max_size=9), st.data())
def test_a_scalar_ends_before_what_follows_it(lines: list[str], data: st.DataObject) -> None:
    """Nothing behind the place of the next node is read."""
    places = [(number, column) for number, line in enumerate(lines, 1) for column in range(1, len(line) + 2)]
    start, following = sorted(data.draw(st.tuples(st.sampled_from(places), st.sampled_from(places))))
    before = [*lines[: following[0] - 1], lines[following[0] - 1][: following[1] - 1]]
    end = SourceLines(lambda: lines).scalar_end(start, following)
    assert end == SourceLines(lambda: before).scalar_end(start, None)
    assert start <= end <= following

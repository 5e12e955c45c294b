"""What is read without a parser has the values, the positions and the problems that the parser's events give."""

import json
import random
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.manifest.yaml.block_reader import BlockMarks, BlockReader
from reconciler.manifest.yaml.document import Document
from reconciler.manifest.yaml.limits import YamlLimits
from reconciler.manifest.yaml.parser import parse_yaml

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests/data"

WORDS = """0 1 -1 007 1.5 -a - -- --- ... true false null ~ yes No on y a a-b a_b a.b/c x:y x: x:y:z 12:30 :x a#b #b
    http://h:80/a?b=c&d [ ] { } [] {} [a] [,] {a} {a:1} {"a":1} "a" "" '' 'it''s' "\\u00e9" "a 'a "a"b 'a'b &a *a !t
    | > |- >+ %a @a `a ? ?a =x << 茶馆 café 😀 ,a a,b ]a }b |x >y a|b a>b"""
TEXTS = st.sampled_from(
    [
        *WORDS.split(),
        *("a b", "a  b", "a #b", "a # b", "a: b", "a :b", "a : b", " a", "a ", "x" * 1200, "&a x", "!t x", "a: "),
        *(
            "[a b, c  d]",
            "{a: \"x, y\", b: 'z'}",
            "[a, ]",
            "{a: 1}",
            "{b: [1, {c: d}]}",
            "[a: b]",
            "{a: Pu'er, b: it's a 'b'}",
            "[a'b c', 'a'b]",
            "{a: b#c, d: 1} # e",
            "[a # b]",
            "{a: 1, a: 2}",
            "[a",
        ),
        *("茶\u3000馆", "\u00a0", "\u0085", "\u2028", "\ufeff", "a\tb", "\t", "\u200b", "e\u0301"),
    ]
)
KEYS = st.sampled_from(["a", "b", "c", "name", "_x", "k-1", "true", "null", "yes", "<<", "'q'", '"q"', "é", "1", "a b"])


@st.composite
def lines(draw):
    """Return a line that is nearly block YAML."""
    margin = draw(st.sampled_from(["", "", "  ", "  ", "    ", " ", "   ", "\t"]))
    dash = draw(st.sampled_from(["", "", "", "- ", "- ", "-  ", "- - ", "-"]))
    key = draw(st.sampled_from(["", "1"]) | KEYS)
    colon = draw(st.sampled_from([": ", ": ", ": ", ":", ":  ", " : "])) if key else ""
    text = draw(TEXTS | st.just("") | st.just(""))
    end = draw(st.sampled_from(["", "", "", "", " ", " # c", "#c", "\r"]))
    return margin + dash + key + colon + text + end


BREAKS = st.sampled_from(
    ["---", "--- ", "--- # c", "--- a", "...", "", "", "# c", "  # c", "    ", "%YAML 1.2", "---a"]
)
NEARLY = st.lists(lines() | lines() | lines() | lines() | BREAKS, max_size=14).map("\n".join)
VALUES = st.recursive(
    st.integers(-9, 10**6) | st.text("xyz 1:#-.", max_size=8) | st.sampled_from([None, True, False, "no", "茶 x"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=4)
    ),
    max_leaves=20,
)
DUMPED = st.tuples(
    st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1, max_size=4), min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from([2, 4]),
    st.sampled_from(["\n", "\r\n"]),
).map(
    lambda made: yaml.safe_dump_all(
        made[0], sort_keys=False, allow_unicode=True, indent=made[2], explicit_start=made[1]
    ).replace("\n", made[3])
)


def told(text, blocks, **more):
    """Return all that parsing tells."""
    parsed = parse_yaml(text, "a.yaml", blocks=blocks, **more)
    documents = [
        (repr(one.value), list(one.positions), dict(one.aliases), dict(one.merges), one.start)
        for one in parsed.documents
    ]
    return documents, parsed.diagnostics, parsed.text


def check(text, **more):
    blocks = BlockReader()
    wanted = told(text, None, **more)
    for _ in range(2):  # what is remembered of the first changes nothing
        assert told(text, blocks, **more) == wanted
    for document in parse_yaml(text, "a.yaml", blocks=blocks, **more).documents:
        assert document.widest is None or document.widest >= widest(document.value)


def widest(value):
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return max([len(parts), *map(widest, parts)])


def paths(value, keys=()):
    """Yield the keys to every value that has keys alone above it."""
    yield keys
    for key, part in value.items() if isinstance(value, dict) else ():
        yield from paths(part, (*keys, key))


MISSING = [("zz",), ("a", "zz"), ("b", "b", "b"), ("a: 1\nb",), ("x",), ("- a",), ("name", "0"), ("", "")]


def check_found_places(text):
    """Compare the place of each value that is found by its keys with the one that all positions give."""
    met = 0
    for document in parse_yaml(text, "a.yaml", blocks=BlockReader()).documents:
        marks = document.source_marks
        if not isinstance(marks, BlockMarks):
            continue
        every = Document(value=document.value, source_marks=marks())
        known = set(paths(document.value))
        for keys in known:
            assert marks.value_at(keys) == every.at(keys)
            met += 1
        for keys in [*MISSING, *((*keys, more) for keys in known for more in "abcd")]:
            assert keys in known or marks.value_at(keys) is None
    return met


@given(st.one_of(NEARLY, DUMPED, st.tuples(DUMPED, NEARLY).map("\n---\n".join)))
@example("a:\n  b:\n  - c: 1\n    d: 2\n  d: 3\nd: {a: 1, b: {c: [x]}}\n")
@example("a:\n# c\n\n  b:\n\n  # c\n    c: 1\na_b:\nb: x\n")
@example("--- \na:\n- b: 1\n- c\nb:\n    c: 1\n    d:\n  \nc: 2\n")
def test_a_value_found_by_its_keys_is_where_all_positions_say(text):
    check_found_places(text)


def test_the_files_here_hold_values_that_are_found_by_their_keys():
    assert sum(check_found_places(file.read_bytes()) for file in FILES if file.suffix != ".json") > 500


@given(st.lists(st.one_of(NEARLY, DUMPED), max_size=4).map("\n---\n".join), st.randoms(use_true_random=False))
@example("a: 1\n---\nb: 2\n---\n\na:\n- b\n", random.Random(1))
def test_positions_are_the_same_in_whatever_order_documents_are_asked(text, dice):
    wanted = [list(one.positions) for one in parse_yaml(text, "a.yaml").documents]
    documents = list(enumerate(parse_yaml(text, "a.yaml", blocks=BlockReader()).documents))
    for number, document in dice.choices(documents, k=8) if documents else ():
        assert list(document.positions) == wanted[number]


@given(NEARLY)
@example("a:\n- b: 1\n  c:\n  - x\n- b: 1\n  c:\n  - x\n  d: 2\n")
@example("a: 1\n---\n# nothing\n")
@example("---\n---\na: 1\n")
@example("a:\n  b:\n c: 1\n")
@example("a: &x 1\n---\nb: *x\n")
@example("a: 1\na: 2\n---\nb: 1\n")
@example("a: 1\n---\nb: |\n  c\n\n---\nc: yes\n")
def test_nearly_any_text_is_read_the_same(text):
    check(text)


@given(DUMPED)
def test_what_other_programs_write_is_read_the_same(text):
    check(text)


@given(DUMPED, NEARLY, DUMPED)
def test_documents_of_both_kinds_in_one_file_are_read_the_same(first, text, last):
    check(f"{first}\n---\n{text}\n---\n{last}")


@given(DUMPED, st.integers(1, 12), st.integers(1, 4))
def test_limits_are_those_of_the_whole_text(text, nodes, documents):
    check(text, limits=YamlLimits(nodes=nodes * 5, documents=documents))


FILES = sorted(
    file
    for folder in ("examples", "tests", "docs", "templates")
    for file in (ROOT / folder).rglob("*")
    if file.suffix in (".yaml", ".yml", ".j2", ".json") and file.is_file()
)


@pytest.mark.parametrize("file", [DATA, *FILES], ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_file_here_is_read_the_same(file):
    if file != DATA:
        check(file.read_bytes())
    else:
        cases = json.loads((DATA / "yaml-test-suite.json").read_text(encoding="utf-8"))["cases"]
        for case in cases:
            check(case["yaml"])
        assert len(cases) > 100


def test_what_is_plain_is_read_without_a_parser():
    text = "# c\na: 1\nb:\n- c: x y\n  d: [1, {e: 'f'}]\n\n- g\nh:\n---\na: http://x:1/#y\n"
    assert all(BlockReader().read(part) is not None for part in text.split("---\n"))


def test_equal_parts_of_documents_are_one_object():
    blocks = BlockReader()
    text = "a:\n  b: {c: 1}\n  d:\n  - e: long enough\n"
    first, second = (parse_yaml(text + more, "a.yaml", blocks=blocks).documents[0].value for more in ("", "f: 1\n"))
    assert first["a"] is second["a"]
    assert first != second

"""Whatever bytes and templates come: only our own problems come out, with a place, and nothing hangs."""

import random
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.template.exceptions import TemplateFailure
from reconciler.manifest.template.renderer import render
from reconciler.manifest.template.sandbox import Sandbox
from reconciler.manifest.template.template_errors import failure
from reconciler.manifest.template.template_worker import rendered
from reconciler.manifest.template.worker_process import WorkerLimits
from reconciler.manifest.yaml.parser import ParsedFile, parse_yaml

_PIECES = [
    *(
        "a: b",
        "- ",
        "? ",
        ": ",
        "&a ",
        "*a ",
        "!t ",
        "<<: ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        '"',
        "'",
        "|",
        ">",
        "#",
        " #",
        "%YAML",
    ),
    *(
        "---\n",
        "...\n",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "  ",
        "    ",
        "\\u",
        "\\x0",
        "\\",
        "~",
        "null",
        "true",
        "0x1F",
        "1e3",
        "=",
        "@",
        "`",
    ),
    *(
        "\ufeff",
        "\x00",
        "\x85",
        "\u2028",
        "\u202e",
        "😀",
        "场",
        "\ud800",
        "{{ x }}",
        "{% if %}",
        "2024-01-01",
        "::",
        "-",
        "--",
    ),
]


def random_bytes(chance: random.Random) -> bytes:
    """Return bytes of one of three sorts: noise, pieces of YAML, or pieces with a few bytes changed."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(60))
    text = "".join(chance.choice(_PIECES) for _ in range(chance.randrange(1, 30))).encode("utf-8", "surrogatepass")
    if chance.random() < 0.7 or not text:
        return text
    changed = bytearray(text)
    for _ in range(3):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def understood(data: bytes, *, pure: bool) -> ParsedFile:
    parsed = parse_yaml(data, "fuzz.yaml", pure=pure)
    lines = data.decode("utf-8", "replace").count("\n") + data.decode("utf-8", "replace").count("\r") + 2
    for each in parsed.diagnostics:
        assert each.position is not None
        assert 1 <= each.position.line <= lines, (data, each)
    for document in parsed.documents:
        document.at(("a", 0, "b"))
    return parsed


def fuzz(seed: int, count: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        data = random_bytes(chance)
        fast, slow = understood(data, pure=False), understood(data, pure=True)
        bad = [any(each.severity == "error" for each in one.diagnostics) for one in (fast, slow)]
        if not any(bad):  # whatever both read, they read alike
            assert [each.value for each in fast.documents] == [each.value for each in slow.documents], data


def test_some_random_bytes_are_read_or_refused() -> None:
    fuzz(1, 400)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10))
def test_a_hundred_thousand_random_byte_strings_are_read_or_refused(seed: int) -> None:
    fuzz(1000 + seed, 10_000)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    understood(data, pure=False)


_EXPRESSIONS = [
    *(
        "values.a",
        "values.l",
        "values.d.k",
        "nope",
        "values.nope",
        "1 + 1",
        "'a' ~ 'b'",
        "values.a * 3",
        "values.l[0]",
        "7 // 0",
    ),
    *(
        "values.a | upper",
        "values.l | join(', ')",
        "values.d | tojson",
        "values.l | map('upper') | list",
        "values.a[1:]",
    ),
    *(
        "values.d.items()",
        "values.l | length",
        "values.a.upper()",
        "m('x')",
        "m(1) | trim",
        "caller()",
        "loop.index",
        "x",
        "'%s' % 1",
    ),
    *(
        "''.__class__",
        "range(3) | list",
        "values.a is defined",
        "values.l | sum",
        "{'a': 1}",
        "[1, 2]",
        "none",
        "true",
        "values.l | first",
    ),
]
_STATEMENTS = [
    *(
        "for x in values.l",
        "for x in range(2)",
        "if values.a",
        "if nope is defined",
        "macro m(x)",
        "call m('y')",
        "filter upper",
    ),
    *(
        "filter indent(2)",
        "set s",
        "with x = 1",
        "block b",
        "raw",
        "for k, v in values.d.items()",
        "if",
        "for",
        "unknown",
    ),
]
_ENDS = {"for": "endfor", "if": "endif", "macro": "endmacro", "call": "endcall", "filter": "endfilter", "set": "endset"}
_ENDS |= {"with": "endwith", "block": "endblock", "raw": "endraw", "unknown": "endunknown"}
CONTEXT = {"values": {"a": "text: x", "l": ["p", "q"], "d": {"k": "v"}}, "env": {"name": "fuzz"}}


def template(chance: random.Random, depth: int = 0) -> str:
    parts = []
    for _ in range(chance.randrange(1, 5)):
        sort = chance.random()
        if sort < 0.3:
            parts.append(
                chance.choice(["a: b\n", "- ", "  ", "\n", "# c\n", "k: ", '"', "text\n", "场 😀\n", "{# c #}", "\r\n"])
            )
        elif sort < 0.65:
            left, right = chance.choice([("{{ ", " }}"), ("{{- ", " -}}"), ("{{", "}}")])
            parts.append(left + chance.choice(_EXPRESSIONS) + right)
        elif depth < 3:
            word = chance.choice(_STATEMENTS)
            end = _ENDS[word.split(" ", 1)[0]]
            left, right = chance.choice([("{% ", " %}\n"), ("{%- ", " -%}"), ("{% ", " %}")])
            parts.append(f"{left}{word}{right}{template(chance, depth + 1)}{left}{end}{right}")
        else:
            parts.append("".join(chance.choice(string.printable[:95]) for _ in range(6)))
    return "".join(parts)


def outcome(sandbox: Sandbox) -> str | TemplateFailure:
    try:
        return rendered(sandbox, "t", CONTEXT, 100_000)
    except Exception as problem:
        return failure(problem, "t", sandbox.table.places)


def check_template(source: str) -> None:
    """Render with and without marks: both fail alike, or both render; what is told has a code and a place."""
    found = [outcome(Sandbox(DictLoader({"t": source}), marking=marking)) for marking in (True, False)]
    codes = ["" if isinstance(each, str) else each["code"] for each in found]
    for each in found:
        if not isinstance(each, str):
            assert each["code"].startswith("E_T"), (source, each)
            assert 1 <= each["line"] <= source.replace("\r\n", "\n").count("\n") + 1, (source, each)
            assert " at 0x" not in each["message"]
    assert codes[0] == codes[1] or "E_TPL_STRUCTURE" in codes, (source, found)


def fuzz_templates(seed: int, count: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        check_template(template(chance))


def test_some_random_templates_fail_with_a_code_or_render() -> None:
    fuzz_templates(2, 300)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10))
def test_twenty_thousand_random_templates_fail_with_a_code_or_render(seed: int) -> None:
    fuzz_templates(2000 + seed, 2_000)


def test_random_templates_keep_to_their_files_in_the_child(tmp_path: Path) -> None:
    """What is reported always stands: the line exists, in the template's own file."""
    chance = random.Random(3)
    sources = {f"{number}.yaml": template(chance) for number in range(150)}
    for name, source in sources.items():
        (tmp_path / name).write_bytes(source.encode())
    results = render(DiskTree(tmp_path), list(sources), lambda: CONTEXT, WorkerLimits(wall=60.0))
    for name, result in results.items():
        lines = sources[name].replace("\r\n", "\n").count("\n") + 1
        for problem in result.problems:
            assert problem.position is not None
            assert (problem.position.file, 1 <= problem.position.line <= lines) == (name, True)
        if result.texts:
            for line in range(1, result.text.count("\n") + 2):
                where = result.lines.at(line, 1)
                assert (where.file, 1 <= where.line <= lines) == (name, True)

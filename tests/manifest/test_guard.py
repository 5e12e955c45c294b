"""What an expression writes stays inside one scalar, or the error names it, its value and the filter to use."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.template import marked_text, structure_guard
from reconciler.manifest.template.marked_text import TemplateOrigin
from reconciler.manifest.yaml.block_reader import BlockReader
from reconciler.manifest.yaml.limits import RENDERED
from reconciler.manifest.yaml.parser import parse_yaml
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Severity

ROOM = """\
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: {name}
spec:
  room_description: {text}
"""


def loaded(root: Path, text: str, values: dict[str, Any], **files: str) -> DesiredState:
    (root / "rooms").mkdir(exist_ok=True)
    (root / "rooms/a.yaml").write_text(text, encoding="utf-8")
    (root / "v.yaml").write_text(yaml.safe_dump(values, allow_unicode=False, width=10**6), encoding="utf-8")
    for name, content in files.items():
        (root / f"{name}.j2").write_text(content, encoding="utf-8")
    return load(DiskTree(root), entries=["rooms"], values=["v.yaml"])


def errors(manifest: DesiredState) -> list[str]:
    return [each.code for each in manifest.diagnostics if each.severity is Severity.ERROR]


def described(manifest: DesiredState) -> Any:
    assert manifest.valid, manifest.diagnostics
    return manifest.resources[0].spec["room_description"]


FINE = [
    "word",
    "two words",
    "场次 3",
    "a-b_c.d",
    "5",
    "010",
    "true",
    "😀",
    "1e3",
    "https://example.com/a?b=c",
    "12:30",
    "a,b",
]


@pytest.mark.parametrize("value", FINE)
def test_harmless_text_needs_no_filter(value: str, tmp_path: Path) -> None:
    text = ROOM.format(name="room", text="{{ values.v }}")
    assert described(loaded(tmp_path, text, {"v": value})) == value


HARMFUL = [
    "a: b",
    "x #y",
    "x # y",
    "- x",
    "[x",
    "{x: y}",
    "[x, y]",
    "&x y",
    "*x",
    "!x y",
    "'x",
    '"x" y',
    "x\nspec: {}",
    "x\n  room_type: TEMP",
    "| x",
    "> x",
    "%x",
    "@x",
    "`x",
    "x:",
    "? x",
    "null",
    "~",
    "x\n---\ny: z",
    "x\n...",
    "{{ 7*7 }}",
    "a\tb: c",
    '"x"',
    "'x'",
    "|",
    ">-",
]


@pytest.mark.parametrize("value", HARMFUL)
def test_text_that_would_be_structure_is_an_error_at_its_expression(value: str, tmp_path: Path) -> None:
    manifest = loaded(tmp_path, ROOM.format(name="room", text="{{ values.v }}"), {"v": value})
    assert errors(manifest) == ["E_TPL_STRUCTURE"]
    (problem,) = manifest.diagnostics
    assert str(problem.position) == "rooms/a.yaml:6:21"
    assert "{{ values.v }}" in problem.message
    assert "tojson" in problem.hint


@pytest.mark.parametrize(
    "value", [*FINE, *HARMFUL, "multi\nline\n", " padded ", "", "tab\tand 'quotes' \"two\" \\ back", "\u2028\x85"]
)
def test_tojson_makes_one_value_of_any_text(value: str, tmp_path: Path) -> None:
    text = ROOM.format(name="room", text="{{ values.v | tojson }}")
    assert described(loaded(tmp_path, text, {"v": value})) == value


@pytest.mark.parametrize(
    ("around", "value"),
    [
        ('"{{ values.v }}"', 'a" b'),
        ('"{{ values.v }}"', "C:\\new"),
        ("'{{ values.v }}'", "it's"),
        ("'{{ values.v }}'", "a''b"),
        ("[{{ values.v }}]", "a, b"),
        ("{k: {{ values.v }} }", "a, b: c"),
        ("x {{ values.v }} y", " # "),
        ("x {{ values.v }} y", "#"),
        ("|\n    {{ values.v }}", "a\nb"),
        (">\n    {{ values.v }}", "a\n    b"),
        ("{{ values.v }}\n    x", "|"),
        ("{{ values.v }}x'", "'"),
        ("x {{ values.v }}\n  # c", "a\n  b"),
    ],
)
def test_every_style_of_scalar_is_guarded(around: str, value: str, tmp_path: Path) -> None:
    manifest = loaded(tmp_path, ROOM.format(name="room", text=around), {"v": value})
    assert errors(manifest) == ["E_TPL_STRUCTURE"]


@pytest.mark.parametrize(
    ("around", "value", "expected"),
    [
        ('"{{ values.v }}"', "a: b # c", "a: b # c"),
        ("'{{ values.v }}'", 'say "x" \\ y', 'say "x" \\ y'),
        ("|-\n    {{ values.v }}", "a: b # c", "a: b # c"),
        ("|-\n    {{ values.v | indent(4) }}", "a: b\n- c", "a: b\n- c"),
        ("pre {{ values.v }} post", "a-b", "pre a-b post"),
        ("x # {{ values.v }}", "a: [b", "x"),
        ("'{{ values.v }}' # {{ values.v }}", "a: b", "a: b"),
    ],
)
def test_what_stays_inside_is_let_through(around: str, value: str, expected: str, tmp_path: Path) -> None:
    assert described(loaded(tmp_path, ROOM.format(name="room", text=around), {"v": value})) == expected


@pytest.mark.parametrize(
    "around",
    [
        '"{{ values.v | tojson }}"',
        "'{{ values.v | tojson }}'",
        "x {{ values.v | tojson }}",
        "[{{ values.v | tojson }} x]",
    ],
)
def test_tojson_inside_a_text_is_an_error(around: str, tmp_path: Path) -> None:
    manifest = loaded(tmp_path, ROOM.format(name="room", text=around), {"v": ", b: 1, c: "})
    assert errors(manifest) == ["E_TPL_STRUCTURE"]


def test_tojson_in_quotes_cannot_open_a_mapping(tmp_path: Path) -> None:
    manifest = loaded(
        tmp_path, ROOM.format(name="room", text='x\n  cover: {a: "{{ values.v | tojson }}"}'), {"v": ", b: 1, c: "}
    )
    assert "E_TPL_STRUCTURE" in errors(manifest)


def test_a_list_or_an_object_is_no_text(tmp_path: Path) -> None:
    for value in (["a"], {"a": 1}):
        manifest = loaded(tmp_path, ROOM.format(name="room", text="{{ values.v }}"), {"v": value})
        assert errors(manifest) == ["E_TPL_STRUCTURE"]
        assert "tojson" in manifest.diagnostics[0].hint


def test_booleans_and_null_are_written_as_yaml_has_them(tmp_path: Path) -> None:
    text = ROOM.format(name="{{ values.t }}", text="{{ values.n }}")
    manifest = loaded(tmp_path, text, {"t": True, "n": None})
    assert manifest.resources[0].name == "true"
    assert described(manifest) is None


def test_macro_output_is_template_text_and_its_own_expressions_are_guarded(tmp_path: Path) -> None:
    macro = "{% macro described(v) %}\n  room_description: {{ v }}\n{% endmacro %}\n"
    text = "{% from 'm.j2' import described %}\n" + ROOM.format(name="room", text="").replace(
        "  room_description: \n", "{{ described(values.v) }}"
    )
    assert described(loaded(tmp_path, text, {"v": "fine"}, m=macro)) == "fine"
    manifest = loaded(tmp_path, text, {"v": "a: b"}, m=macro)
    assert errors(manifest) == ["E_TPL_STRUCTURE"]
    assert str(manifest.diagnostics[0].position) == "m.j2:2:21"
    assert "called from rooms/a.yaml:7" in manifest.diagnostics[0].message


def test_a_filter_around_guarded_text_keeps_the_guard(tmp_path: Path) -> None:
    text = ROOM.format(name="room", text="x") + "{% filter upper %}\n  # {{ values.v }}\n{% endfilter %}\n"
    assert errors(loaded(tmp_path, text, {"v": "a\n  room_type: TEMP"})) == ["E_TPL_STRUCTURE"]
    text = ROOM.format(name="room", text="x") + "{% filter title %}\n  # {{ values.v }}\n{% endfilter %}\n"
    assert errors(loaded(tmp_path, text, {"v": "a\n  room_type: TEMP"})) == ["E_TPL_STRUCTURE"]


def test_half_a_character_that_an_expression_writes_is_named_with_its_place(tmp_path: Path) -> None:
    found = loaded(tmp_path, ROOM.format(name="room", text=r"{{ '\ud83d' }}"), {})
    assert [(each.code, str(each.position)) for each in found.diagnostics] == [
        ("E_TEXT_SURROGATE", "rooms/a.yaml:6:21")
    ]


def test_the_value_in_the_message_is_shortened(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, ROOM.format(name="room", text="{{ values.v }}"), {"v": "a: " + "x" * 500})
    assert len(manifest.diagnostics[0].message) < 200


def test_a_sensitive_value_is_never_in_a_message(tmp_path: Path) -> None:
    text = ROOM.format(name="room", text="x") + "  live_event_callback_config:\n    key: {{ values.v }}\n"
    manifest = loaded(tmp_path, text, {"v": "canary: x"})
    assert errors(manifest) == ["E_TPL_STRUCTURE"]
    assert "canary" not in str(manifest.diagnostics) + str(manifest.sources)


def test_a_literal_secret_is_not_shown_in_its_excerpt_either(tmp_path: Path) -> None:
    text = ROOM.format(name="room", text="x") + "  live_event_callback_config: {auth: x, key: canary-value}\n"
    manifest = loaded(tmp_path, text, {})
    assert sorted(errors(manifest)) == ["E_FIELD_UNKNOWN", "E_SECRET_LITERAL"]
    assert "canary" not in str(manifest.diagnostics) + str(manifest.sources)


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    text = ROOM.format(name="room", text="{{ values | tojson }}{% for k in values %}{{ k }}{% endfor %}")
    rendered = {loaded(tmp_path, text, {"b": 1, "a": {"z": 1, "y": 2}}).rendered.get("rooms/a.yaml") for _ in range(5)}
    assert len(rendered) == 1


OUTPUTS = st.sampled_from(
    [
        *("Pu'er", "a", "a b", "null", "~", "", "x: y", "x:y", "a #b", "# c", "a#b", "- a", "'", "''", '"', "\\", "no"),
        *(
            "a\nb",
            "a\n",
            "[a]",
            "{a: 1}",
            "&a",
            "*a",
            "!t",
            "| ",
            ": ",
            "茶 馆",
            "12",
            "%a",
            "@",
            "a, b",
            "---",
            "...",
            "\u2028",
        ),
    ]
).map(lambda value: f"{marked_text.origin_mark(0)}{marked_text.OPEN}{value}{marked_text.CLOSE}")
AROUND = st.sampled_from(
    ["a: ", "b: ", "- ", "- a: ", "  c: ", "  ", "name: x ", "a: '", 'a: "', "'", '"', "# ", " # ", ""]
)
RENDERED_LINES = st.lists(
    st.lists(AROUND | OUTPUTS | st.sampled_from(["x", " y ", "\n"]), max_size=4).map("".join), max_size=6
).map("\n".join)
PLACES = (TemplateOrigin("a.yaml", 1, 1, "{{ values.v }}"),)


def violations(marked: str, blocks: BlockReader | None) -> list[Any]:
    parsed = parse_yaml(marked_text.unmarked(marked), "a.yaml", limits=RENDERED, blocks=blocks)
    broken = any(each.severity is Severity.ERROR for each in parsed.diagnostics)
    return structure_guard.find_structure_violations(marked, PLACES, parsed.documents, broken=broken)


@given(RENDERED_LINES)
def test_what_is_read_without_a_parser_is_guarded_as_what_a_parser_reads(marked: str) -> None:
    assert violations(marked, BlockReader()) == violations(marked, None)

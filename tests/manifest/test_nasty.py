"""Every nasty input of kinds yaml, jinja, jinja_dos, text and file: refused with its code, or read as it is meant."""

import base64
import os
import resource
import textwrap
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import DictLoader
from jinja2.exceptions import SecurityError

from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.loader import load
from reconciler.manifest.template.sandbox import Sandbox
from reconciler.manifest.template.template_worker import rendered
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Severity
from reconciler.model.source_map import Position

DATA = Path(__file__).parents[1] / "data" / "nasty.yaml"
ENTRIES: list[dict[str, Any]] = yaml.load(DATA.read_bytes(), yaml.CSafeLoader)["entries"]

BY_DESIGN = {
    "Y021": "",  # merge keys are allowed, and counted
    "Y060": "",  # a plain `=` in a text field is the text that was typed
    "J030": "E_TPL_SECURITY",  # a private name is refused before anything is looked at
    "J069": "E_TPL_UNDEFINED",  # lipsum is random: it is not there at all
}
"""Where the design says something else than the entry: the code, or nothing where the input is fine."""

ELSEWHERE = {
    "N014": "tests/diff",
    "X009": "tests/apply",
    "X010": "tests/cli",
    **dict.fromkeys(("X023", "X024", "X041"), "tests/apply"),
    **dict.fromkeys([f"X{number:03}" for number in range(25, 37)], "tests/readers"),
    **dict.fromkeys(("X037", "X039", "X040"), "tests/cli"),
    "X038": "tests/simulator",
}
"""Entries that no manifest alone can show, with the tests that have their scene: the service, the command line."""

WARNINGS = {"E_NAME_SPACE": "W_NAME_SPACE", "E_NAME_CONFUSABLE": "W_NAME_CONFUSABLE"}
TOLD = {"Y063": "W_YAML_COMMENT", "Y064": "W_NAME_SPACE", "Y068": "W_TPL_MARKER"}

ROOM = """\
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: room
spec:
  room_type: TEMPLATE
"""
RULE = """\
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata:
  name: group
spec:
  interaction_rules:
    - rule_name: rule
"""
PLACES = {
    "enabled": (RULE, "      ", ("interaction_rules", 0, "enabled")),
    "event_type": (RULE, "      ", ("interaction_rules", 0, "event_type")),
    "priority": (RULE + "      hit_condition:\n", "        ", ("interaction_rules", 0, "hit_condition", "priority")),
    "expire_time": (ROOM + "  shared_config:\n    shared_type: SHARED\n", "    ", ("shared_config", "expire_time")),
    "live_id": (
        ROOM + "  relation_live_platform_info:\n    platform_id: p\n",
        "    ",
        ("relation_live_platform_info", "live_id"),
    ),
    "reply": (ROOM, "  ", ("room_description",)),
    "room_nmae": (ROOM, "  ", ("room_nmae",)),
    "room_type": (ROOM.replace("  room_type: TEMPLATE\n", ""), "  ", ("room_type",)),
}
"""Where an entry that is only a value stands in a manifest: the text before it, its indentation, its path."""


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in ENTRIES if each["kind"] in kinds]


def generated(made: Any) -> str:
    if isinstance(made, str):
        return made
    if "gen" in made:
        return "".join(part if isinstance(part, str) else part[0] * part[1] for part in made["gen"])
    return "".join(made["gen_seq"]["template"] % number for number in range(made["gen_seq"]["n"]))


def content(entry: Mapping[str, Any]) -> bytes:
    if entry.get("encoding") == "base64":
        return base64.b64decode(entry["input"])
    return generated(entry["input"]).encode()


def wrapped(entry: Mapping[str, Any]) -> tuple[bytes, tuple[Any, ...] | None]:
    """Return the entry as a manifest, and where its value stands; lexical entries stay what they are."""
    data = content(entry)
    key = data.split(b":", 1)[0].decode("utf-8", "replace")
    code = BY_DESIGN.get(entry["id"], entry["expect"].get("code", ""))
    if key == "room_name" and (not code or code.startswith("E_FIELD")):
        value = data.split(b":", 1)[1].strip()
        return ROOM.replace("name: room", "name: " + value.decode()).encode(), ("metadata", "name")
    if key in PLACES and len(data) < 1_000_000:
        before, margin, path = PLACES[key]
        text = data.decode().replace("reply:", "room_description:")
        return (before + textwrap.indent(text, margin)).encode(), ("spec", *path)
    return data, None


def loaded(folder: Path, files: Mapping[str, bytes]) -> DesiredState:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return load(DiskTree(folder), entries=["manifests"])


def errors(manifest: DesiredState) -> list[str]:
    return [each.code for each in manifest.diagnostics if each.severity is Severity.ERROR]


def codes(manifest: DesiredState) -> list[str]:
    return [each.code for each in manifest.diagnostics]


@pytest.mark.parametrize("entry", of_kind("yaml"))
def test_yaml_is_read_as_meant_or_refused_with_its_code(entry: dict[str, Any], tmp_path: Path) -> None:
    data, path = wrapped(entry)
    if entry["id"] == "Y068":
        data = data.replace(b'"{{ name }}"', b'"{{ "{{ name }}" }}"')
    manifest = loaded(tmp_path, {"manifests/a.yaml": data})
    code = BY_DESIGN.get(entry["id"], entry["expect"].get("code", ""))
    if code or (entry["id"][0] == "X" and entry["expect"]["outcome"] == "reject"):
        assert any(each == code if code else each.startswith(("E_YAML", "E_TEXT")) for each in errors(manifest))
        assert all(each.position for each in manifest.diagnostics)
        must = entry["expect"].get("must_have", "") if entry["id"][0] == "X" else ""
        told = [f"line {each.position and each.position.line} {each.message}" for each in manifest.diagnostics]
        assert not must or any(must in each for each in told)
        return
    if path is None:  # a fragment that is no manifest: nothing of YAML is wrong with it
        assert not [each for each in errors(manifest) if each.startswith(("E_YAML", "E_TEXT"))]
        return
    assert manifest.valid, manifest.diagnostics
    (resource,) = manifest.resources
    found: Any = resource.name if path[0] == "metadata" else resource.spec
    for step in path[1:] if path[0] == "spec" else ():
        found = found[step]
    assert found == next(iter(entry["expect"]["value"].values())) if "value" in entry["expect"] else True
    if entry["id"] in TOLD:
        assert TOLD[entry["id"]] in codes(manifest)


def test_a_duplicate_key_names_both_lines(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, {"manifests/a.yaml": b"room_name: a\nroom_name: b\n"})
    problem = next(each for each in manifest.diagnostics if each.code == "E_YAML_DUPKEY")
    assert (problem.position and problem.position.line, problem.related[0].position.line) == (2, 1)


def test_a_misspelt_field_and_a_full_width_colon_are_hinted_at(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, {"manifests/a.yaml": (ROOM + "  room_descripton: x\n").encode()})
    assert "room_description" in next(each.hint for each in manifest.diagnostics if each.code == "E_FIELD_UNKNOWN")
    manifest = loaded(tmp_path, {"manifests/a.yaml": "room_name：值\n".encode()})
    assert "U+FF1A" in next(each.hint for each in manifest.diagnostics if each.code == "E_YAML_ROOT")


CONTEXT = {"x": {"attr": "public"}, "s": "abc", "d": {"a": 1}, "l": [1, 2, 3], "n": 5, "fn": "text"}


class Public:
    """What a context must never hold: an object with an attribute."""

    secret = "canary"


@pytest.mark.parametrize("entry", of_kind("jinja"))
def test_templates_cannot_leave_the_sandbox(entry: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("canary")
    (tmp_path / "project/manifests").mkdir(parents=True)
    (tmp_path / "project/link.j2").symlink_to(tmp_path / "secret.txt")
    values = "{values: " + yaml.safe_dump(CONTEXT, default_flow_style=True).strip() + "}"
    names = "".join(f"{{% set {name} = values.values.{name} %}}" for name in CONTEXT)
    parts = entry["input"] if isinstance(entry["input"], dict) else {}
    for name, text in parts.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(text)
    source = names + (f"{{% include '{next(iter(parts))}' %}}" if parts else entry["input"])
    if "'link.j2'" not in source and "{% extends" in source:
        source = entry["input"].replace("extends x", "extends values.values.x")
    (tmp_path / "project/v.yaml").write_text(values)
    (tmp_path / "project/manifests/a.yaml").write_text(source)
    manifest = load(DiskTree(tmp_path / "project"), entries=["manifests"], values=["v.yaml"])
    code = BY_DESIGN.get(entry["id"], entry["expect"].get("code", ""))
    assert "canary" not in str(manifest.diagnostics) + str(manifest.rendered)
    if entry["id"] == "J032":
        assert errors(manifest) == ["E_TPL_UNDEFINED"]  # plain data has no attributes at all
    elif code:
        assert code in errors(manifest)
        assert all(name in str(manifest.diagnostics) for name in parts)
    elif entry["expect"]["outcome"] == "reject":
        assert [each for each in errors(manifest) if each.startswith("E_TPL")]
        assert " at 0x" not in str(manifest.diagnostics)
    else:
        assert not [each for each in errors(manifest) if each.startswith("E_TPL")]


def test_a_context_of_anything_but_plain_data_is_refused() -> None:
    sandbox = Sandbox(DictLoader({"a": "{{ x.secret }}"}))
    with pytest.raises(SecurityError):
        rendered(sandbox, "a", {"x": Public()}, 100)


@pytest.mark.parametrize("entry", of_kind("jinja_dos"))
def test_template_bombs_are_stopped(entry: dict[str, Any], tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (tmp_path / "manifests").mkdir()
    values = yaml.safe_dump({name: CONTEXT[name] for name in ("s", "d", "l", "n")})
    names = "".join(f"{{% set {name} = values.{name} %}}" for name in ("s", "d", "l", "n"))
    (tmp_path / "v.yaml").write_text(values)
    (tmp_path / "manifests/a.yaml").write_text(names + generated(entry["input"]))
    manifest = load(DiskTree(tmp_path), entries=["manifests"], values=["v.yaml"])
    assert errors(manifest) == [BY_DESIGN.get(entry["id"], "E_TPL_LIMIT")]
    if entry["id"] == "X015":
        assert manifest.diagnostics[0].position == Position("manifests/a.yaml", 1, len(names) + 1)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak < before + 256 * 1024


def named(*names: str) -> dict[str, bytes]:
    return {f"manifests/{n}.yaml": ROOM.replace("name: room", f"name: {name}").encode() for n, name in enumerate(names)}


@pytest.mark.parametrize(
    "entry", [each for each in of_kind("text") if each.id not in ELSEWHERE]
)  # what the service does: tests/diff
def test_text_is_compared_and_judged_as_people_see_it(entry: dict[str, Any], tmp_path: Path) -> None:
    made = entry["input"]
    if entry["id"] == "N015":
        data, _path = wrapped({**entry, "input": made + "\n"})
        manifest = loaded(tmp_path, {"manifests/a.yaml": data})
    else:
        texts = [generated(each) for each in made] if isinstance(made, list) else [generated(made)]
        manifest = loaded(tmp_path, named(*texts))
    expected = entry["expect"]
    if expected["outcome"] == "reject":
        assert expected["code"] in errors(manifest)
        return
    assert manifest.valid, manifest.diagnostics
    if "warn" in expected:
        assert WARNINGS[expected["warn"]] in codes(manifest)
    if isinstance(made, str):
        assert manifest.resources[0].name == unicodedata.normalize("NFC", made)


def test_a_symlink_out_of_the_project_is_never_followed(tmp_path: Path) -> None:  # F001
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/a.yaml").symlink_to("/etc/hostname")
    assert errors(load(DiskTree(tmp_path), entries=["manifests"])) == ["E_PATH_SYMLINK"]
    assert errors(load(DiskTree(tmp_path), entries=["manifests/a.yaml"])) == ["E_PATH_SYMLINK"]


def test_a_loop_of_folder_links_ends_at_once(tmp_path: Path) -> None:  # F002
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests/x").symlink_to(".")
    assert errors(load(DiskTree(tmp_path), entries=["manifests"])) == ["E_PATH_SYMLINK"]
    assert errors(load(DiskTree(tmp_path), entries=["manifests/x/x/a.yaml"])) == ["E_PATH_SYMLINK"]


def test_a_file_name_that_cannot_be_shown_is_refused_and_never_shown_raw(tmp_path: Path) -> None:  # F004
    manifest = loaded(tmp_path, {"manifests/a\n\x1b[2J.yaml": ROOM.encode()})
    assert errors(manifest) == ["E_PATH_NAME"]
    assert "\x1b" not in str([each.message for each in manifest.diagnostics])
    os.rename(tmp_path / "manifests/a\n\x1b[2J.yaml", os.fsencode(tmp_path / "manifests") + b"/\xff.yaml")
    assert errors(load(DiskTree(tmp_path), entries=["manifests"])) == ["E_PATH_NAME"]


def test_braces_in_a_file_name_are_text(tmp_path: Path) -> None:  # F005
    manifest = loaded(tmp_path, {"manifests/{x!r}.yaml": ROOM.replace("name: room", "name: {{ env.nam }}").encode()})
    (problem,) = manifest.diagnostics
    assert problem.code == "E_TPL_UNDEFINED"
    assert str(problem.position) == "manifests/{x!r}.yaml:4:9"


def test_what_was_read_first_is_what_counts(tmp_path: Path) -> None:  # F008
    (tmp_path / "a.yaml").write_bytes(b"first")
    tree = DiskTree(tmp_path)
    assert tree.read("a.yaml") == b"first"
    digest = tree.digests()["a.yaml"]
    (tmp_path / "b.yaml").write_bytes(b"second")
    os.replace(tmp_path / "b.yaml", tmp_path / "a.yaml")
    assert (tree.read("a.yaml"), tree.digests()["a.yaml"]) == (b"first", digest)


@pytest.mark.parametrize("escape", [r"\uD800", r"\udc00", r"\udfff", r"\ude00\ud83d", r"\U0000dfff"])
def test_half_a_character_is_told_whichever_half(escape: str, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.yaml").write_text(f'a: "{escape}"\n')
    assert [each.code for each in load(DiskTree(tmp_path), entries=["m"]).diagnostics] == ["E_TEXT_SURROGATE"]


def test_a_file_of_nothing_but_mistakes_is_not_checked_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a.yaml").write_text("---\na: 1\n" * 3_000)
    found = load(DiskTree(tmp_path), entries=["m"]).diagnostics
    assert found[-1].code == "E_TOO_MANY"
    assert found[-1].position is not None
    assert 200 < found[-1].position.line < 1_000


def test_a_document_of_nothing_but_mistakes_is_not_checked_to_its_end(tmp_path: Path) -> None:
    text = ROOM + "".join(f"  k{number}: 1\n" for number in range(20_000))
    found = loaded(tmp_path, {"manifests/a.yaml": text.encode()}).diagnostics
    first = text.splitlines().index("  k0: 1") + 1
    assert [each.position.line for each in found if each.position] == list(range(first, first + 1_001))
    assert [each.code for each in found] == ["E_FIELD_UNKNOWN"] * 1_000 + ["E_TOO_MANY"]


def test_a_template_that_writes_more_than_anybody_reads_is_refused(tmp_path: Path) -> None:
    text = (
        "a:\n{% for i in range(99999) %}"
        + "- [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n" * 2
        + "{% endfor %}"
    )
    manifest = loaded(tmp_path, {"manifests/a.yaml": text.encode()})
    assert errors(manifest) == ["E_YAML_SIZE"]
    assert manifest.diagnostics[0].position is not None


def test_of_a_file_with_too_many_values_nothing_is_checked(tmp_path: Path) -> None:
    text = "{% for i in range(80000) %}---\n{a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8]}\n{% endfor %}"
    manifest = loaded(tmp_path, {"manifests/a.yaml": text.encode()})
    assert errors(manifest) == ["E_YAML_SIZE"]


def test_every_file_entry_has_its_test() -> None:
    covered = {"F001", "F002", "F004", "F005", "F008"}
    elsewhere = {"F009", "F010", "X038"}  # the project file and the command line: tests/cli
    assert {each["id"] for each in ENTRIES if each["kind"] == "file"} == covered | elsewhere


def test_every_new_entry_has_its_tests() -> None:
    here = {each["id"] for each in ENTRIES if each["kind"] in ("yaml", "jinja", "jinja_dos", "text")}
    new = {each["id"] for each in ENTRIES if each["id"][0] == "X"}
    assert new - here - set(ELSEWHERE) == set()
    assert all((DATA.parents[1] / folder.removeprefix("tests/")).is_dir() for folder in ELSEWHERE.values())

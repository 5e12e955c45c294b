"""`validate` knows of an earlier run without problems that nothing has changed, and sees every change."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples/quickstart"
SUCCESS = "Success! The manifests are valid.\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a copy of the example that was validated once."""
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".reconciler"))
    assert main(["-C", str(folder), "validate"], {}) == 0
    return folder


def records(folder: Path) -> list[Path]:
    return [one for one in (folder / ".reconciler/cache").iterdir() if '"observations"' in one.read_text("ascii")]


def validate(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["-C", str(folder), "validate", *more], {})
    return (code, *capsys.readouterr())


def test_the_same_project_has_no_problem_again_in_every_format(shop, capsys):
    assert len(records(shop)) == 1
    for form in ("text", "json", "sarif", "junit", "markdown"):
        whole = validate(shop, capsys, "--format", form, "--no-cache")
        assert validate(shop, capsys, "--format", form) == whole
    assert validate(shop, capsys) == (0, SUCCESS, "")
    assert len(records(shop)) == 1


def _append(file: str, text: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / file
        path.write_text(path.read_text("utf-8") + text, encoding="utf-8")

    return edit


def _add(file: str, text: str) -> Callable[[Path], None]:
    return lambda folder: _written(folder / file, text)


def _written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _linked(folder: Path) -> None:
    whole = (folder / "rooms/shows.yaml").read_bytes()
    (folder / "elsewhere.yaml").write_bytes(whole)
    (folder / "rooms/shows.yaml").unlink()
    (folder / "rooms/shows.yaml").symlink_to("../elsewhere.yaml")


EDITS = {
    "a manifest": _append("rooms/shows.yaml", "\nnonsense: [\n"),
    "a values file": _append("values/demo.yaml", "\nshop: [\n"),
    "an included template": _append("shared/rules.yaml.j2", "\n{{ missing }}\n"),
    "the project file": _append("reconciler.yaml", "\nunknown: true\n"),
    "a new manifest": _add("rooms/new.yaml", "kind: Nothing\n"),
    "a file that resembles one": _add("rooms/new.yaml.j2", "kind: Nothing\n"),
    "a removed folder": lambda folder: shutil.rmtree(folder / "rooms"),
    "a link in a file's place": _linked,
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_each_change_is_seen_and_its_problems_are_never_kept(shop, capsys, edit):
    edit(shop)
    cached, again = validate(shop, capsys), validate(shop, capsys)
    assert cached == again == validate(shop, capsys, "--no-cache")
    assert cached[1] != SUCCESS


@pytest.mark.parametrize(
    "edit",
    [_append("rooms/shows.yaml", "\n# a remark\n"), lambda folder: (folder / "rule-groups/questions.yaml").unlink()],
    ids=["a comment", "a removed manifest"],
)
def test_a_change_without_a_problem_is_kept_in_the_place_of_the_earlier_record(shop, capsys, edit):
    (before,) = records(shop)
    content = before.read_bytes()
    edit(shop)
    assert validate(shop, capsys) == (0, SUCCESS, "")
    assert records(shop) == [before]
    assert before.read_bytes() != content


@pytest.mark.parametrize("more", [("-e", "demo"), ("--today", "2031-01-01"), ("rooms",)])
def test_another_question_has_a_record_of_its_own(shop, capsys, more):
    assert validate(shop, capsys, *more) == validate(shop, capsys, *more, "--no-cache")
    assert len(records(shop)) == 2


@pytest.mark.parametrize("more", [("--set", "x=1"), ("--untrusted",), ("--no-cache",)])
def test_nothing_is_kept_of_values_of_the_command_line_nor_without_the_cache(shop, capsys, more):
    shutil.rmtree(shop / ".reconciler")
    validate(shop, capsys, *more)
    assert not (shop / ".reconciler/cache").exists() or not records(shop)


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"sha256":"0","entry":{}}', json.dumps({"observations": [["read", "reconciler.yaml"]]}).encode()],
)
def test_a_damaged_record_is_dropped_and_told(shop, capsys, content):
    (record,) = records(shop)
    record.write_bytes(content)
    code, out, err = validate(shop, capsys)
    assert (code, out) == (0, SUCCESS)
    assert err.startswith(f"W_CACHE_DROPPED: dropped .reconciler/cache/{record.name}")
    assert validate(shop, capsys) == (0, SUCCESS, "")


def test_a_record_that_a_repository_brings_along_is_not_believed(shop, capsys):
    (record,) = records(shop)
    record.chmod(0o644)
    _append("rooms/shows.yaml", "\nnonsense: [\n")(shop)
    code, out, err = validate(shop, capsys)
    assert code == 1
    assert "rooms/shows.yaml:" in out
    assert "it was not written by this user's reconciler" in err

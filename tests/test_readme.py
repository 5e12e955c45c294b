"""The README tells the truth: its commands run, and print what it says they print."""

import re
import shutil

import pytest

from reconciler.project.config_file import parse_project
from tests.support.command_line import QUICKSTART, ROOT, project, reconciler
from tests.support.readme import README, printed, shown

TEXT = README.read_text(encoding="utf-8")


@pytest.mark.parametrize("one", shown(TEXT), ids=lambda one: one.command)
def test_a_command_prints_what_the_readme_says(one, monkeypatch):
    monkeypatch.chdir(ROOT)
    real = printed(one.command)
    if "[…]" not in one.output:
        assert real == one.output
        return
    at = 0
    for piece in one.output.split("[…]\n"):
        found = real.find(piece, at)
        assert found >= 0, f"{piece!r} is not in the output"
        at = found + len(piece)


def test_every_flag_the_readme_names_exists():
    for line in re.findall(r"^(?:\$ )?reconciler .*$", TEXT, flags=re.MULTILINE):
        words = line.removeprefix("$ ").partition(" #")[0].split()
        command = next((word for word in words[1:] if not word.startswith("-") and "/" not in word), "")
        known = reconciler(*([command] if command else []), "--help").out + reconciler("--help").out
        for flag in (word.partition("=")[0] for word in words if word.startswith("-")):
            assert re.search(rf"(^|[\s,/]){re.escape(flag)}\b", known), f"{flag} of: {line}"


def test_every_file_the_readme_links_to_is_there():
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXT):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("block", re.findall(r"^```yaml\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL))
def test_every_example_in_yaml_is_valid(block, tmp_path):
    if "\nkind:" not in block:
        assert parse_project(block.encode(), root=tmp_path).environments
        return
    if "\nkind: RuleTest" in block:
        shutil.copytree(QUICKSTART, tmp_path / "quickstart", ignore=shutil.ignore_patterns("rule-tests"))
        (tmp_path / "quickstart/one.yaml").write_text(block, encoding="utf-8")
        run = reconciler("-C", tmp_path / "quickstart", "test", "one.yaml", "-e", "demo")
        assert run.code == 0, run.out
        return
    project(tmp_path, {"rooms/one.yaml": block})
    run = reconciler("-C", tmp_path, "validate")
    assert run.code == 0, run.out

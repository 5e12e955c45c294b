"""README and docs tell the truth: their commands run, and print what it is said they print."""

import re
import shutil
from functools import cache

import pytest

from reconciler.cli.commands import COMMANDS
from reconciler.project.config_file import parse_project
from tests.support.command_line import QUICKSTART, ROOT, project, reconciler
from tests.support.readme import README, pages, runner, shown

DOCUMENTS = [README, *sorted((ROOT / "docs").rglob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}
BLOCKS = [
    pytest.param(block, id=f"{name}-{index}")
    for name, text in TEXTS.items()
    for index, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
    if "\nkind:" in block or "\nenvironments:" in block
]
LONGEST = 7_500
"""Bytes of README.md: what it is, how to start, and where the rest stands."""


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_print_what_it_says(page):
    text = page.read_text(encoding="utf-8")
    with runner(text) as run:
        for one in shown(text):
            real = run(one.command)
            assert one.is_printed(real), f"{one.command} prints:\n{real}\nrun: python -m tests.support.readme"


def test_an_output_that_differs_is_noticed():
    text = README.read_text(encoding="utf-8")
    with runner(text) as run:
        one = shown(text)[0]
        real = run(one.command)
    assert not type(one)(one.command, one.output.replace("1 to add", "2 to add")).is_printed(real)
    assert not type(one)(one.command, real + "more\n").is_printed(real)


@pytest.mark.parametrize("name", TEXTS)
def test_every_flag_that_a_page_names_exists(name):
    for line in re.findall(r"^(?:\$ |    )?reconciler .*$", TEXTS[name], flags=re.MULTILINE):
        words = line.strip().removeprefix("$ ").partition(" #")[0].split()
        assert flags_unknown(words) == [], line


def flags_unknown(words):
    """Return the flags of a command line that neither the command's help nor the program's names."""
    command = next((at for at, word in enumerate(words) if word in COMMANDS), len(words))
    names = [word for word in words[command : command + 2] if re.fullmatch(r"[a-z][a-z-]+", word)]
    known = "".join(help_of(*names[:end]) for end in (2, 1, 0))
    flags = [word.partition("=")[0] for word in words if re.match(r"--[a-z]|-[a-z]$", word, re.IGNORECASE)]
    return [flag for flag in flags if not re.search(rf"(^|[\s,/]){re.escape(flag)}\b", known)]


@cache
def help_of(*names):
    run = reconciler(*names, "--help")
    return run.out if run.code == 0 else ""


def test_a_flag_that_there_is_not_is_noticed():
    assert flags_unknown(["reconciler", "plan", "--detailed-exitcodes", "-e", "demo"]) == ["--detailed-exitcodes"]


def test_every_file_the_readme_links_to_is_there():
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXTS["README.md"]):
        assert (ROOT / target).exists(), target


def test_the_readme_is_short():
    assert len(TEXTS["README.md"].encode()) <= LONGEST


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_in_yaml_is_valid(block, tmp_path):
    if "\nkind:" not in block:
        assert parse_project(block.encode(), root=tmp_path).environments
        return
    if "\nkind: RuleTest" in block:
        shutil.copytree(QUICKSTART, tmp_path / "quickstart", ignore=shutil.ignore_patterns("rule-tests"))
        text = block.replace('["Questions"]', '["Tea house questions"]')
        (tmp_path / "quickstart/one.yaml").write_text(text, encoding="utf-8")
        run = reconciler("-C", tmp_path / "quickstart", "test", "one.yaml", "-e", "demo")
        assert "E_" not in run.out + run.err
        assert run.code == 0 or "UNDECIDED" in run.out or "FAILED" in run.out
        return
    project(tmp_path, {"rooms/one.yaml": block})
    run = reconciler("-C", tmp_path, "validate")
    assert (run.code, run.out) == (0, "Success! The manifests are valid.\n")

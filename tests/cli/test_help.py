"""Help pages: every page has groups and examples that run as printed, and no line is cut or wider than a terminal."""

import shlex
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from reconciler.cli.app import command_line
from reconciler.cli.commands import COMMANDS
from reconciler.cli.examples import EXAMPLES
from reconciler.cli.help_page import GROUPS, summary
from reconciler.cli.overview import PAGE
from reconciler.kinds.registry import all_kinds
from reconciler.model.change import Attribution
from tests.support.command_line import reconciler
from tests.support.reference_pages import overview_page

WIDTH = 80
ROOT = command_line()


def _paths(command=ROOT, path=()):
    yield path
    for name, one in getattr(command, "commands", {}).items():
        if not one.hidden:
            yield from _paths(one, (*path, name))


PAGES = sorted(_paths())


def page(path):
    run = reconciler(*path, "--help")
    assert (run.code, run.err) == (0, "")
    return run.out


@pytest.mark.parametrize("path", PAGES, ids=" ".join)
def test_a_page_has_examples_and_no_line_is_cut_or_too_wide(path):
    text = page(path)
    assert "\nExamples:\n  # " in text
    for line in text.splitlines():
        assert len(line) <= WIDTH
        assert "…" not in line
        assert not line.endswith("...") or line.startswith("Usage:")
    assert reconciler("help", *path).out == text


def test_every_command_has_examples_and_every_example_a_command():
    assert set(EXAMPLES) == {" ".join(path) for path in PAGES}


@pytest.mark.parametrize("line", sorted({line for lines in EXAMPLES.values() for line in lines.values()}))
def test_an_example_is_understood_as_it_is_printed(line):
    for part in line.split(" && "):
        words = shlex.split(part)
        assert words[0] == "reconciler"
        context = ROOT.make_context("reconciler", words[1:], resilient_parsing=True)
        rest = [*context._protected_args, *context.args]
        while rest:
            command = context.command.commands[rest[0]]
            context = command.make_context(rest[0], rest[1:], parent=context, resilient_parsing=True)
            rest = [*getattr(context, "_protected_args", []), *context.args]
            assert not rest or hasattr(context.command, "commands"), rest


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_of_a_command_what_its_description_begins_with(name):
    assert COMMANDS[name].summary == summary(ROOT.commands[name])
    assert COMMANDS[name].is_group == hasattr(ROOT.commands[name], "commands")


def test_the_page_that_is_printed_without_the_parser_is_the_parser_s():
    kept = Path(PAGE).read_text(encoding="ascii")
    assert kept == overview_page(), "run: make generate"
    for words in ((), ("-h",), ("--help",), ("help",)):
        assert reconciler(*words).out == kept
    assert reconciler("--no-color", "--help").out == kept


def test_a_narrow_terminal_gets_lines_of_its_own_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    above, examples = page(()).split("\nExamples:\n")
    assert max(map(len, above.splitlines())) <= 60
    assert examples in Path(PAGE).read_text(encoding="ascii")


def test_a_misspelled_variable_is_told_instead_of_the_page():
    run = reconciler("--help", variables={"RECONCILER_WRITR": "x"})
    assert run.code == 1
    assert "RECONCILER_WRITER" in run.err


def test_an_option_belongs_to_one_group():
    names = [name for group in GROUPS.values() for name in group.split()]
    assert len(names) == len(set(names))


def test_the_options_of_apply_stand_in_groups():
    text = page(("apply",))
    groups = [title for title in GROUPS if title != "Filters"]
    order = [text.index(f"\n{title}:\n") for title in ("Arguments", *groups, "Options", "Examples")]
    assert order == sorted(order)
    guards = text[text.index("\nGuards:\n") : text.index("\nConnection:\n")]
    for option in ("--auto-approve", "--allow-deletes", "--allow-live", "--allow-empty", "--allow-collapsed"):
        assert option in guards


def test_the_filters_of_the_kinds_stand_in_a_group_of_their_own():
    text = page(("get",))
    filters = text[text.index("\nFilters:\n") : text.index("\nValues:\n")]
    for kind in all_kinds().values():
        assert [rule.option for rule in kind.endpoints.filters if f"  {rule.option} " not in filters] == []


def test_formats_and_classes_are_listed():
    text = " ".join(page(("plan",)).split())
    for one in entry_points(group="reconciler.reporters"):
        assert one.name in text or not one.value.startswith("reconciler.")
    for attribution in Attribution:
        assert attribution.value in text
    assert "[default: text]" in text
    assert "[default: 8; 1<=x<=64]" in text


def test_an_unknown_topic_is_answered():
    assert "reconciler validate" in reconciler("help", "fmt").err
    assert "did you mean `apply`?" in reconciler("help", "aply").err
    run = reconciler("help", "history", "nothing")
    assert (run.code, run.out) == (1, "")


@pytest.mark.parametrize("tool", ["terraform", "kubectl", "kongctl", "octodns", "sdk"])
def test_the_words_of_a_tool_are_a_page(tool):
    run = reconciler("help", tool)
    assert run.code == 0
    assert all(len(line) <= WIDTH for line in run.out.splitlines())
    assert "reconciler" in run.out

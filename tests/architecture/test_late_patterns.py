"""Regular expressions of modules are compiled when they are first used: at import every command would pay for them."""

import re

import pytest

from tests.support.command_line import ROOT

EARLY = re.compile(r"^_?[A-Z0-9_]+(?:: [^=\n]+)? = re\.compile\(\s*(?!r?b[\"'])", re.MULTILINE)
"""A constant of a module that is a compiled expression; late_pattern takes text, not bytes."""

MODULES = sorted((ROOT / "reconciler").rglob("*.py"))


def test_no_module_compiles_an_expression_when_it_is_imported():
    early = {path.relative_to(ROOT).as_posix() for path in MODULES if EARLY.search(path.read_text(encoding="utf-8"))}
    assert early == set(), "write late_pattern(…) of reconciler/late_patterns.py in place of re.compile(…)"


@pytest.mark.parametrize(("line", "early"), [("_A = re.compile(r'x')", True), ("_A = re.compile(rb'x')", False)])
def test_what_counts_as_early(line, early):
    assert bool(EARLY.search(line)) is early

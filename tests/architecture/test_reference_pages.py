"""The generated pages of docs/reference/ are what the package makes, and every diagnostic code is explained."""

import ast
import re

from tests.support.command_line import ROOT
from tests.support.reference_pages import catalogue, outdated, reference_pages

CODE = re.compile(r"[EWN]_[A-Z0-9]+(?:_[A-Z0-9]+)*")
PACKAGE = ROOT / "reconciler"
LINTS = {"error", "warning", "info"}
"""Functions that make a finding of a lint: the second argument is its id."""


def test_the_generated_pages_are_up_to_date():
    assert outdated() == [], "run: .venv/bin/python -m tests.support.reference_pages"


def test_a_page_that_is_not_what_the_package_makes_is_named(tmp_path):
    (tmp_path / "commands.md").write_text("old", encoding="utf-8")
    assert outdated(tmp_path) == list(reference_pages())


def test_every_code_has_a_cause_and_a_cure_and_every_entry_a_code():
    used = {code for path in sources() for code in codes(path.read_text(encoding="utf-8"))}
    used |= {code for path in sources("interaction_rules") for code in lints(path.read_text(encoding="utf-8"))}
    explained = [code for group in catalogue().values() for code in group]
    assert len(used) > 200
    assert sorted(used - set(explained)) == [], "add them to docs/reference/diagnostics.yaml, then `make generate`"
    assert sorted(set(explained) - used) == []
    assert len(explained) == len(set(explained))
    for group in catalogue().values():
        for code, entry in group.items():
            assert set(entry) == {"cause", "cure"}, code
            assert all(text.endswith(".") and len(text) > 5 for text in entry.values()), code


def test_every_code_is_an_element_of_the_page():
    page = reference_pages()["diagnostics.md"]
    assert 'id="e_field_unknown"' in page
    assert 'id="l_rule_tie"' in page
    ids = re.findall(r'id="(\w+)"', page)
    assert ids == [code.lower() for group in catalogue().values() for code in group]


def test_codes_are_found_as_they_are_written():
    assert codes('default_code = "E_ONE"\nf(code="W_TWO_2")\n_PREFIX = "E_READ_"\n"""E_NOT in text"""') == {
        "E_ONE",
        "W_TWO_2",
    }
    assert lints('yield error(path, "regex-invalid", "m")\nyield (warning if x else info)(path, "a-b", "m")') == {
        "L_RULE_REGEX_INVALID",
        "L_RULE_A_B",
    }


def sources(folder=""):
    """Return the modules that tell users of problems; the suites for plugins are tests."""
    return [path for path in sorted((PACKAGE / folder).rglob("*.py")) if "testing" not in path.parts]


def codes(source):
    """Return the codes that stand in a module as texts of their own."""
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}


def lints(source):
    """Return the codes of the lints that a module finds."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and len(node.args) > 1)
    ids = (call.args[1] for call in calls if LINTS & {name.id for name in ast.walk(call.func) if is_name(name)})
    found = {one.value for argument in ids for one in ast.walk(argument) if isinstance(one, ast.Constant)}
    return {f"L_RULE_{one.upper().replace('-', '_')}" for one in found if isinstance(one, str)}


def is_name(node):
    return isinstance(node, ast.Name)

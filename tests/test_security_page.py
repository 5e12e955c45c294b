"""SECURITY.md promises nothing that no test holds."""

import re

from tests.support.command_line import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)


def test_every_test_that_the_page_names_is_there():
    assert len(NAMED) > 30
    gone = []
    for file, name in NAMED:
        path = ROOT / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not re.search(rf"^def {name}\(", text, flags=re.MULTILINE):
            gone.append(f"{file}::{name}")
    assert gone == []


def test_every_promise_names_a_test():
    promised = PAGE[PAGE.index("## What every mode promises") : PAGE.index("## What is not promised")]
    parts = re.split(r"^(?=\*\*|## )", promised, flags=re.MULTILINE)
    bare = [part.split("\n")[0] for part in parts if part.strip() and "::test_" not in part]
    assert bare == ["## What every mode promises"]


def test_the_page_says_how_to_report_and_what_is_not_promised():
    headings = re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    for wanted in ("Reporting a vulnerability", "Threat model", "`--untrusted`", "`apply`", "What is not promised"):
        assert wanted in headings


def test_the_readme_leads_to_it():
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")

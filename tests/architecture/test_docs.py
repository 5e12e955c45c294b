"""What the documents say of the code is there: every module, class and file that they name."""

import importlib
import re

import pytest

from tests.support.command_line import ROOT

DOCUMENTS = [
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/glossary.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs/decisions").glob("*.md"))),
]
FLOORS = re.compile(r"^Imports go down only:.*?all read its field table\.", re.MULTILINE | re.DOTALL)
OWN = frozenset({"notice_kind.py", "tally_report.py", "trail_writer.py", "patient_reader.py"})
"""Files that CONTRIBUTING.md defines itself."""


def prose(name):
    return re.sub(r"^```(?!sh).*?^```$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def is_there(path):
    """Tell whether a path names a file or folder of the repository or of the package, with or without its suffix."""
    bases = [base / path.rstrip("/") for base in (ROOT, ROOT / "reconciler")]
    return any(base.exists() or base.with_name(f"{base.name}.py").exists() for base in bases)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_exists(document):
    text = prose(document)
    spans = re.findall(r"`([\w./-]+/[\w./-]*|[\w/]+\.(?:py|md|yaml|toml))`", text)
    bare = re.findall(r"(?<![\w/`.])((?:docs|tests|reconciler|reports|kinds)/[\w./-]+\.\w+)", text)
    missing = [path for path in (*spans, *bare) if path not in OWN and not is_there(path)]
    assert [path for path in missing if path != "reconciler.yaml"] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_dotted_name_that_a_document_gives_exists(document):
    for name in re.findall(r"\breconciler(?:\.\w+)+", (ROOT / document).read_text(encoding="utf-8")):
        if name in {"reconciler.yaml", "reconciler.readers", "reconciler.writers", "reconciler.kinds"}:
            continue
        if name == "reconciler.reporters":  # an entry-point group, not a module
            continue
        assert resolves(name), name


def resolves(name):
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(value, part):
                return False
            value = getattr(value, part)
        return True
    return False


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_of_a_document_leads_to_a_file(document):
    folder = (ROOT / document).parent
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", prose(document)):
        assert (folder / target).exists(), target


def test_the_floors_are_those_that_import_linter_checks():
    told = FLOORS.search((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))[0].partition("import-linter")[0]
    layers = re.search(r"^layers = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE | re.DOTALL)[
        1
    ]
    checked = re.findall(r"\w+", layers)
    named = re.findall(r"`(\w+)`", told)
    assert sorted(named) == sorted(
        set(checked)
        - {"__main__", "lookalikes", "threads", "http_library", "late_methods", "late_patterns", "entry_points"}
    )

"""The generated pages of docs/reference/ are what the package makes; `make generate` writes them."""

from tests.support.reference_pages import outdated, reference_pages


def test_the_generated_pages_are_up_to_date():
    assert outdated() == [], "run: .venv/bin/python -m tests.support.reference_pages"


def test_a_page_that_is_not_what_the_package_makes_is_named(tmp_path):
    (tmp_path / "commands.md").write_text("old", encoding="utf-8")
    assert outdated(tmp_path) == list(reference_pages())

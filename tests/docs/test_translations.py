"""The Chinese pages are in step with the English ones: the same headings by level, the same commands and outputs."""

import re

import pytest

from tests.support.command_line import ROOT
from tests.support.readme import TRANSLATIONS, blocks, translated

PAIRS = list(TRANSLATIONS.items())
FENCES = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)")


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def levels(page):
    """Return the levels of a page's headings in order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", FENCES.sub("", page), flags=re.MULTILINE)]


def statements(page):
    """Return the blocks that are no commands, without what is said in their comments."""
    found = [
        (language, re.sub(r"\s*#.*", "", body)) for language, body in FENCES.findall(page) if language != "console"
    ]
    shell = re.findall(r"^    (\S.*)$", FENCES.sub("", page), flags=re.MULTILINE)
    return [*found, *(line.partition(" # ")[0].rstrip() for line in shell)]


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_headings_and_commands_are_the_same(english, chinese):
    first, second = text(english), text(chinese)
    assert levels(first) == levels(second)
    assert blocks(first) == blocks(second), "run: .venv/bin/python -m tests.support.readme"
    assert statements(first) == statements(second)
    assert len(levels(first)) > 4
    assert blocks(first)


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_the_translation_is_chinese_throughout(english, chinese):
    parts = [
        part for part in re.split(r"\n{2,}", FENCES.sub("", text(chinese))) if not part.startswith(("    ", "<!--"))
    ]
    plain = [part for part in parts if not re.search(r"[\u4e00-\u9fff]", part)]
    assert [
        part for part in plain if part not in ("# reconciler", "[English](README.md)") and "CHANGELOG" not in part
    ] == []


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_lead_to_the_same_pages(english, chinese):
    def led(name):
        page = ROOT / name
        return {(page.parent / link).resolve() for link in LINK.findall(text(name)) if "://" not in link}

    other = {(ROOT / name).resolve() for pair in PAIRS for name in pair}
    assert led(english) - other == led(chinese) - other
    assert all(path.exists() for path in led(chinese))


def test_a_translation_gets_the_blocks_of_its_original():
    original = "# A\n\n```console\n$ one\n1\n```\n"
    assert translated(original, "# 甲\n\n```console\n$ one\n0\n```\n") == "# 甲\n\n```console\n$ one\n1\n```\n"
    assert levels("# A\n```sh\n# no heading\n```\n## B\n") == [1, 2]

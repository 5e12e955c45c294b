"""Pictures of terminals: the bytes of a real pseudo-terminal, drawn as it shows them, in a file that loads nothing."""

import re
import sys
import xml.etree.ElementTree as ET
from html import unescape

import pytest

from tests.support.command_line import ROOT
from tests.support.pictures import IMAGES, PICTURES, run, variables
from tests.support.terminal_picture import Style, drawing, recorded, screen


def rows(said):
    return ["".join(character for character, _ in row) for row in screen(said)]


def written(picture):
    """Return the texts of a picture, by row."""
    found = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
    return [" ".join("".join(row.itertext()).split()) for row in found]


def test_a_plan_is_drawn_as_the_terminal_showed_it():
    said = run("-C", "examples/quickstart", "plan", "-e", "demo")
    assert "\x1b[32m" in said.partition("\n")[2], "a terminal gets colours"
    text = written(drawing(screen(said), title="A plan"))
    assert text[0] == "$ reconciler -C examples/quickstart plan -e demo"
    assert any(line.startswith("Plan: 1 to add, 1 to change") for line in text)


def test_a_question_is_answered():
    program = (sys.executable, "-c", "print('got', input('Only yes confirms: '))")
    said = recorded(program, folder=ROOT, variables=variables(), answers=("yes",))
    assert rows(said) == ["Only yes confirms: yes", "got yes"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("one\r\ntwo", ["one", "two"]),
        ("10 %\r100 %\r\n", ["100 %"]),
        ("waiting\r\x1b[Kdone\r\n", ["done"]),
        ("a\r\nb\r\n\x1b[2Ac\r\n", ["c", "b"]),
        ("abc\x1b[2K\rd", ["d"]),
        ("ab\bc", ["ac"]),
        ("\x1b[?25lx\x1b[?25h", ["x"]),
    ],
)
def test_what_moves_the_cursor_is_followed(said, shown):
    assert rows(said) == shown


def test_colours_weight_and_markup_are_kept():
    (row,) = screen("\x1b[1;31m<a> & b\x1b[0m c")
    assert row[0] == ("<", Style(colour="#ff7b72", bold=True))
    picture = drawing([row], title='say "<hi>"')
    assert written(picture) == ["<a> & b c"]
    assert 'fill="#ff7b72" font-weight="bold"' in picture
    assert "&lt;a&gt; &amp; b" in picture


@pytest.mark.parametrize("name", sorted(path.name for path in IMAGES.glob("terminal-*.svg")))
def test_a_picture_of_a_terminal_shows_a_command(name):
    assert written((IMAGES / name).read_text(encoding="utf-8"))[0].startswith("$ reconciler ")


@pytest.mark.parametrize("name", sorted(path.name for path in IMAGES.glob("*.svg")))
def test_a_picture_loads_nothing(name):
    picture = (IMAGES / name).read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"]+", unescape(picture)) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|@import|<script|<image", picture)


def test_every_picture_of_a_page_is_there_and_taken_by_a_command():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 8
    assert [link for page, link in links if not (page.parent / link).is_file()] == []
    assert set(PICTURES) == {"terminal", "reports", "replay", "site"}

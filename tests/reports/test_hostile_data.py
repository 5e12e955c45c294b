"""Whatever stands in a name, a value or a message: no format lets it become anything but text."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from reconciler.model.report import ReportOptions
from reconciler.reports import github_annotations, gitlab_reports, junit, sarif
from reconciler.reports.html import report as html
from reconciler.reports.markdown import report as markdown
from reconciler.reports.text import report as text
from tests.support.report_hostile import BENIGN, hostile, hostile_apply, nasty_texts
from tests.support.report_values import PLAIN

NASTY = [pytest.param(value, id=name) for name, value in nasty_texts().items()]
SHORT = [one for one in NASTY if 0 < len(one.values[0]) < 42 and "\n" not in one.values[0]]
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
REPORTS = (hostile, hostile_apply)

nasty = pytest.mark.parametrize("value", NASTY)
made = pytest.mark.parametrize("make", REPORTS)


@nasty
@made
def test_a_terminal_gets_no_character_it_would_obey(value, make):
    told = text.report(make(value), PLAIN)
    assert not UNSEEN.search(told.replace("\u200b", ""))
    assert not UNSEEN.search(
        text.report(make(value), ReportOptions(color=True)).replace("\u200b", "").replace("\x1b[", "")
    )


@nasty
@made
def test_a_runner_reading_the_text_as_a_log_finds_no_command(value, make):
    for line in text.report(make(value), PLAIN).splitlines():
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##\w*\[", line)


@pytest.mark.parametrize("value", SHORT)
@made
def test_text_has_the_same_lines_as_for_plain_words(value, make):
    told, benign = (text.report(make(one), PLAIN).splitlines() for one in (value, BENIGN))
    assert len(told) == len(benign)


def rendered(source):
    return (
        MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").enable("strikethrough").parse(source)
    )


def flat(tokens):
    for token in tokens:
        yield token
        yield from flat(token.children or [])


OURS = re.compile(r"</?(details|summary|b|code)>|<!-- reconciler [\w.,%-]* -->")


@nasty
@made
@pytest.mark.parametrize("budget", [0, 65_000, 4_000, 1_000])
def test_markdown_keeps_its_shape(value, make, budget):
    told = markdown.report(make(value), ReportOptions(budget=budget))
    for token in flat(rendered(told)):
        assert token.type not in {"image", "link_open", "strong_em", "blockquote_open", "s_open"}
        if token.type in {"html_block", "html_inline"}:
            assert "<" not in OURS.sub("", token.content), token.content


def shape(report):
    tokens = flat(rendered(markdown.report(report, PLAIN)))
    return [(token.type, token.tag) for token in tokens if not token.type.startswith(("text", "softbreak"))]


@pytest.mark.parametrize("value", SHORT)
@made
def test_markdown_has_the_same_blocks_as_for_plain_words(value, make):
    assert shape(make(value)) == shape(make(BENIGN))


@nasty
@made
def test_markdown_has_the_same_headings_as_for_plain_words(value, make):
    told, benign = ([one for one in shape(make(text)) if one[0] == "heading_open"] for text in (value or "x", BENIGN))
    assert told == benign


@nasty
@made
def test_one_table_stays_one_table_of_five_columns(value, make):
    tokens = rendered(markdown.report(make(value), PLAIN))
    rows, cells = 0, 0
    for token in tokens:
        rows += token.type == "tr_open"
        cells += token.type in {"th_open", "td_open"}
    wide = sum(1 for token in tokens if token.type == "inline" and token.content == "Where")
    narrow = sum(1 for token in tokens if token.type == "table_open") - wide
    assert cells == 5 * (rows - 2 * narrow) + 2 * 2 * narrow


FENCED = re.compile(r"^(`{3,})(?:diff|sh)\n.*?^\1$", re.MULTILINE | re.DOTALL)

ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
"""What GitHub's own parser takes for an escaped character in a table, a backslash among them."""


@nasty
@made
def test_every_row_has_its_cells_for_githubs_parser_too(value, make):
    for line in markdown.report(make(value), PLAIN).split("\n"):
        if line.startswith("| ") and line.endswith("|"):
            assert ESCAPED.sub("", line).count("|") in {3, 6}, line


@nasty
@made
def test_markdown_mentions_and_references_are_inert_outside_code_blocks(value, make):
    """Inside a fenced block a code host makes none of them, and the text is there to be copied."""
    told = FENCED.sub("", markdown.report(make(value), PLAIN))
    assert not re.search(r"@\w", told)
    assert not re.search(r"(?<!&)#\d", told)
    assert not re.search(r"GH-\d", told)
    assert not re.search(r"!\d", told)
    assert "://" not in told


class Skeleton(HTMLParser):
    """Every element and attribute name of a page, in order, and the text of its elements."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.bones = []

    def handle_starttag(self, tag, attrs):
        if tag not in {"wbr", "del", "ins"}:
            self.bones.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data):
        self.bones.append(("comment", data))


def skeleton(page):
    parser = Skeleton()
    parser.feed(page)
    parser.close()
    return parser.bones


@nasty
@made
def test_html_has_no_element_or_attribute_from_data(value, make):
    benign = skeleton(html.report(make(BENIGN), PLAIN))
    assert skeleton(html.report(make(value or "empty"), PLAIN)) == benign


@nasty
def test_html_holds_no_character_that_does_not_show(value):
    page = html.report(hostile(value), PLAIN)
    body = page[page.index("<body>") : page.rindex("<script>")]
    assert not UNSEEN.search(body)


def test_html_allows_its_own_style_and_script_and_nothing_else():
    page = html.report(hostile(BENIGN), PLAIN)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src &#39;none&#39;")
    assert "unsafe" not in policy
    assert not re.search(
        r"(?i)\son\w+=|\sstyle=|(?:src|href)=\"(?!#changes|data:,\")",
        page[page.index("<body>") : page.rindex("<script>")],
    )


@nasty
@made
def test_json_formats_parse_and_hold_as_many_findings(value, make):
    benign = json.loads(sarif.report(make(BENIGN), PLAIN))["runs"][0]["results"]
    told = sarif.report(make(value), PLAIN)
    assert len(json.loads(told)["runs"][0]["results"]) == len(benign)
    assert len(json.loads(gitlab_reports.code_quality_report(make(value), PLAIN))) == len(benign)
    told.encode()
    assert "](" not in told


@nasty
@made
def test_junit_is_well_formed_with_the_same_elements(value, make):
    def bones(one):
        told = junit.report(make(one), PLAIN)
        return [(node.tag, tuple(node.attrib)) for node in ET.fromstring(told.encode()).iter()]

    assert bones(value) == bones(BENIGN)


@nasty
@made
def test_annotations_are_one_line_each(value, make):
    lines = github_annotations.report(make(value), PLAIN).split("\n")
    assert len(lines) == len(github_annotations.report(make(BENIGN), PLAIN).split("\n"))
    for line in lines[:-1]:
        assert re.match(r"::(error|warning|notice) (?:file=[^,:]*,line=\d+,col=\d+,)?title=[^,:]*::", line)
        assert not UNSEEN.search(line.replace("\u200b", ""))

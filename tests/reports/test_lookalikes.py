"""Two sides that look the same are told apart in every report."""

import re
import unicodedata

import pytest

from reconciler.lookalikes import apart
from reconciler.model.plan import Plan
from reconciler.model.report import Report
from reconciler.reports.findings import findings
from reconciler.reports.html.report import report as html
from reconciler.reports.markdown.report import report as markdown
from reconciler.reports.text.report import report as text
from tests.support.report_values import PLAIN, field, update

ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4})")

ALIKE = [
    ("caf\u00e9", "cafe\u0301", "caf\u00e9", "cafe\\u0301"),
    ("c\u0430t", "cat", "c\\u0430t", "cat"),
    ("\u0391\u03a1\u0398", "AP\u0398", "\\u0391\\u03a1\u0398", "AP\u0398"),
    ("\u0397\u041d", "HH", "\\u0397\\u041d", "HH"),
    ("\u041d\u0397", "\u0397\u041d", "\\u041d\\u0397", "\\u0397\\u041d"),
    ("a\u00a0b", "a b", "a\\xa0b", "a b"),
    ("a\u3000b", "a\u2003b", "a\\u3000b", "a\\u2003b"),
    ("\uff21\uff22\uff11\uff0c", "AB1,", "\\uff21\\uff22\\uff11\\uff0c", "AB1,"),
    ("今天\uff0c好", "今天,好", "今天\\uff0c好", "今天,好"),
    ("a\u200cb", "ab", "a\\u200cb", "ab"),
    ("x\ufe0f y", "x y", "x\\ufe0f y", "x y"),
    ("\u212b", "\u00c5", "\\u212b", "\u00c5"),
    ("\ufb01x", "fix", "\\ufb01x", "fix"),
    ("1\u20132", "1-2", "1\\u20132", "1-2"),
    ("a\u0323\u0307", "a\u0307\u0323", "a\\u0323\\u0307", "a\\u0307\\u0323"),
    ("\ud55c", "\u1112\u1161\u11ab", "\ud55c", "\\u1112\\u1161\\u11ab"),
    ("\uf900", "\u8c48", "\\uf900", "\u8c48"),
]


@pytest.mark.parametrize(("one", "other", "told", "other_told"), ALIKE)
def test_what_looks_the_same_is_escaped_and_nothing_else(one: str, other: str, told: str, other_told: str):
    assert apart(one, other) == (told, other_told)
    assert apart(other, one) == (other_told, told)
    around = "价格 \u0430\u00e9 x {} and \u0430\u00e9 more"
    assert apart(around.format(one), around.format(other)) == (around.format(told), around.format(other_told))
    assert apart(f"{one} eins", f"{other} zwei") == (f"{told} eins", f"{other_told} zwei")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("молоко", "milk"),
        ("café", "cafe"),
        ("欢迎来到直播间", "欢迎来到新直播间"),
        ("m²", "m2"),
        ("½", "1/2"),
        ("a", "b"),
        ("привет мир", "привет всем"),
        ("😀", "😁"),
    ],
)
def test_what_differs_to_the_eye_stays_readable(one: str, other: str):
    assert apart(one, other) == (one, other)


def test_a_long_text_is_looked_at_in_time_that_grows_with_it():
    one = "欢迎 caf\u00e9 " * 20_000
    told, other_told = apart(one, unicodedata.normalize("NFD", one))
    assert told == one
    assert other_told.count("e\\u0301") == 20_000
    assert apart("е\u0301 " * 20_000, "xе " * 20_000)[0].startswith("е")


def _reports(one: object, other: object) -> dict[str, str]:
    report = Report(command="plan", plans=(Plan(environment="e", changes=(update("A", field("text", one, other)),)),))
    return {
        "text": text(report, PLAIN),
        "markdown": markdown(report, PLAIN),
        "html": html(report, PLAIN),
        "findings": "\n".join(each.message for each in findings(report)),
    }


@pytest.mark.parametrize("wrap", [str, lambda text: text + " long" * 30, lambda text: [text], lambda text: {"k": text}])
@pytest.mark.parametrize(("one", "other", "told", "other_told"), ALIKE)
def test_every_report_tells_sides_apart_that_look_the_same(wrap, one, other, told, other_told):
    for name, shown in _reports(wrap(one), wrap(other)).items():
        plain = shown.replace("<del>", "").replace("</del>", "").replace("<ins>", "").replace("</ins>", "")
        for each in (told, other_told):
            escapes = ESCAPE.findall(each)
            assert all(part in plain for part in escapes), (name, each)


def test_html_says_too_that_only_blanks_differ():
    shown = _reports('{"a": [1, 2]}', '{\n  "a": [\n    1,\n    2\n  ]\n}')
    assert "only blanks differ" in shown["html"]
    assert "only blanks differ" in shown["markdown"]
    assert "only blanks differ" in shown["text"]
    assert "only blanks differ" not in "".join(_reports("a b", "a c").values())


@pytest.mark.parametrize("text", ["\u202e", "\u200b", "\u202ea", "a \u2066\u200b b", "\ufe0f"])
def test_a_text_of_characters_that_do_not_show_differs_from_its_absence(text):
    first, second = apart(text, text.replace(text.strip("a b"), ""))
    assert first != second

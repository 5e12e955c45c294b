"""The command that accepts a drift: in text, Markdown and the page, quoted for a shell whatever the names are."""

import shlex
import subprocess
from dataclasses import replace

import pytest

from reconciler.model.change import Action, Attribution, Change, FieldChange, FieldOp
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.reports.escaping import shell_word
from reconciler.reports.html.report import report as html
from reconciler.reports.markdown.report import report as markdown
from reconciler.reports.text.report import report as text
from tests.support.browser import chromium

DRIFT = FieldChange(path="room_description", op=FieldOp.REPLACE, before="b", after="a", attribution=Attribution.DRIFT)
HOSTILE = [
    "it's",
    "$(touch pwned)",
    "`id`",
    'a"b',
    "a\nb",
    "\x1b[31m",
    "\u202eabc",
    "😀\u2066",
    "; rm -rf x",
    "@all #3",
]


def plan(name="One", field=DRIFT, environment="demo"):
    change = Change(
        action=Action.UPDATE,
        address=f'SmartLiveRoom["{name}"]',
        kind="SmartLiveRoom",
        name=name,
        id="1",
        fields=(field,),
    )
    return Report(command="plan", plans=(Plan(environment=environment, changes=(change,), base="ledger"),))


@pytest.mark.parametrize("reporter", [text, markdown, html])
def test_each_drift_has_its_command(reporter):
    made = reporter(plan(), ReportOptions()).replace("&#34;", '"').replace("&#39;", "'")
    assert """reconciler accept 'SmartLiveRoom["One"]' room_description -e demo""" in made


@pytest.mark.parametrize("reporter", [text, markdown, html])
@pytest.mark.parametrize("attribution", [Attribution.CONFIG, Attribution.UNATTRIBUTED, Attribution.PENDING])
def test_what_is_no_drift_has_none(reporter, attribution):
    assert "reconciler accept" not in reporter(plan(field=replace(DRIFT, attribution=attribution)), ReportOptions())


@pytest.mark.parametrize("reporter", [text, markdown, html])
def test_against_a_commit_alone_there_is_none(reporter):
    """What live has may be older than what was merged."""
    made = plan()
    alone = replace(made.plans[0], base="main", unknown_counts=("destroy",))
    assert "reconciler accept" not in reporter(replace(made, plans=(alone,)), ReportOptions())


@pytest.mark.parametrize("reporter", [text, markdown, html])
def test_a_secret_has_none(reporter):
    assert "reconciler accept" not in reporter(plan(field=replace(DRIFT, sensitive=True)), ReportOptions())


@pytest.mark.parametrize("reporter", [text, html])
def test_a_conflict_says_so(reporter):
    conflict = plan(field=replace(DRIFT, attribution=Attribution.CONFLICT))
    assert "-e demo --only conflict" in reporter(conflict, ReportOptions())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shell_reads_one_word_whatever_the_text_is(name):
    word = shell_word(name)
    assert word.isprintable()
    shown = subprocess.run(
        ["bash", "-c", f"printf %s {word}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert shown.stdout.decode() == name


@pytest.mark.parametrize("name", HOSTILE[:5])
def test_the_line_of_the_text_report_is_the_command(name):
    made = text(plan(name), ReportOptions())
    (line,) = [line for line in made.splitlines() if "# accept what is live: " in line]
    if name.isprintable():
        assert shlex.split(line.partition(": ")[2])[2] == f'SmartLiveRoom["{name}"]'


@pytest.mark.browser
def test_the_button_copies_the_command(tmp_path):
    page = tmp_path / "plan.html"
    page.write_text(html(plan("it's"), ReportOptions()), encoding="utf-8")
    with chromium(tmp_path / "profile") as browser:
        browser.get(page.as_uri())
        browser.execute_script("document.execCommand = (what) => { window.done = [what, String(getSelection())]; }")
        browser.execute_script("navigator.clipboard.writeText = (text) => { window.done = ['copy', text]; }")
        browser.find_element("css selector", "button.copy").click()
        done = browser.execute_script("return window.done")
    assert done[0] == "copy"
    assert shlex.split(done[1])[2:] == ["""SmartLiveRoom["it's"]""", "room_description", "-e", "demo"]

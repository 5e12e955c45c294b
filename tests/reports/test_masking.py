"""Secrets are masked once, on the report; then no format can show one, whatever it spells it like."""

import base64
from dataclasses import replace
from json import loads
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from reconciler.model.change import REDACTED
from reconciler.model.report import ReportOptions
from reconciler.redaction import SecretRedactor
from reconciler.reports import github_annotations, gitlab_reports, json_report, junit, sarif, shell_script
from reconciler.reports.html import report as html
from reconciler.reports.markdown import report as markdown
from reconciler.reports.text import report as text
from tests.support.report_hostile import hostile, hostile_apply
from tests.support.report_values import PLAIN

SECRET = "SK-123/abc+DEF=="
FORMATS = {
    "text": text,
    "json": json_report,
    "markdown": markdown,
    "html": html,
    "sarif": sarif,
    "junit": junit,
    "gitlab": SimpleNamespace(report=gitlab_reports.code_quality_report),
    "github": github_annotations,
    "script": shell_script,
}
every_format = pytest.mark.parametrize("module", FORMATS.values(), ids=FORMATS)

SPELLINGS = {
    "plain": SECRET,
    "inside an address": f"rtmp://push.test/app?txSecret={SECRET}&x=1",
    "at the end": f"key={SECRET}",
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 without padding": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "in a URL": quote(SECRET, safe=""),
    "hex": SECRET.encode().hex(),
    "backwards": SECRET[::-1],
    "twice": f"{SECRET} and {SECRET}",
}


@every_format
@pytest.mark.parametrize("spelled", [pytest.param(value, id=name) for name, value in SPELLINGS.items()])
@pytest.mark.parametrize("make", [hostile, hostile_apply])
def test_no_spelling_of_a_secret_is_in_any_format(module, spelled, make):
    report = SecretRedactor([SECRET]).value(make(spelled))
    told = module.report(report, ReportOptions(budget=0, color=True))
    for needle in {SECRET, *SPELLINGS.values()}:
        assert needle not in told


@every_format
def test_what_is_masked_is_said_to_be(module):
    plan = replace(SecretRedactor([SECRET]).value(hostile(SECRET)).plans[0], diagnostics=())
    told = module.report(replace(hostile("x"), plans=(plan,), sources={}, tables=None), PLAIN)
    assert REDACTED in told or module is shell_script


@every_format
@pytest.mark.parametrize("secret", ["1", "short", "name", "Smart", "E_", "update"])
def test_a_short_secret_is_masked_in_texts_and_leaves_the_structure_of_every_format(module, secret):
    report = hostile("26f06524-4f75-4b3a-a853-b649a21aaf66 1 short name Smart update")
    told = module.report(SecretRedactor([secret]).value(report), PLAIN)
    assert len(told.splitlines()) > 0
    if module is json_report:
        plan = loads(told)
        assert plan.keys() == loads(module.report(report, PLAIN)).keys()
        assert {change["type"] for change in plan["resource_changes"]} <= {"SmartLiveRoom", "InteractionRuleGroup"}


@every_format
def test_an_empty_secret_masks_nothing(module):
    report = hostile("26f06524-4f75-4b3a-a853-b649a21aaf66 1 short")
    assert module.report(SecretRedactor([""]).value(report), PLAIN) == module.report(report, PLAIN)

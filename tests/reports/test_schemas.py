"""What code hosts read fits the schemas they go by."""

import json

import pytest

from reconciler.model.plan import Plan
from reconciler.reports import gitlab_reports, junit, sarif
from tests.support.report_hostile import hostile, hostile_apply, nasty_texts
from tests.support.report_values import PLAIN, create, everything, problem, report_of, still
from tests.support.schemas import errors, jenkins_errors, junit_errors, schema

REPORTS = {
    "everything": report_of(everything()),
    "an audit": report_of(everything(), Plan(environment="b", changes=(create(), still())), command="audit"),
    "a validation": report_of(diagnostics=(problem(),), command="validate"),
    "nothing": report_of(Plan(environment="demo")),
    "an apply": hostile_apply("plain words"),
    **{f"hostile: {name}": hostile(text) for name, text in nasty_texts().items()},
}

every_report = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)


@every_report
def test_sarif_fits(report):
    log = json.loads(sarif.report(report, PLAIN))
    assert errors("sarif-2.1.0-rtm.5", log) == []
    assert errors("sarif", log) == []


@every_report
def test_junit_fits(report):
    text = junit.report(report, PLAIN)
    assert jenkins_errors(text) == []
    assert junit_errors(text) == []


@every_report
def test_gitlabs_reports_fit(report):
    assert errors("gitlab-code-quality", json.loads(gitlab_reports.code_quality_report(report, PLAIN))) == []
    assert errors("gitlab-terraform", json.loads(gitlab_reports.terraform_report(report, PLAIN))) == []


@pytest.mark.parametrize(
    "name", ["sarif-2.1.0-rtm.5", "sarif", "gitlab-code-quality", "gitlab-terraform", "pre-commit-hooks"]
)
def test_the_schemas_refuse_what_is_none(name):
    wrong = [{"x": 1}] if schema(name)["type"] == "array" else {"x": "1"}
    assert errors(name, wrong)


def test_the_tables_of_junit_refuse_what_is_none():
    wrong = '<testsuites><testcase odd="1"/></testsuites>'
    assert junit_errors(wrong)
    assert jenkins_errors(wrong)

"""SARIF, JUnit, code quality, GitLab's terraform report and annotations: same findings, each in its host's words."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

from reconciler.model.change import Action, Attribution, SuppressedDifference, SuppressionReason
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.model.source_map import Position
from reconciler.reports import github_annotations, gitlab_reports, junit, sarif
from reconciler.reports.findings import findings
from tests.support.report_values import (
    PLAIN,
    ROOM,
    create,
    delete,
    everything,
    field,
    problem,
    report_of,
    still,
    update,
)


def results(report, options=PLAIN):
    return json.loads(sarif.report(report, options))["runs"][0]["results"]


def cases(report):
    return ET.fromstring(junit.report(report, PLAIN)).findall(".//testcase")


def outcome(status, name="a", **more):
    return Outcome(status=status, action=Action.UPDATE, address=name, kind=ROOM, name=name, **more)


REPORTS = [
    report_of(everything()),
    report_of(everything(), replace(everything(), environment="staging")),
    report_of(Plan(environment="demo", changes=(still(),))),
    report_of(diagnostics=(problem(), problem("w", severity=Severity.WARNING)), command="validate"),
    report_of(
        everything(),
        command="apply",
        outcomes=(
            outcome(OutcomeStatus.APPLIED, stuck=("x", "y")),
            outcome(OutcomeStatus.FAILED),
            outcome(OutcomeStatus.UNKNOWN),
        ),
    ),
]


def test_every_format_tells_the_same_findings():
    for report in REPORTS:
        expected = len(findings(report))
        told = [case for case in cases(report) if len(case)]
        assert len(results(report)) == expected
        assert len(json.loads(gitlab_reports.code_quality_report(report, PLAIN))) == expected
        assert len(github_annotations.report(report, PLAIN).splitlines()) == expected
        assert len(told) == expected


def test_severities_agree_over_formats():
    for report in REPORTS:
        found = findings(report)
        levels = [one["level"] for one in results(report)]
        marks = [one["severity"] for one in json.loads(gitlab_reports.code_quality_report(report, PLAIN))]
        lines = [line.split(" ")[0] for line in github_annotations.report(report, PLAIN).splitlines()]
        for severity, names in {
            Severity.ERROR: ("error", "critical", "::error"),
            Severity.WARNING: ("warning", "major", "::warning"),
            Severity.NOTE: ("note", "info", "::notice"),
        }.items():
            expected = sum(1 for one in found if one.severity is severity)
            assert [levels.count(names[0]), marks.count(names[1]), lines.count(names[2])] == [expected] * 3


def test_a_change_is_placed_on_the_line_of_its_gravest_field():
    drifted = field(attribution=Attribution.DRIFT, position=Position("rule-groups/welcome.yaml", 21, 5))
    plan = Plan(environment="demo", base="ledger", changes=(update("A", field(), drifted),))
    (result,) = results(report_of(plan))
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 21, "startColumn": 5}
    assert result["ruleId"] == "W_DRIFT"
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 9


def test_paths_start_at_the_root_of_the_repository():
    options = ReportOptions(prefix="examples/quickstart/")
    report = report_of(Plan(environment="demo", changes=(create(),)))
    (result,) = results(report, options)
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "examples/quickstart/rooms/new.yaml"
    assert (
        json.loads(gitlab_reports.code_quality_report(report, options))[0]["location"]["path"]
        == "examples/quickstart/rooms/new.yaml"
    )
    assert "file=examples/quickstart/rooms/new.yaml,line=4,col=9," in github_annotations.report(report, options)


def test_a_delete_has_no_line_left_and_points_to_the_project_file():
    report = report_of(Plan(environment="demo", changes=(delete(),)))
    assert json.loads(gitlab_reports.code_quality_report(report, PLAIN))[0]["location"] == {
        "path": "reconciler.yaml",
        "lines": {"begin": 1},
    }
    assert github_annotations.report(report, PLAIN).startswith("::warning title=W_DELETE::")


def test_fingerprints_do_not_know_lines():
    def prints(line):
        where = Position("rooms/a.yaml", line, 3)
        moved = update("A", field(position=where), position=where)
        return [one.fingerprint for one in findings(report_of(Plan(environment="demo", changes=(moved,))))]

    assert prints(3) == prints(300)


def test_fingerprints_are_unique_even_among_equal_findings():
    same = [problem("the same words"), problem("the same words", hint="another hint")]
    report = report_of(replace(everything(), changes=(update("A"), update("A"))), diagnostics=tuple(same))
    marks = [one["fingerprint"] for one in json.loads(gitlab_reports.code_quality_report(report, PLAIN))]
    assert len(set(marks)) == len(marks)


def test_fingerprints_tell_environments_apart():
    one, other = Plan(environment="a", changes=(create(),)), Plan(environment="b", changes=(create(),))
    assert len({finding.fingerprint for finding in findings(report_of(one, other))}) == 2


def test_annotations_keep_to_ten_a_level_and_say_how_many_are_left():
    report = report_of(Plan(environment="demo", changes=tuple(create(f"r{number}") for number in range(25))))
    lines = github_annotations.report(report, PLAIN).splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("::notice title=reconciler::16 more of this level")


def test_annotations_escape_what_the_runner_reads():
    where = Position("rooms/a,b:c%.yaml", 3, 5)
    report = report_of(diagnostics=(problem("100% of\nlines", position=where),))
    assert github_annotations.report(report, PLAIN) == (
        "::error file=rooms/a%2Cb%3Ac%25.yaml,line=3,col=5,title=E_FIELD_UNKNOWN::100%25 of\\nlines\n"
    )


def test_sarif_keeps_to_githubs_limit_and_says_so():
    many = tuple(create(f"r{number}") for number in range(25_003))
    report = report_of(Plan(environment="demo", changes=(*many, delete())))
    run = json.loads(sarif.report(report, PLAIN))["runs"][0]
    assert len(run["results"]) == 25_000
    assert run["results"][0]["ruleId"] == "W_DELETE"
    assert "4 more results" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_rules_are_the_codes_that_occur():
    run = json.loads(sarif.report(report_of(everything()), ReportOptions(tool_version="1.2.3")))["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({one["ruleId"] for one in run["results"]})
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in run["results"])
    assert run["tool"]["driver"]["version"] == "1.2.3"


def test_junit_passes_what_is_in_step_and_skips_what_is_ignored():
    ignored = still("Ignored", suppressed=(SuppressedDifference(path="tags", rule=SuppressionReason.IGNORED),))
    plan = Plan(
        environment="demo", changes=(still("Same"), ignored, update("Drifted", field(attribution=Attribution.DRIFT)))
    )
    passed, failed, skipped = {}, {}, {}
    for case in cases(report_of(plan)):
        child = case[0].tag if len(case) else "passed"
        {"passed": passed, "failure": failed, "skipped": skipped}[child][case.get("name")] = case
    assert [len(passed), len(failed), len(skipped)] == [1, 1, 1]
    assert "tags" in next(iter(skipped.values()))[0].get("message")


def test_junit_counts_agree_with_its_cases():
    for report in REPORTS:
        for suite in ET.fromstring(junit.report(report, PLAIN)):
            assert int(suite.get("tests")) == len(suite)
            for attribute, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
                assert int(suite.get(attribute)) == len(suite.findall(f"testcase/{tag}"))


def test_gitlabs_terraform_report_has_three_counts():
    report = report_of(everything(), everything())
    assert json.loads(gitlab_reports.terraform_report(report, PLAIN)) == {"create": 2, "update": 2, "delete": 2}


def test_a_block_is_an_error_and_names_its_flag():
    report = report_of(everything())
    (blocked,) = [one for one in findings(report) if one.code == "E_BLOCKED"]
    assert blocked.severity is Severity.ERROR
    assert blocked.hint == "--allow-deletes 1"


def test_junit_has_a_passing_case_where_nothing_was_found():
    for report in (Report(command="validate"), report_of(Plan(environment="demo"))):
        (case,) = cases(report)
        assert len(case) == 0


def test_junit_names_are_unique_whatever_is_found():
    diagnostics = tuple(
        Diagnostic(severity=Severity.ERROR, code=code, message=str(line), position=Position("a.yaml", line, 1))
        for code in ("E_ONE", "E_TWO")
        for line in (1, 1, 2)
    )
    plans = [
        Plan(environment=name, changes=(still("Same"), still("Same")), diagnostics=diagnostics) for name in ("a", "b")
    ]
    found = [(case.get("classname"), case.get("name")) for case in cases(report_of(*plans))]
    assert len(found) == len(set(found)) == 16
    assert {name.split(" ")[0] for _, name in found if name.startswith("E_")} == {"E_ONE", "E_TWO"}

"""SARIF 2.1.0, for GitHub's code scanning and other consumers.

Fingerprints come from address and path, not from lines: an alert stays the same alert while a manifest is edited.
GitHub's limits are kept (25,000 results a run): the least severe are left out, and a notification has their number.
"""

from collections.abc import Sequence
from urllib.parse import quote

from reconciler.model.json_types import Json
from reconciler.model.report import Report, ReportOptions
from reconciler.model.source_map import Position
from reconciler.reports.escaping import document, plain
from reconciler.reports.findings import (
    PROJECT_FILE,
    RULES,
    SEVERITIES,
    Finding,
    finding_message,
    findings,
    most_severe_first,
    placed,
)

_MOST_RESULTS = 25_000
_MOST_NEAR = 100
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def report(report: Report, options: ReportOptions) -> str:
    """Report findings as one SARIF run."""
    found = most_severe_first(findings(report))
    shown = found[:_MOST_RESULTS]
    codes = sorted({one.code for one in shown})
    several = len(report.plans) > 1
    run = {
        "tool": {"driver": _driver(codes, options)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(len(found) - len(shown))],
        "results": [_result(one, codes, options, several=several) for one in shown],
    }
    return document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _driver(codes: Sequence[str], options: ReportOptions) -> dict[str, Json]:
    driver: dict[str, Json] = {"name": "reconciler", "rules": [_rule(code) for code in codes]}
    return {**driver, "version": options.tool_version} if options.tool_version else driver


def _rule(code: str) -> dict[str, Json]:
    return {"id": plain(code), "shortDescription": {"text": RULES.get(code, plain(code))}}


def _invocation(left_out: int) -> dict[str, Json]:
    if not left_out:
        return {"executionSuccessful": True}
    text = f"{left_out:,} more results are left out: a run holds at most {_MOST_RESULTS:,}."
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": [{"level": "warning", "message": {"text": text}}],
    }


def _result(one: Finding, codes: Sequence[str], options: ReportOptions, *, several: bool) -> dict[str, Json]:
    result: dict[str, Json] = {
        "ruleId": plain(one.code),
        "ruleIndex": codes.index(one.code),
        "level": SEVERITIES[one.severity].sarif,
        "message": {"text": plain(finding_message(one, several=several))},
        "locations": [_location(one.position, options)],
        "partialFingerprints": {"primaryLocationLineHash": f"{one.fingerprint}:1", "reconciler/v1": one.fingerprint},
    }
    near = [
        {**_location(where, options), "message": {"text": plain(text or str(where))}}
        for where, text in one.near[:_MOST_NEAR]
    ]
    return {**result, "relatedLocations": near} if near else result


def _location(where: Position | None, options: ReportOptions) -> dict[str, Json]:
    file = placed(where.file if where else PROJECT_FILE, options)
    region = {"startLine": max(1, where.line), "startColumn": max(1, where.column)} if where else {"startLine": 1}
    uri = quote(file, safe="/", errors="replace")
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}}

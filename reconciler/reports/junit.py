"""JUnit XML, in the dialect Jenkins and GitLab read: a suite for each environment, a test case for each resource.

An unchanged resource passes. A finding's severity decides the rest: an error is an error, a warning (mainly drift) a
failure, a note (the manifests changed) a skipped test. A resource with ignored differences only is skipped too.
"""

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from reconciler.model.change import Action, SuppressionReason
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions
from reconciler.reports.escaping import escape_line, markup, xml
from reconciler.reports.findings import (
    SEVERITIES,
    Finding,
    FindingKind,
    file_of,
    finding_message,
    findings,
    line_of,
    placed,
)

_MOST_TITLE = 200
_OTHER = "reconciler"


def report(report: Report, options: ReportOptions) -> str:
    """Render a report as JUnit XML."""
    found = findings(report)
    root = ET.Element("testsuites", name=_OTHER)
    for name in dict.fromkeys([*(plan.environment for plan in report.plans), *(one.environment for one in found)]):
        plans = [plan for plan in report.plans if plan.environment == name]
        cases = [_case(one, options) for one in found if one.environment == name]
        cases += [case for plan in plans for case in _quiet(plan, options)]
        root.append(_suite(name, cases or [_passed(report.command)]))
    if not len(root):
        root.append(_suite("", [_passed(report.command)]))
    _tell_apart(root)
    ET.indent(root)
    return markup(ET.tostring(root, encoding="unicode", xml_declaration=True)) + "\n"


def _passed(command: str) -> ET.Element:
    """Return the case of a run without findings: readers treat a run without cases as failed."""
    return _named(_OTHER, command or "run", "", 0)


def _tell_apart(root: ET.Element) -> None:
    """Make class and name of each case unique: readers keep one case of each pair."""
    seen: dict[tuple[str, str], int] = {}
    for suite in root:
        environment = suite.get("name", "")
        for case in suite:
            if environment != _OTHER:
                case.set("classname", f"{environment}.{case.get('classname', '')}")
            pair = case.get("classname", ""), case.get("name", "")
            seen[pair] = seen.get(pair, 0) + 1
            if seen[pair] > 1:
                case.set("name", f"{pair[1]} ({seen[pair]})")


def _suite(name: str, cases: list[ET.Element]) -> ET.Element:
    counts = {word: str(sum(1 for case in cases if case.find(one) is not None)) for word, one in _COUNTED.items()}
    suite = ET.Element(
        "testsuite", {"name": escape_line(name) or _OTHER, "tests": str(len(cases)), **counts, "time": "0"}
    )
    suite.extend(cases)
    return suite


_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _case(one: Finding, options: ReportOptions) -> ET.Element:
    case = _named(one.kind or one.sort.value, _name(one), file_of(one, options), line_of(one))
    text = finding_message(one, several=False)
    word = SEVERITIES[one.severity].junit
    kind = {} if word == "skipped" else {"type": escape_line(one.code)}
    ET.SubElement(case, word, {"message": escape_line(text[:_MOST_TITLE]), **kind}).text = xml(text)
    return case


def _name(one: Finding) -> str:
    """Return an object's address; for a problem also its code and position, as one object may have several."""
    if one.sort is not FindingKind.PROBLEM:
        return one.address or one.code
    return " ".join(part for part in (one.code, one.address, str(one.position or "")) if part)


def _quiet(plan: Plan, options: ReportOptions) -> Iterator[ET.Element]:
    for change in plan.changes:
        if change.action is not Action.NONE:
            continue
        where = change.position
        file = placed(where.file, options) if where else ""
        case = _named(change.kind, change.address, file, where.line if where else 0)
        ignored = [one.path for one in change.suppressed if one.rule is SuppressionReason.IGNORED]
        if ignored:
            ET.SubElement(case, "skipped", message=escape_line(f"ignored: {_listed(ignored)}"[:_MOST_TITLE]))
        yield case


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(paths)


def _named(group: str, name: str, file: str, number: int) -> ET.Element:
    place = {"file": escape_line(file), "line": str(number)} if file and number else {}
    return ET.Element("testcase", {"classname": escape_line(group), "name": escape_line(name), "time": "0", **place})

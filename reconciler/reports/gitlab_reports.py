"""GitLab's code quality report: an array of findings, each on a line of the repository."""

import json

from reconciler.model.report import Report, ReportOptions
from reconciler.reports.escaping import document, escape_line, plain
from reconciler.reports.findings import SEVERITIES, file_of, finding_message, findings, line_of


def code_quality_report(report: Report, options: ReportOptions) -> str:
    """Report findings; fingerprints are unique, since GitLab drops duplicates."""
    several = len(report.plans) > 1
    issues = [
        {
            "type": "issue",
            "check_name": escape_line(one.code),
            "description": plain(finding_message(one, several=several)),
            "categories": ["Compatibility"],
            "fingerprint": one.fingerprint,
            "severity": SEVERITIES[one.severity].gitlab,
            "location": {"path": escape_line(file_of(one, options)), "lines": {"begin": line_of(one)}},
        }
        for one in findings(report)
    ]
    return document(issues, indent=1)


def terraform_report(report: Report, options: ReportOptions) -> str:  # noqa: ARG001 - every reporter has this signature
    """Count creates, updates and deletes over all environments."""
    sums = [plan.summary() for plan in report.plans]
    counts = {
        "create": sum(one.add for one in sums),
        "update": sum(one.change for one in sums),
        "delete": sum(one.destroy for one in sums),
    }
    return json.dumps(counts) + "\n"

"""GitLab's code quality report: an array of findings, each on a line of the repository."""

from reconciler.model.report import Options, Report
from reconciler.reports.findings import findings
from reconciler.reports.gate import document, line, plain
from reconciler.reports.place import file_of, line_of, told
from reconciler.reports.severity import SEVERITIES


def report(report: Report, options: Options) -> str:
    """Tell what a report finds; fingerprints are unique, since GitLab drops repeats."""
    several = len(report.plans) > 1
    issues = [
        {
            "type": "issue",
            "check_name": line(one.code),
            "description": plain(told(one, several=several)),
            "categories": ["Compatibility"],
            "fingerprint": one.fingerprint,
            "severity": SEVERITIES[one.severity].gitlab,
            "location": {"path": line(file_of(one, options)), "lines": {"begin": line_of(one)}},
        }
        for one in findings(report)
    ]
    return document(issues, indent=1)

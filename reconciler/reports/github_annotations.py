"""Annotations for GitHub Actions: workflow commands that show a finding at its line of a pull request.

GitHub shows ten of each level a step. Where there are more, the tenth says how many were left out.
"""

from collections.abc import Iterator, Sequence

from reconciler.model.diagnostic import Severity
from reconciler.model.report import Report, ReportOptions
from reconciler.reports.escaping import command, command_property, plain
from reconciler.reports.findings import SEVERITIES, Finding, file_of, finding_message, findings, line_of

_MOST = 10
_MOST_MESSAGE = 4_000


def report(report: Report, options: ReportOptions) -> str:
    """Report findings, the most severe first, within the limits of a step."""
    found = findings(report)
    several = len(report.plans) > 1
    lines = [text for level in Severity for text in _level(level, found, options, several=several)]
    return "".join(f"{line}\n" for line in lines)


def _level(level: Severity, found: Sequence[Finding], options: ReportOptions, *, several: bool) -> Iterator[str]:
    these = [one for one in found if one.severity is level]
    shown = these if len(these) <= _MOST else these[: _MOST - 1]
    yield from (_annotation(one, options, several=several) for one in shown)
    if len(these) > len(shown):
        word = SEVERITIES[level].github
        left = len(these) - len(shown)
        yield f"::{word} title=reconciler::{left:,} more of this level: a step shows {_MOST}. See the report."


def _annotation(one: Finding, options: ReportOptions, *, several: bool) -> str:
    place = f"file={command_property(file_of(one, options))},line={line_of(one)}," if one.position else ""
    column = f"col={one.position.column}," if one.position else ""
    title = f"title={command_property(one.code)}"
    message = command(plain(finding_message(one, several=several)[:_MOST_MESSAGE]))
    return f"::{SEVERITIES[one.severity].github} {place}{column}{title}::{message}"

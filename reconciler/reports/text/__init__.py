"""Text for a terminal, with Terraform's reading habits.

A legend for the symbols that occur, one block a change, grouped by kind; what is in step is folded into one line, long
texts show the words that differ, and every block says where in the manifests it comes from.
"""

from collections.abc import Iterator

from reconciler.model.report import Options, Report
from reconciler.reports.gate import line
from reconciler.reports.text.diagnostics import diagnostic_lines, verdict
from reconciler.reports.text.outcomes import outcome_lines
from reconciler.reports.text.plan import plan_lines
from reconciler.reports.text.style import Style
from reconciler.reports.text.tables import extra_lines
from reconciler.strings import count, escape_output


def report(report: Report, options: Options) -> str:
    """Tell a report in text, coloured if the options say so."""
    style = Style(color=options.color)
    sections = [list(section) for section in _sections(report, style)]
    told = "\n\n".join("\n".join(section) for section in sections if section) + "\n"
    return escape_output(told, styled=options.color)


def _sections(report: Report, style: Style) -> Iterator[Iterator[str]]:
    planned = {one for plan in report.plans for one in plan.diagnostics}
    for diagnostic in (one for one in report.diagnostics if one not in planned):
        yield diagnostic_lines(diagnostic, report.sources, style)
    several = len(report.plans) > 1
    for plan in report.plans:
        yield from plan_lines(plan, report.sources, style, several=several, outcomes=bool(report.outcomes))
    yield outcome_lines(report.outcomes, style, report.adopted)
    yield extra_lines(report.extra, style)
    if report.command == "validate":
        yield verdict(report, style)
    yield _usage(report, style)


def _usage(report: Report, style: Style) -> Iterator[str]:
    usage = report.usage
    if not usage.requests:
        return
    parts = [f"{count(usage.requests, 'request')} ({usage.pages:,} list, {usage.shows:,} show, {usage.writes:,} write)"]
    parts += [count(usage.retries, "retry", "retries")] if usage.retries else []
    parts += [f"{usage.waited:.1f} s waited"] if usage.waited else []
    parts += [f"{usage.cache_hits:,} from the cache"] if usage.cache_hits else []
    yield style("quiet", line(", ".join(parts)))

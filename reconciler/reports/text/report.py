"""Text for a terminal, laid out as in Terraform.

A legend for the symbols that occur, one block a change, grouped by kind; unchanged objects are one line, long texts
show the differing words, and every block has its position in the manifests.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model.change import SYMBOLS, Action
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.report import Report, ReportOptions, ReportTable
from reconciler.reports.escaping import escape_line
from reconciler.reports.text.diagnostic_lines import diagnostic_lines, verdict
from reconciler.reports.text.style import ACTION_STYLE, Style
from reconciler.reports.wording import apply_line, done, environment_line
from reconciler.strings import count, display_width, escape_output, pad, truncate

_WIDEST = 60


def table_lines(tables: Iterable[ReportTable], style: Style) -> Iterator[str]:
    """Render every table; `widest` of a table is the most columns of a cell."""
    for index, table in enumerate(tables):
        if index:
            yield ""
        yield from _table(table, style)


def _table(table: ReportTable, style: Style) -> Iterator[str]:
    """Render a table; cells are cut at a width, but for those of the columns that the table names as `whole`."""
    heads = [escape_line(str(head)) for head in table.get("columns", ())]
    most = table.get("widest", _WIDEST)
    whole = {at for at, head in enumerate(table.get("columns", ())) if head in table.get("whole", ())}
    rows = [
        [cell if at in whole else truncate(cell, most) for at, cell in enumerate(escape_line(str(one)) for one in row)]
        for row in table.get("rows", ())
    ]
    widths = [max((display_width(row[at]) for row in [heads, *rows]), default=0) for at in range(len(heads))]
    if table.get("title"):
        yield style("strong", escape_line(str(table["title"])))
    if rows:
        yield style("quiet", _row(heads, widths))
        yield from (_row(row, widths) for row in rows)
    if table.get("note"):
        yield style("quiet", escape_line(str(table["note"])))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(pad(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


_DID = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "destroyed", Action.NONE: "recorded"}
_WORD = {
    OutcomeStatus.SKIPPED: "skipped",
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.UNKNOWN: "unknown: the outcome could not be determined",
}


def outcome_lines(
    outcomes: Sequence[Outcome], style: Style, adopted: int = 0, *, command: str = "apply"
) -> Iterator[str]:
    """Render each outcome on a line, then the total in the words of the command."""
    if not outcomes and not adopted:
        return
    for outcome in outcomes:
        yield from _one(outcome, style)
    if outcomes:
        yield ""
    counts = done(outcomes, adopted)
    yield style("add" if counts.complete else "alarm", apply_line(counts, command))


def _one(outcome: Outcome, style: Style) -> Iterator[str]:
    symbol = style(ACTION_STYLE[outcome.action], SYMBOLS[outcome.action])
    name = escape_line(outcome.address)
    reason = f": {escape_line(outcome.reason)}" if outcome.reason else ""
    code = f" ({outcome.code})" if outcome.code else ""
    if outcome.status is OutcomeStatus.APPLIED:
        known = f" [id={escape_line(outcome.id)}]" if outcome.id else ""
        yield f"  {symbol} {name}: {_DID[outcome.action]}{known}"
    else:
        yield f"  {symbol} {name}: {style('alarm', _WORD[outcome.status])}{code}{reason}"
    for path in outcome.stuck:
        yield f"      {style('change', 'did not stick:')} {escape_line(path)}"


def report(report: Report, options: ReportOptions) -> str:
    """Render a report as text, coloured if the options request it."""
    style = Style(color=options.color)
    sections = [list(section) for section in _sections(report, style, options)]
    told = "\n\n".join("\n".join(section) for section in sections if section) + "\n"
    return escape_output(told, styled=options.color)


def _sections(report: Report, style: Style, options: ReportOptions) -> Iterator[Iterator[str]]:
    yield _environment(report, style)
    planned = {one for plan in report.plans for one in plan.diagnostics}
    for diagnostic in (one for one in report.diagnostics if one not in planned):
        yield diagnostic_lines(diagnostic, report.sources, style)
    if report.plans:
        yield from _plans(report, style, options)
    yield outcome_lines(report.outcomes, style, report.adopted, command=report.command)
    yield table_lines(report.tables or (), style)
    if report.command == "validate":
        yield verdict(report, style)
    yield _usage(report, style)


def _plans(report: Report, style: Style, options: ReportOptions) -> Iterator[Iterator[str]]:
    from reconciler.reports.text.plan_lines import plan_lines  # for start-up: it loads the kinds

    several = len(report.plans) > 1
    for plan in report.plans:
        heading = _heading(plan.environment, report.where) if several else ""
        yield from plan_lines(plan, report.sources, style, options, heading=heading, outcomes=bool(report.outcomes))


def _environment(report: Report, style: Style) -> Iterator[str]:
    """Render the environment of a report about one: what is planned or applied, and where."""
    names = [plan.environment for plan in report.plans] or list(report.where)
    if len(names) == 1:
        yield style("strong", escape_line(environment_line(names[0], report.where)))


def _heading(name: str, where: Mapping[str, str]) -> str:
    """Return the heading of the plan of one environment of several: its name, and where it is."""
    return f"=== {environment_line(name, where).removeprefix('Environment: ')} ==="


def _usage(report: Report, style: Style) -> Iterator[str]:
    usage = report.usage
    if not usage.requests:
        return
    parts = [f"{count(usage.requests, 'request')} ({usage.pages:,} list, {usage.shows:,} show, {usage.writes:,} write)"]
    parts += [count(usage.retries, "retry", "retries")] if usage.retries else []
    parts += [f"{usage.waited:.1f} s waited"] if usage.waited else []
    parts += [f"{usage.cache_hits:,} from the cache"] if usage.cache_hits else []
    yield style("quiet", escape_line(", ".join(parts)))

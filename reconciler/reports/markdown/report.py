"""Markdown for a comment on a pull or merge request, and for a step summary.

It fits a budget in UTF-8 bytes, as hosts count: each level (`size_budget`) omits more, and deletes, conflicts and
blocked changes are omitted last. The end names what was omitted and where the full report is.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from reconciler.late_patterns import late_pattern
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions, ReportTable
from reconciler.reports.escaping import span
from reconciler.reports.markdown.counts_only import bare
from reconciler.reports.markdown.sections import outcome_sections, plan_sections, problem_lines
from reconciler.reports.markdown.size_budget import CUT, DetailLevel
from reconciler.reports.wording import UNTRUSTED, figure, in_step, summary_line, validity
from reconciler.strings import count, truncate

_MOST_FLEET_ROWS = {DetailLevel.FULL: 1_000, DetailLevel.QUIET: 500, DetailLevel.SHORT: 200}
_FEWEST_ROWS = 50


def fleet_table(plans: Sequence[Plan], level: DetailLevel) -> Iterator[str]:
    """Render the total, then a row for each environment that is not up to date."""
    loud = [plan for plan in plans if is_loud(plan)]
    yield f"{count(len(plans), 'environment')}, {len(plans) - len(loud):,} in step, {len(loud):,} not."
    yield ""
    if level >= DetailLevel.COUNTS or not loud:
        return
    most = _MOST_FLEET_ROWS.get(level, _FEWEST_ROWS)
    yield "| Environment | Add | Change | Destroy | Drift | Conflicts | Blocked | Held | Errors |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---|"
    yield from (_row(plan) for plan in loud[:most])
    yield ""
    if len(loud) > most:
        yield f"and {count(len(loud) - most, 'more environment')} not in step"
        yield ""


def is_loud(plan: Plan) -> bool:
    """Whether an environment needs attention."""
    return not plan.empty or plan.errored or not plan.complete


def _row(plan: Plan) -> str:
    figures = [figure(plan, name) for name in ("add", "change", "destroy", "drift", "conflict", "blocked", "held")]
    state = "yes" if plan.errored else "incomplete" if not plan.complete else ""
    return f"| {span(plan.environment)} | {' | '.join(figures)} | {state} |"


_MOST_TABLE_ROWS = {
    DetailLevel.FULL: 2_000,
    DetailLevel.QUIET: 500,
    DetailLevel.SHORT: 200,
    DetailLevel.FIELDS: 100,
    DetailLevel.NAMES: 50,
}


def report_tables(tables: Iterable[ReportTable], level: DetailLevel) -> Iterator[str]:
    """Render every table, with fewer rows at each level."""
    for table in tables:
        yield from _table(table, _MOST_TABLE_ROWS.get(level, 0))


def _table(table: ReportTable, most: int) -> Iterator[str]:
    columns = [str(column) for column in table.get("columns", ())]
    rows = list(table.get("rows", ()))
    if table.get("title"):
        yield f"#### {span(str(table['title']))}"
        yield ""
    if rows[:most]:
        yield f"| {' | '.join(map(span, columns))} |"
        yield f"|{'---|' * len(columns)}"
        yield from (f"| {' | '.join(span(str(cell)) for cell in row)} |" for row in rows[:most])
        yield ""
    if len(rows) > most:
        yield f"and {len(rows) - most:,} more rows"
        yield ""
    if table.get("note"):
        yield span(str(table["note"]))
        yield ""


_LONGEST = 60


def marker(report: Report) -> str:
    """Return the marker of a report: one for each set of environments, for any plan."""
    names = ",".join(_encoded(plan.environment) for plan in report.plans) or _encoded(report.command)
    if len(names) > _LONGEST:
        names = hashlib.sha256(names.encode()).hexdigest()[:16]
    return f"<!-- reconciler {names} -->"


def _encoded(name: str) -> str:
    safe = (char if char.isascii() and (char.isalnum() or char in "._") else _percent(char) for char in name)
    return "".join(safe)


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


_LINK = late_pattern(r"https://[\w.-]+(?:/[\w./#?=&%-]*)?")
_BANNER = f"""> **{UNTRUSTED}**
> A job without credentials made it from files of a contributor, who may have written anything in it: nothing here is
> verified. Deletes and drift are unknown without the ledger."""
_MOST_NAME = 40
_MOST_WHOLE = 160


def report(report: Report, options: ReportOptions) -> str:
    """Render a report in Markdown of at most `options.budget` bytes (0: no limit)."""
    for level in DetailLevel:
        lines = chain(_head(report), _body(report, level, options), _foot(options, level))
        text = _within(lines, options.budget)
        if text:
            return text
    return bare(_head(report), report, _foot(options, DetailLevel.BARE), options.budget)


def _within(lines: Iterable[str], budget: int) -> str:
    """Join the lines; returns nothing as soon as they exceed the budget."""
    kept: list[str] = []
    size = 0
    for line in lines:
        if not line and kept and not kept[-1]:
            continue
        kept.append(line)
        size += len(line.encode("utf-8", "replace")) + 1
        if budget and size > budget:
            return ""
    return "\n".join(kept).strip("\n") + "\n"


def _head(report: Report) -> Iterator[str]:
    names = ", ".join(span(truncate(plan.environment, _MOST_NAME)) for plan in report.plans[:1])
    many = f" and {len(report.plans) - 1:,} more" if len(report.plans) > 1 else ""
    yield marker(report)
    yield f"### reconciler {report.command}{': ' if names else ''}{names}{many}"
    yield ""
    if where := next((report.where.get(plan.environment, "") for plan in report.plans[:1]), ""):
        yield f"Environment: {names} ({span(truncate(where, _MOST_WHOLE))})"
        yield ""
    if any(plan.untrusted for plan in report.plans):
        yield _BANNER
        yield ""


def _body(report: Report, level: DetailLevel, options: ReportOptions) -> Iterator[str]:
    told = {one for plan in report.plans for one in plan.diagnostics}
    problems = problem_lines([one for one in report.diagnostics if one not in told], level)
    if report.command == "validate":
        yield f"**{validity(report.diagnostics)}**"
        yield ""
    yield from [*problems, ""] if problems else []
    yield from outcome_sections(report.outcomes, level, report.adopted, command=report.command)
    several = len(report.plans) > 1
    if several:
        yield from fleet_table(report.plans, level)
    for plan in report.plans:
        if not several:
            yield from _one(plan, level, options, told=bool(report.outcomes))
        elif is_loud(plan):
            yield from _folded(plan, level, options, report.where.get(plan.environment, ""))
    if not several:
        yield from report_tables(report.tables or (), level)


def _one(plan: Plan, level: DetailLevel, options: ReportOptions, *, told: bool) -> Iterator[str]:
    if told:
        return
    yield f"**{headline(plan)}**"
    yield ""
    yield from plan_sections(plan, level, options)


def headline(plan: Plan) -> str:
    """Summarize a plan in one sentence."""
    if not plan.pending and not plan.held:
        return in_step(plan)
    return summary_line(plan) + ("" if plan.complete else " This plan is incomplete.")


def _folded(plan: Plan, level: DetailLevel, options: ReportOptions, where: str) -> Iterator[str]:
    name = span(truncate(plan.environment, _MOST_NAME))
    yield f"### {name}"
    yield ""
    if where:
        yield f"Environment: {name} ({span(truncate(where, _MOST_WHOLE))})"
        yield ""
    yield from _one(plan, level, options, told=False)


def _foot(options: ReportOptions, level: DetailLevel) -> Iterator[str]:
    whole = f" The whole is in {_whole(options.whole)}." if options.whole else ""
    if CUT[level]:
        yield f"_Cut to fit {options.budget:,} bytes: {CUT[level]}.{whole}_"
    elif whole:
        yield f"_{whole.strip()}_"


def _whole(whole: str) -> str:
    if len(whole) <= _MOST_WHOLE and _LINK.fullmatch(whole):
        return f"[the full report]({whole})"
    return span(truncate(whole, _MOST_NAME))

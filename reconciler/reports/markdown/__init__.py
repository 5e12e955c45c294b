"""Markdown for a comment on a pull or merge request, and for a step summary.

It fits a budget in UTF-8 bytes, what hosts count: level by level less is told (`level`), and what is destroyed, in
conflict or blocked goes last of all. What was cut and where the whole is stands at the end.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from reconciler.model.plan import Plan
from reconciler.model.report import Options, Report
from reconciler.reports.gate import span
from reconciler.reports.markdown.bare import bare
from reconciler.reports.markdown.fleet import fleet_table, is_loud
from reconciler.reports.markdown.level import CUT, Level
from reconciler.reports.markdown.marker import marker
from reconciler.reports.markdown.outcomes import outcome_sections
from reconciler.reports.markdown.sections import plan_sections, problem_lines
from reconciler.reports.markdown.tables import extra_tables
from reconciler.reports.wording import UNTRUSTED, in_step, summary_line, validity
from reconciler.strings import truncate

_LINK = re.compile(r"https://[\w.-]+(?:/[\w./#?=&%-]*)?")
_BANNER = f"""> **{UNTRUSTED}**
> A job without credentials made it from files of a contributor, who may have written anything in it: nothing here is
> verified. Deletes and drift are unknown without the ledger."""
_MOST_NAME = 40
_MOST_WHOLE = 160


def report(report: Report, options: Options) -> str:
    """Tell a report in Markdown of at most `options.budget` bytes (0: no limit)."""
    for level in Level:
        lines = chain(_head(report), _body(report, level), _foot(options, level))
        text = _within(lines, options.budget)
        if text:
            return text
    return bare(_head(report), report, _foot(options, Level.BARE), options.budget)


def _within(lines: Iterable[str], budget: int) -> str:
    """Join the lines, or give up with nothing as soon as they are over the budget."""
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
    if any(plan.untrusted for plan in report.plans):
        yield _BANNER
        yield ""


def _body(report: Report, level: Level) -> Iterator[str]:
    told = {one for plan in report.plans for one in plan.diagnostics}
    problems = problem_lines([one for one in report.diagnostics if one not in told], level)
    if report.command == "validate":
        yield f"**{validity(report.diagnostics)}**"
        yield ""
    yield from [*problems, ""] if problems else []
    yield from outcome_sections(report.outcomes, level, report.adopted)
    several = len(report.plans) > 1
    if several:
        yield from fleet_table(report.plans, level)
    for plan in report.plans:
        if not several:
            yield from _one(plan, level, told=bool(report.outcomes))
        elif is_loud(plan):
            yield from _folded(plan, level)
    if not several:
        yield from extra_tables(report.extra, level)


def _one(plan: Plan, level: Level, *, told: bool) -> Iterator[str]:
    if told:
        return
    yield f"**{headline(plan)}**"
    yield ""
    yield from plan_sections(plan, level)


def headline(plan: Plan) -> str:
    """Say in one sentence what a plan comes to."""
    if not plan.pending and not plan.held:
        return in_step(plan)
    return summary_line(plan) + ("" if plan.complete else " This plan is incomplete.")


def _folded(plan: Plan, level: Level) -> Iterator[str]:
    yield f"### {span(truncate(plan.environment, _MOST_NAME))}"
    yield ""
    yield from _one(plan, level, told=False)


def _foot(options: Options, level: Level) -> Iterator[str]:
    whole = f" The whole is in {_whole(options.whole)}." if options.whole else ""
    if CUT[level]:
        yield f"_Cut to fit {options.budget:,} bytes: {CUT[level]}.{whole}_"
    elif whole:
        yield f"_{whole.strip()}_"


def _whole(whole: str) -> str:
    if len(whole) <= _MOST_WHOLE and _LINK.fullmatch(whole):
        return f"[the full report]({whole})"
    return span(truncate(whole, _MOST_NAME))

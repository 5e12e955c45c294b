"""Lowest level of the size budget: all counts, and as many names as fit, the most severe first."""

from collections.abc import Iterable

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.report import Report
from reconciler.reports.markdown.sections import attention, problem_lines, undone
from reconciler.reports.markdown.size_budget import DetailLevel
from reconciler.reports.wording import summary_line, validity

_RESERVE = 24


def bare(head: Iterable[str], report: Report, foot: Iterable[str], budget: int) -> str:
    """Render the counts, then names while they fit, then the number of unnamed ones."""
    groups = _groups(report)
    counts = [f"- {title.split(':')[0]}: {len(lines):,}" for title, lines in groups if lines]
    start = [*head, *_sums(report), "", *counts, ""]
    end = list(foot)
    room = budget - _size([*start, *end])
    shown: list[str] = []
    for title, lines in groups:
        kept, room = _fitting(title, lines, room)
        shown += kept
    return "\n".join([*start, *shown, *end]).strip("\n") + "\n"


def _groups(report: Report) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {"Errors": problem_lines(_errors(report), DetailLevel.BARE)}
    groups["Not done"] = undone(report.outcomes)
    for plan in report.plans:
        for title, lines in attention(plan):
            groups.setdefault(title, []).extend(lines)
    order = sorted(groups, key=lambda title: title != "To be destroyed")
    return [(title, groups[title]) for title in order]


def _errors(report: Report) -> list[Diagnostic]:
    found = [*report.diagnostics, *(one for plan in report.plans for one in plan.diagnostics)]
    return [one for one in dict.fromkeys(found) if one.severity is Severity.ERROR]


def _sums(report: Report) -> list[str]:
    if report.command == "validate":
        return [f"**{validity(report.diagnostics)}**"]
    if len(report.plans) == 1:
        return [f"**{summary_line(report.plans[0])}**"]
    loud = sum(1 for plan in report.plans if not plan.empty)
    return [f"**{len(report.plans):,} environments, {loud:,} with changes.**"] if report.plans else []


def _fitting(title: str, lines: list[str], room: int) -> tuple[list[str], int]:
    kept: list[str] = []
    for one in lines:
        cost = _size([one])
        if cost + _RESERVE + len(title) > room:
            break
        kept.append(one)
        room -= cost
    left = len(lines) - len(kept)
    more = f"- and {left:,} more" if left and kept else ""
    return ([*kept, more] if more else kept), room - (_size([more]) if more else 0)


def _size(lines: Iterable[str]) -> int:
    return sum(len(one.encode("utf-8", "replace")) + 1 for one in lines)

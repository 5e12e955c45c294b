"""What needs a look before anything else: problems, what is held back, what an apply could not do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.outcome import Outcome, Status
from reconciler.model.report import Report
from reconciler.model.source import Position, column_in
from reconciler.reports.gate import line
from reconciler.strings import display_width

_MOST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing to look at."""

    style: str
    text: str
    code: str = ""
    where: str = ""
    hint: str = ""
    excerpt: str = ""


def notes_of(report: Report) -> Iterator[Note]:
    """Return them all, up to a bound."""
    found = list(_notes(report))
    yield from found[:_MOST]
    if len(found) > _MOST:
        yield Note(style="warning", text=f"and {len(found) - _MOST:,} more: see the JSON report")


def _notes(report: Report) -> Iterator[Note]:
    several = len(report.plans) > 1
    planned = {one for plan in report.plans for one in plan.diagnostics}
    yield from (_problem(one, "", report.sources) for one in report.diagnostics if one not in planned)
    for outcome in report.outcomes:
        yield from _outcome(outcome)
    for plan in report.plans:
        where = plan.environment if several else ""
        yield from (_problem(one, where, report.sources) for one in plan.diagnostics)
        for held in plan.held:
            text = f"{held.action.value} of {held.address} is held back: {held.reason}"
            yield Note(style="warning", text=text, where=where)
        for change in plan.changes:
            if not change.fields and change.notes:
                yield from (Note(style="warning", text=f"{change.address}: {note}") for note in change.notes)


def _problem(one: Diagnostic, environment: str, sources: Mapping[Position, str]) -> Note:
    place = str(one.position) if one.position else ""
    return Note(
        style=one.severity.value,
        code=one.code,
        text=one.message,
        where=" ".join(part for part in (environment, place) if part),
        hint=one.hint,
        excerpt=_excerpt(one.position, sources),
    )


def _excerpt(where: Position | None, sources: Mapping[Position, str]) -> str:
    if where is None or where not in sources:
        return ""
    source = sources[where].rstrip("\r\n").replace("\t", " ")
    number = str(where.line)
    before = line(source[: max(0, column_in(sources[where], where.column) - 1)])
    return f"{number} | {line(source)}\n{' ' * len(number)} | {' ' * display_width(before)}^"


def _outcome(one: Outcome) -> Iterator[Note]:
    if one.status is not Status.APPLIED:
        style = "warning" if one.status is Status.SKIPPED else "error"
        text = f"{one.address}: {one.action.value} {one.status.value}. {one.reason}".rstrip()
        yield Note(style=style, code=one.code, text=text)
    yield from (Note(style="warning", text=f"{one.address}: {path} did not stick") for path in one.stuck)

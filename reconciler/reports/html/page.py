"""Data model of the page as plain values; the template only lays it out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.late_methods import dataclass
from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, has_errors
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportOptions, ReportTable
from reconciler.model.source_map import Position, column_in
from reconciler.reports.escaping import escape_line
from reconciler.reports.html.bar_charts import Drawing, drawings_of
from reconciler.reports.html.change_groups import Group, groups_of, kept
from reconciler.reports.html.chart import Bar, Chart, chart_of, strip_of
from reconciler.reports.wording import (
    ATTRIBUTION_PHRASES,
    UNTRUSTED,
    GuardGroup,
    apply_line,
    attributed,
    done,
    in_step,
    shared_guards,
    summary_line,
    suppressed,
    suppressed_line,
    unmanaged_groups,
    validity,
)
from reconciler.strings import count, display_width

_MOST = 2_000
_MOST_BLOCKED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Notice that needs attention."""

    style: str
    text: str
    code: str = ""
    where: str = ""
    hint: str = ""
    excerpt: str = ""


def notes_of(report: Report) -> Iterator[Note]:
    """Return all notices, up to a limit."""
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
        for group in shared_guards(plan):
            yield _guard(group, where)
        for change in plan.changes:
            if not change.fields and change.notes:
                yield from (Note(style="warning", text=f"{change.address}: {note}") for note in change.notes)


def _guard(group: GuardGroup, where: str) -> Note:
    names = ", ".join(change.address for change in group.changes[:_MOST_BLOCKED])
    more = f" and {len(group.changes) - _MOST_BLOCKED:,} more" if len(group.changes) > _MOST_BLOCKED else ""
    hint = f"To allow it at apply: {group.allow}" if group.allow else ""
    text = f"blocks {group.size}: {group.message}: {names}{more}"
    return Note(style="error", code=group.code, text=text, where=where, hint=hint)


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
    before = escape_line(source[: max(0, column_in(sources[where], where.column) - 1)])
    return f"{number} | {escape_line(source)}\n{' ' * len(number)} | {' ' * display_width(before)}^"


def _outcome(one: Outcome) -> Iterator[Note]:
    if one.status is not OutcomeStatus.APPLIED:
        style = "warning" if one.status is OutcomeStatus.SKIPPED else "error"
        text = f"{one.address}: {one.action.value} {one.status.value}. {one.reason}".rstrip()
        yield Note(style=style, code=one.code, text=text)
    yield from (Note(style="warning", text=f"{one.address}: {path} did not stick") for path in one.stuck)


_MOST_NAMES = 1_000


@dataclass(frozen=True, slots=True)
class Tile:
    """One large number in the header."""

    number: int
    label: str
    style: str = ""
    known: bool = True

    @property
    def number_text(self) -> str:
        """Return the formatted number; `?` for a zero that is not known to be exact."""
        return f"{self.number:,}" if self.known or self.number else "?"


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of a filter."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Set of filter buttons; `name` is the data attribute it reads."""

    name: str
    label: str
    choices: tuple[Choice, ...]

    def tells_apart(self, total: int) -> bool:
        """Whether any button would hide something."""
        return any(choice.count < total for choice in self.choices)


@dataclass(frozen=True, slots=True)
class NameList:
    """A folded list of what is left alone."""

    title: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One environment."""

    name: str
    description: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All data of the template."""

    title: str
    command: str
    heading: str
    verdict: str
    more: str
    mood: str
    tiles: tuple[Tile, ...]
    strip: tuple[Bar, ...]
    environments: tuple[str, ...]
    filters: tuple[Filter, ...]
    notes: tuple[Note, ...]
    chart: Chart
    drawings: tuple[Drawing, ...]
    plans: tuple[Section, ...]
    several: bool
    tables: Sequence[ReportTable]
    quiet: tuple[NameList, ...]
    count: int
    nothing: str
    foot: str


_EMPTY_TABLE: ReportTable = {"title": "", "columns": (), "rows": (), "note": ""}


def page_of(report: Report, options: ReportOptions) -> Page:
    """Convert a report to the page's data."""
    plans = report.plans
    sections = tuple(
        Section(
            name=plan.environment, description=_told_there(plan, report.where), groups=groups_of(plan, shown, options)
        )
        for plan, shown in zip(plans, kept(plans), strict=True)
    )
    heading = _heading(report)
    total = sum(len(group.changes) for section in sections for group in section.groups)
    return Page(
        title=f"reconciler {report.command}: {heading}",
        command=report.command,
        heading=heading,
        verdict=_verdict(report),
        more=_more(report),
        mood=_mood(report),
        tiles=(*_tiles(plans), *(Tile(one.number, one.label, one.style) for one in report.figures)),
        strip=strip_of(plans),
        environments=tuple(plan.environment for plan in plans if plan.pending),
        filters=tuple(one for one in _filters(sections) if one.tells_apart(total)),
        notes=(*notes_of(report), *_left_out(sum(len(plan.pending) for plan in plans) - total)),
        chart=chart_of(plans),
        drawings=drawings_of(report.charts),
        plans=tuple(section for section in sections if section.groups),
        several=len(plans) > 1,
        tables=[_EMPTY_TABLE | one for one in report.tables or ()],
        quiet=tuple(one for one in _quiet(plans, details=options.details) if one.names),
        count=total,
        nothing="No change fits these filters." if total else _verdict(report),
        foot=_foot(report, options),
    )


def _left_out(number: int) -> tuple[Note, ...]:
    text = f"{count(number, 'more change')} are too many for a page: the JSON report has them all"
    return (Note(style="warning", text=text),) if number else ()


def _heading(report: Report) -> str:
    if len(report.plans) == 1:
        return report.plans[0].environment
    return count(len(report.plans), "environment") if report.plans else report.command


def _told_there(plan: Plan, where: Mapping[str, str]) -> str:
    """Return what a plan comes to, after where that is."""
    place = where.get(plan.environment, "")
    return f"{place}. {_told(plan)}" if place else _told(plan)


def _told(plan: Plan) -> str:
    return summary_line(plan) if plan.pending else in_step(plan)


def _verdict(report: Report) -> str:
    if report.outcomes:
        return apply_line(done(report.outcomes, report.adopted), report.command)
    if report.headline:
        return report.headline
    if not report.plans:
        return validity(report.diagnostics) if report.command == "validate" else ""
    if len(report.plans) == 1:
        return _told(report.plans[0])
    loud = sum(1 for plan in report.plans if not plan.empty)
    if loud:
        return f"{loud:,} of {count(len(report.plans), 'environment')} differ from the manifests."
    return next((in_step(plan) for plan in report.plans if plan.as_of_cache), "No changes.")


def _more(report: Report) -> str:
    plans = report.plans
    parts = [f"{where}." for plan in plans if len(plans) == 1 and (where := report.where.get(plan.environment, ""))]
    if any(not plan.complete for plan in plans):
        parts.append("Incomplete: it covers only a part.")
    if any(plan.untrusted for plan in plans):
        parts.append(UNTRUSTED)
    if len(plans) == 1 and attributed(plans[0]):
        parts.append(f"Attributed against {plans[0].base}.")
    return " ".join(parts)


def _mood(report: Report) -> str:
    sums = [plan.summary() for plan in report.plans]
    if (
        has_errors(report.diagnostics)
        or any(plan.errored for plan in report.plans)
        or any(one.blocked or one.conflict or one.destroy for one in sums)
    ):
        return "alarm"
    return "moved" if any(not plan.empty for plan in report.plans) else ""


def _tiles(plans: Sequence[Plan]) -> Iterator[Tile]:
    if not plans:
        return
    sums = [plan.summary() for plan in plans]
    yield Tile(sum(one.add for one in sums), "to add", "create")
    yield Tile(sum(one.change for one in sums), "to change", "update")
    known = {name: all(plan.knows(name) for plan in plans) for name in ("destroy", "drift")}
    yield Tile(sum(one.destroy for one in sums), "to destroy", "delete", known["destroy"])
    if any(attributed(plan) for plan in plans):
        yield Tile(sum(one.drift for one in sums), "fields drifted", "drift", known["drift"])
        yield Tile(sum(one.conflict for one in sums), "fields in conflict", "conflict")
    adopt = sum(one.adopt for one in sums)
    if adopt:
        yield Tile(adopt, "to adopt", "update")
    blocked = sum(one.blocked for one in sums)
    if blocked:
        yield Tile(blocked, "blocked", "delete")
    yield Tile(sum(one.unchanged for one in sums), "in step")


_ACTIONS = {Action.CREATE.value: "add", Action.UPDATE.value: "change", Action.DELETE.value: "destroy"}


def _filters(sections: Iterable[Section]) -> Iterator[Filter]:
    changes = [(group.kind, change) for one in sections for group in one.groups for change in group.changes]
    actions = Counter(change.action for _, change in changes)
    yield Filter("action", "Action", tuple(Choice(v, w, actions[v]) for v, w in _ACTIONS.items() if actions[v]))
    kinds = Counter(kind for kind, _ in changes)
    yield Filter("kind", "Kind", tuple(Choice(kind, kind, number) for kind, number in kinds.items()))
    marks = Counter(mark for _, change in changes for mark in change.marks)
    known = [*(mark.value for mark in ATTRIBUTION_PHRASES), "blocked"]
    yield Filter("marks", "Who moved", tuple(Choice(one, one, marks[one]) for one in known if marks[one]))


def _quiet(plans: Sequence[Plan], *, details: bool) -> Iterator[NameList]:
    still = [change.address for plan in plans for change in plan.changes if change.action is Action.NONE]
    changes = [change for plan in plans for change in plan.changes]
    hidden = [
        f"{change.address} {one.path}: {one.rule.value}"
        for change in changes
        for one in suppressed(change, details=details)
    ]
    yield _names(count(len(still), "unchanged resource"), still)
    for group in unmanaged_groups(*plans):
        yield _names(group.title, [f"{one.address} · {one.foreign or f'id {one.id}'}" for one in group.members])
    yield _names(suppressed_line(changes, details=details), hidden)


def _names(title: str, names: Sequence[str]) -> NameList:
    left = len(names) - _MOST_NAMES
    return NameList(title, (*names[:_MOST_NAMES], f"and {left:,} more") if left > 0 else tuple(names))


def _foot(report: Report, options: ReportOptions) -> str:
    usage = report.usage
    cost = f"{count(usage.requests, 'request')}, {count(usage.retries, 'retry', 'retries')}. " if usage.requests else ""
    version = f" {options.tool_version}" if options.tool_version else ""
    return f"{cost}Made by reconciler{version}. This page loads nothing from the network."

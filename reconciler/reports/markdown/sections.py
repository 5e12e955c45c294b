"""Sections of one plan in Markdown: changes that need a decision first, then the author's, then drift."""

from collections.abc import Iterator, Sequence

from reconciler.model.change import Action, Attribution, Change, FieldChange
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.model.report import ReportOptions
from reconciler.reports.escaping import span, summary
from reconciler.reports.markdown.change_block import change_block
from reconciler.reports.markdown.size_budget import DetailLevel
from reconciler.reports.value_format import spell_sides
from reconciler.reports.wording import (
    GuardGroup,
    accepting_environment,
    apply_line,
    attributed,
    attribution_of,
    by_kind,
    done,
    guard_groups,
    refusing,
    source_of,
    suppressed,
    suppressed_line,
    unmanaged_groups,
)
from reconciler.strings import count

CONFIG = frozenset({Attribution.CONFIG, Attribution.ALREADY})
PENDING = frozenset({Attribution.PENDING})
DRIFT = frozenset({Attribution.DRIFT})
OTHER = frozenset({Attribution.UNATTRIBUTED})
EVERYTHING = frozenset(Attribution)
_MOST_LISTED = 200
_MOST_BASE = 80
_MOST_BLOCKED = 20


def plan_sections(plan: Plan, level: DetailLevel, options: ReportOptions) -> Iterator[str]:
    """Render one plan as lines of Markdown below its heading."""
    yield from _bulleted("Problems", problem_lines(plan.diagnostics, level))
    for title, lines in attention(plan):
        yield from _bulleted(title, lines)
    if attributed(plan):
        yield from _section(source_of(plan), plan, CONFIG, level, options)
        yield from _section("Merged before, not applied yet", plan, PENDING, level, options)
        yield from _section("Drift: changed outside the manifests", plan, DRIFT, level, options)
        yield from _section("Other differences: no base to attribute them to", plan, OTHER, level, options)
    else:
        yield from _section("Changes", plan, EVERYTHING, level, options)
    yield from _quiet(plan, level, details=options.details)


def _bulleted(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"#### {title}"
        yield ""
        yield from lines
        yield ""


def problem_lines(diagnostics: Sequence[Diagnostic], level: DetailLevel) -> list[str]:
    """Render problems, one a line: errors always, the others down to the level of names."""
    shown = [one for one in diagnostics if one.severity is Severity.ERROR or level <= DetailLevel.NAMES]
    return [_problem(one) for one in shown]


def _problem(one: Diagnostic) -> str:
    place = f" {span(str(one.position))}" if one.position else ""
    hint = f" · {span(one.hint)}" if one.hint else ""
    return f"- **{one.severity.value}**{place} {span(one.code)} {span(one.message)}{hint}"


def attention(plan: Plan) -> list[tuple[str, list[str]]]:
    """Return the lines that no budget omits: deletes, conflicts, blocked and deferred changes."""
    deletes = [change for change in plan.pending if change.action is Action.DELETE]
    conflicts = [
        (change, field)
        for change in plan.pending
        for field in change.fields
        if field.attribution is Attribution.CONFLICT
    ]
    return [
        ("To be destroyed", [_destroyed(change) for change in deletes]),
        (
            "Conflicts: the manifests and the live side changed, to different values",
            [_conflict(*one) for one in conflicts],
        ),
        (f"Blocked: {refusing(plan)}", list(map(_blocked, guard_groups(plan)))),
        ("Held back: the read could not prove them", [_held(one.action, one.address, one.reason) for one in plan.held]),
        ("Warnings", [f"- {span(change.address)} {span(note)}" for change in plan.changes for note in change.notes]),
    ]


def _destroyed(change: Change) -> str:
    reason = f" {span(change.reason)}" if change.reason else ""
    known = f" id {span(change.id)}" if change.id else ""
    return f"- **destroy** {span(change.address)}{known}{reason}"


def _conflict(change: Change, field: FieldChange) -> str:
    live, ours = map(span, spell_sides(field.before, field.after, _MOST_BASE))
    base = span(spell_sides(field.base, field.before, _MOST_BASE)[0])
    where = f" ({span(str(field.position))})" if field.position else ""
    return f"- **conflict** {span(change.address)} {span(field.path)}: was {base}, live {live}, manifest {ours}{where}"


def _blocked(group: GuardGroup) -> str:
    addresses = [change.address for change in group.changes]
    names = ", ".join(map(span, addresses[:_MOST_BLOCKED]))
    more = f" and {len(addresses) - _MOST_BLOCKED:,} more" if len(addresses) > _MOST_BLOCKED else ""
    allowed = f" · to allow it at apply: {span(group.allow)}" if group.allow else ""
    if len(addresses) == 1:
        return f"- **blocked** {names} {span(group.code)} {span(group.message)}{allowed}"
    return f"- **blocked** {group.size}: {span(group.code)} {span(group.message)}{allowed}: {names}{more}"


def _held(action: Action, name: str, reason: str) -> str:
    return f"- **{action.value}** {span(name)} {span(reason)}"


def parts(plan: Plan, wanted: frozenset[Attribution]) -> list[tuple[Change, list[FieldChange]]]:
    """Return the changes of a section, each with its fields there; deletes and conflicts have their own sections."""
    found = []
    for change in plan.pending:
        if change.action is Action.DELETE:
            continue
        fields = [field for field in change.fields if field.attribution in wanted]
        whole = change.action is Action.CREATE or not change.fields
        if whole and (attribution_of(change) or Attribution.CONFIG) in wanted:
            found.append((change, list(change.fields)))
        elif not whole and fields:
            found.append((change, fields))
    return found


def _section(
    title: str, plan: Plan, wanted: frozenset[Attribution], level: DetailLevel, options: ReportOptions
) -> Iterator[str]:
    found = parts(plan, wanted)
    if not found:
        return
    yield f"#### {title}"
    yield ""
    if level >= DetailLevel.COUNTS:
        yield from _counts([change for change, _ in found])
        return
    groups = by_kind(change for change, _ in found)
    fields = {id(change): these for change, these in found}
    for kind, changes in groups.items():
        yield f"{span(kind)}: {count(len(changes), 'change')}"
        yield ""
        for change in changes:
            yield from change_block(
                change, fields[id(change)], level, accepting_environment(plan), show_defaults=options.show_defaults
            )
        yield ""


def _counts(changes: Sequence[Change]) -> Iterator[str]:
    for kind, group in by_kind(changes).items():
        added = sum(1 for change in group if change.action is Action.CREATE)
        yield f"- {span(kind)}: {added:,} to add, {len(group) - added:,} to change"
    yield ""


def _quiet(plan: Plan, level: DetailLevel, *, details: bool) -> Iterator[str]:
    still = [change.address for change in plan.changes if change.action is Action.NONE]
    hidden = [
        f"{change.address} {one.path}: {one.rule.value}{f' ({one.detail})' if one.detail else ''}"
        for change in plan.changes
        for one in suppressed(change, details=details)
    ]
    adopting = [f"{one.address}{f': now owned by {one.owner}' if one.owner else ''}" for one in plan.adopting]
    yield from _fold(f"{count(len(adopting), 'live object')} to adopt", adopting, level)
    yield from _fold(f"{count(len(still), 'unchanged resource')}", still, level)
    for group in unmanaged_groups(plan):
        yield from _fold(summary(group.title), [one.address for one in group.members], level)
    yield from _fold(suppressed_line(plan.changes, details=details), hidden, level)


def _fold(title: str, names: Sequence[str], level: DetailLevel) -> Iterator[str]:
    if not names or level >= DetailLevel.COUNTS:
        return
    if level >= DetailLevel.QUIET:
        yield f"_{title}_"
        yield ""
        return
    yield "<details>"
    yield f"<summary>{title}</summary>"
    yield ""
    yield from (f"- {span(name)}" for name in names[:_MOST_LISTED])
    if len(names) > _MOST_LISTED:
        yield f"- and {len(names) - _MOST_LISTED:,} more"
    yield ""
    yield "</details>"
    yield ""


def outcome_sections(
    outcomes: Sequence[Outcome], level: DetailLevel, adopted: int = 0, *, command: str = "apply"
) -> Iterator[str]:
    """Render the total, each change that was not applied, and the fields that were not kept."""
    if not outcomes and not adopted:
        return
    yield f"**{apply_line(done(outcomes, adopted), command)}**"
    yield ""
    yield from undone(outcomes)
    yield ""
    fine = [one for one in outcomes if one.status is OutcomeStatus.APPLIED]
    if fine and level < DetailLevel.COUNTS:
        yield "<details>"
        yield f"<summary>{count(len(fine), 'change')} done</summary>"
        yield ""
        yield from (f"- {one.action.value} {span(one.address)}" for one in fine)
        yield ""
        yield "</details>"
        yield ""


def undone(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line for each failed, skipped or unknown change, and for each field that was not kept."""
    lines = []
    for one in outcomes:
        if one.status is not OutcomeStatus.APPLIED:
            told = " ".join(span(part) for part in (one.code, one.reason) if part)
            lines.append(f"- **{one.status.value}** {one.action.value} {span(one.address)} {told}".rstrip())
        lines += [f"- **did not stick** {span(one.address)} {span(path)}" for path in one.stuck]
    return lines

"""A plan as text."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.change import SYMBOLS, Action, Attribution, Change
from reconciler.model.plan import DeferredChange, Plan
from reconciler.model.report import ReportOptions
from reconciler.model.source_map import Position
from reconciler.reports.escaping import escape_line
from reconciler.reports.text.change_lines import change_lines
from reconciler.reports.text.diagnostic_lines import diagnostic_lines
from reconciler.reports.text.style import ACTION_STYLE, MARK_STYLE, PlanView, Style
from reconciler.reports.wording import (
    ATTRIBUTION_PHRASES,
    LEGEND,
    UNTRUSTED,
    GuardGroup,
    accepting_environment,
    attributed,
    by_kind,
    in_step,
    refusing,
    shared_guards,
    summary_line,
    suppressed_line,
    unmanaged_groups,
)
from reconciler.strings import count

_MOST_NAMED = 20
"""Most objects of one sort that are named; the others are counted."""


def plan_lines(
    plan: Plan,
    sources: Mapping[Position, str],
    style: Style,
    options: ReportOptions,
    *,
    heading: str = "",
    outcomes: bool = False,
) -> Iterator[Iterator[str]]:
    """Render a plan in sections; below its `heading` where there are several; `outcomes` replace the changes."""
    view = PlanView(
        environment=accepting_environment(plan),
        style=style,
        marked=attributed(plan),
        show_defaults=options.show_defaults,
        details=options.details,
        guards=shared_guards(plan),
    )
    if heading:
        yield iter([style("strong", escape_line(heading))])
    for diagnostic in plan.diagnostics:
        yield diagnostic_lines(diagnostic, sources, style)
    if not outcomes:
        yield _legend(plan, style)
        yield from _changes(plan, view)
        yield from (_guarded(group, style) for group in view.guards)
    yield _held(plan.held, style)
    yield _adopting(plan.adopting, style)
    yield _unmanaged(plan, style)
    yield _folded(plan, view)
    if not outcomes:
        yield _summary(plan, style)


def _legend(plan: Plan, style: Style) -> Iterator[str]:
    actions = {change.action for change in plan.pending}
    if not actions:
        return
    yield "Actions are indicated with these symbols:"
    for action, words in LEGEND.items():
        if action in actions:
            yield f"  {style(ACTION_STYLE[action], SYMBOLS[action])} {words}"
    for mark in _marks(plan):
        yield f"  {style(MARK_STYLE[mark], f'[{mark.value}]')} {ATTRIBUTION_PHRASES[mark]}"


def _marks(plan: Plan) -> list[Attribution]:
    if not attributed(plan):
        return []
    found = {field.attribution for change in plan.pending for field in change.fields}
    return [mark for mark in ATTRIBUTION_PHRASES if mark in found]


def _changes(plan: Plan, view: PlanView) -> Iterator[Iterator[str]]:
    groups = by_kind(plan.pending)
    for kind, changes in groups.items():
        if len(groups) > 1:
            yield iter([view.style("strong", f"{escape_line(kind)} ({count(len(changes), 'change')})")])
        for change in changes:
            yield change_lines(change, view)


def _guarded(group: GuardGroup, style: Style) -> Iterator[str]:
    """Render a guard that blocks several changes: once, with their number and their names."""
    yield style("alarm", f"! {escape_line(group.code)} blocks {group.size}: {escape_line(group.message)}")
    yield from (f"    {escape_line(change.address)}" for change in group.changes[:_MOST_NAMED])
    if len(group.changes) > _MOST_NAMED:
        yield f"    and {len(group.changes) - _MOST_NAMED:,} more"
    if group.allow:
        yield f"  to allow it at apply: {escape_line(group.allow)}"


def _held(held: Sequence[DeferredChange], style: Style) -> Iterator[str]:
    if not held:
        return
    yield style("change", f"Held back ({len(held):,}): the read could not prove these, so they are not proposed")
    for one in held:
        yield f"  {SYMBOLS[one.action]} {escape_line(one.address)}: {escape_line(one.reason)}"


def _adopting(changes: Sequence[Change], style: Style) -> Iterator[str]:
    if not changes:
        return
    yield style(
        "quiet", f"# ({count(len(changes), 'live object')} to adopt: an apply makes this environment their owner)"
    )
    for change in changes[:_MOST_NAMED]:
        owner = f": now owned by {escape_line(change.owner)}" if change.owner else ""
        yield style("quiet", f"#   {escape_line(change.address)} [id={escape_line(change.id)}]{owner}")
    if len(changes) > _MOST_NAMED:
        yield style("quiet", f"#   and {len(changes) - _MOST_NAMED:,} more")


def _unmanaged(plan: Plan, style: Style) -> Iterator[str]:
    for group in unmanaged_groups(plan):
        yield style("quiet", f"# ({escape_line(group.title)})")
        for one in group.members[:_MOST_NAMED]:
            told = f": {escape_line(one.foreign)}" if one.foreign else f" [id={escape_line(one.id)}]"
            yield style("quiet", f"#   {escape_line(one.address)}{told}")
        if len(group.members) > _MOST_NAMED:
            yield style("quiet", f"#   and {len(group.members) - _MOST_NAMED:,} more")


def _folded(plan: Plan, view: PlanView) -> Iterator[str]:
    style = view.style
    quiet = [change for change in plan.changes if change.action is Action.NONE]
    if quiet:
        yield style("quiet", f"# ({count(len(quiet), 'unchanged resource')} hidden)")
    for change in quiet:
        for note in change.notes:
            yield style("change", f"#   {escape_line(change.address)}: {escape_line(note)}")
    hidden = suppressed_line(plan.changes, details=view.details)
    if hidden:
        yield style("quiet", f"# ({hidden})")


def _summary(plan: Plan, style: Style) -> Iterator[str]:
    summary = plan.summary()
    if plan.pending:
        yield style("strong", summary_line(plan))
    elif not plan.held:
        yield style("strong" if plan.errored or not plan.complete else "add", in_step(plan))
    if attributed(plan):
        yield from _attribution(plan)
    if summary.blocked:
        yield style("alarm", f"{count(summary.blocked, 'change is', 'changes are')} blocked: {refusing(plan)}.")
    if not plan.complete and (plan.pending or plan.held):
        yield style("change", "This plan is incomplete: it covers only a part.")
    if plan.untrusted:
        yield style("change", UNTRUSTED)


def _attribution(plan: Plan) -> Iterator[str]:
    summary = plan.summary()
    counts = [(getattr(summary, mark.value), mark.value) for mark in ATTRIBUTION_PHRASES]
    told = ", ".join(f"{number:,} {word}" for number, word in counts if number)
    if told:
        yield f"Fields: {told} (against {escape_line(plan.base)})."

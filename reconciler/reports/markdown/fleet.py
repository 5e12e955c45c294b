"""Many environments in Markdown: one table, a row each, those with something to say first."""

from collections.abc import Iterator, Sequence

from reconciler.model.plan import Plan
from reconciler.reports.gate import span
from reconciler.reports.markdown.level import Level
from reconciler.reports.wording import figure
from reconciler.strings import count

_MOST_ROWS = {Level.FULL: 1_000, Level.QUIET: 500, Level.SHORT: 200}
_FEWEST_ROWS = 50


def fleet_table(plans: Sequence[Plan], level: Level) -> Iterator[str]:
    """Tell the sum, then a row for each environment that is not in step."""
    loud = [plan for plan in plans if is_loud(plan)]
    yield f"{count(len(plans), 'environment')}, {len(plans) - len(loud):,} in step, {len(loud):,} not."
    yield ""
    if level >= Level.COUNTS or not loud:
        return
    most = _MOST_ROWS.get(level, _FEWEST_ROWS)
    yield "| Environment | Add | Change | Destroy | Drift | Conflicts | Blocked | Held | Errors |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---|"
    yield from (_row(plan) for plan in loud[:most])
    yield ""
    if len(loud) > most:
        yield f"and {count(len(loud) - most, 'more environment')} not in step"
        yield ""


def is_loud(plan: Plan) -> bool:
    """Whether an environment needs to be looked at."""
    return not plan.empty or plan.errored or not plan.complete


def _row(plan: Plan) -> str:
    figures = [figure(plan, name) for name in ("add", "change", "destroy", "drift", "conflict", "blocked", "held")]
    state = "yes" if plan.errored else "incomplete" if not plan.complete else ""
    return f"| {span(plan.environment)} | {' | '.join(figures)} | {state} |"

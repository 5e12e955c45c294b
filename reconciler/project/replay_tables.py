"""Tables of a replay: the summary, differences by rule, and the settings that results depend on."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.replay import EventComparison, ReplayResult
from reconciler.model.desired_state import DesiredState
from reconciler.model.plan import Plan
from reconciler.model.report import Report, ReportTable
from reconciler.project.config import Project
from reconciler.project.replay_charts import CLASS_LABELS, replay_charts
from reconciler.project.rule_replay import replay_subjects_of, rules_before
from reconciler.project.rule_tests import rules_of

MOST_PAIRS = 40
EXAMPLES = 3
NOT_SIMULATED = (
    "Not simulated: the speech queue, content review, what a model or a callback receiver answers, random choice. "
    "This evaluator does not claim to be the service: docs/api/rules.md."
)


def with_replay(
    report: Report, project: Project, manifest: DesiredState, plan: Plan, events: Sequence[LiveEvent]
) -> Report:
    """Add the results of a recording before and after a plan, for each resource with changed rules: tables, charts."""
    changed = {change.address for change in plan.pending}
    before = rules_before(plan, [one for one in manifest.resources if one.address in changed])
    subjects = [
        one for one in manifest.resources if before.get(one.address) or (one.address in before and rules_of(one))
    ]
    if not subjects:
        note = "No resource with rules changes in this plan."
        return replace(report, tables=[{"title": "Replay", "columns": [], "rows": [], "note": note}])
    result = replay_subjects_of(project, subjects, before, events)
    tables = replay_tables(result, events, show_text=False)
    return replace(report, tables=tables, charts=replay_charts(result, events))


def replay_tables(result: ReplayResult, events: Sequence[LiveEvent], *, show_text: bool) -> list[ReportTable]:
    """Return a replay as tables: the summary, differences by rule, and the settings that results depend on."""
    rows = result.events
    if not any(event.before for event in rows):
        return [_alone(rows), _settings(result)]
    counts = result.counts()
    said = ", ".join(f"{count:,} {CLASS_LABELS[name]}" for name, count in counts.items())
    if result.undecidable:
        said += f", {result.undecidable:,} undecidable"
    depends = result.depends_on()
    turns = "; " + ", ".join(f"{n:,} depend on {name}" for name, n in depends.items()) if depends else ""
    note = f"{len(rows):,} events: {said}{turns}."
    summary = [
        [CLASS_LABELS[name], f"{count:,}", f"{sum(bool(e.direct) for e in rows if e.change == name):,}"]
        for name, count in counts.items()
    ]
    head: ReportTable = {"title": "Replay", "columns": ["Result", "Events", "Direct"], "rows": summary, "note": note}
    return [head, _by_rule(rows, events, show_text=show_text), _settings(result)]


def _alone(rows: Sequence[EventComparison]) -> ReportTable:
    fired = Counter(event.from_to[1] for event in rows)
    table = [[name, f"{count:,}"] for name, count in fired.most_common(MOST_PAIRS)]
    return {"title": "Replay", "columns": ["Rules", "Events"], "rows": table, "note": f"{len(rows):,} events."}


def _by_rule(rows: Sequence[EventComparison], events: Sequence[LiveEvent], *, show_text: bool) -> ReportTable:
    groups: defaultdict[tuple[str, str, str], list[EventComparison]] = defaultdict(list)
    for event in rows:
        if event.change not in {"", "same"}:
            groups[event.change, *event.from_to].append(event)
    table = []
    for (change, before, after), found in sorted(groups.items(), key=lambda item: -len(item[1]))[:MOST_PAIRS]:
        direct = sum(bool(event.direct) for event in found)
        first = sorted(found, key=lambda event: not event.direct)[:EXAMPLES]
        shown = ", ".join(_example(event, events, show_text=show_text) for event in first)
        table.append([CLASS_LABELS[change], before, after, f"{direct:,}", f"{len(found) - direct:,}", shown])
    more = len(groups) - len(table)
    note = f"and {more:,} more pairs. " if more > 0 else ""
    columns = ["Result", "Before", "After", "Direct", "Knock-on", "Examples"]
    return {"title": "What differs", "columns": columns, "rows": table, "note": note if table else "Nothing differs."}


def _example(event: EventComparison, events: Sequence[LiveEvent], *, show_text: bool) -> str:
    text = events[event.index].content.get("content") if show_text else None
    return f"event {event.index}" + (f" {text!r}" if isinstance(text, str) else "")


def _settings(result: ReplayResult) -> ReportTable:
    table = [[name, f"{count:,}"] for name, count in result.depends_on().items()]
    columns = ["Setting", "Events that turn on it"]
    return {"title": "What is not documented", "columns": columns, "rows": table, "note": NOT_SIMULATED}

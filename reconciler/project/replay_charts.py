"""Charts of a replay: differences over time, rules that answer before and after, settings that results depend on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.replay import CLASSES, EventComparison, ReplayResult
from reconciler.interaction_rules.rule_outcome import EventResult
from reconciler.model.report import BarChart, ChartBar, Figure, Report
from reconciler.strings import count

CLASS_LABELS: Mapping[str, str] = {
    "same": "same",
    "changed": "another reply",
    "silent": "silent now",
    "answered": "answered now",
}
"""Label of each class of an event in tables and charts."""

_UNDECIDABLE = "undecidable"
_STYLES: Mapping[str, str] = {
    "changed": "update",
    "silent": "delete",
    "answered": "create",
    "": "drift",
    "same": "none",
}
_MOST_COLUMNS = 60
_MOST_RULES = 20


def with_figures(report: Report, result: ReplayResult) -> Report:
    """Add the headline and the large numbers of a replay to a report."""
    total = len(result.events)
    if not any(event.before for event in result.events):
        silent = sum(event.after.silent for event in result.events)
        alone = (
            Figure(total, "events"),
            Figure(total - silent, "may be answered", "create"),
            Figure(silent, "silent"),
        )
        return replace(report, headline=f"{count(total, 'event')}, rules of the manifests alone.", figures=alone)
    counts = result.counts()
    figures = tuple(
        Figure(counts[name], CLASS_LABELS[name], _STYLES[name] if name != "same" else "") for name in reversed(CLASSES)
    )
    if result.undecidable:
        figures = (*figures, Figure(result.undecidable, _UNDECIDABLE, "drift"))
    differing = total - counts["same"]
    headline = f"{differing:,} of {count(total, 'event')} differ or may differ."
    return replace(report, headline=headline, figures=figures)


def replay_charts(result: ReplayResult, events: Sequence[LiveEvent]) -> tuple[BarChart, ...]:
    """Return the charts of a replay, those with nothing to show left out."""
    made = (_over_time(result.events, events), _by_rule(result.events), _by_setting(result))
    return tuple(chart for chart in made if chart.bars)


def _over_time(rows: Sequence[EventComparison], events: Sequence[LiveEvent]) -> BarChart:
    compared = [row for row in rows if row.before is not None]
    if not compared:
        return BarChart(title="", description="", bars=(), keys={})
    times = [event.timestamp for event in events]
    first, last = min(times), max(times)
    columns = min(_MOST_COLUMNS, max(1, len(compared)))
    width = max(1, -(-(last - first + 1) // columns))
    places = {event.index: (event.timestamp - first) // width for event in events}
    found = [Counter[str]() for _ in range(columns)]
    for row in compared:
        found[places[row.index]][row.change] += 1
    bars = tuple(ChartBar(parts={_STYLES[name]: counts[name] for name in _STYLES}) for counts in found)
    labels = {**CLASS_LABELS, "": _UNDECIDABLE}
    used = [name for name in _STYLES if any(counts[name] for counts in found)]
    most = max(range(columns), key=lambda place: sum(n for name, n in found[place].items() if name != "same"))
    description = (
        f"{count(len(compared), 'event')} over {_elapsed(last - first)}, most differ at {_elapsed(most * width)}"
    )
    keys = {_STYLES[name]: labels[name] for name in used}
    return BarChart(
        title="When it differs",
        description=description,
        bars=bars,
        keys=keys,
        over=(_elapsed(0), _elapsed(last - first)),
    )


def _elapsed(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _by_rule(rows: Sequence[EventComparison]) -> BarChart:
    """Return for each rule how many events it may answer before and after, those that move most first."""
    before, after = Counter[str](), Counter[str]()
    for row in rows:
        before.update(_fired(row.before))
        after.update(_fired(row.after))
    compared = any(row.before for row in rows)
    names = sorted(
        {*before, *after}, key=lambda name: (-abs(after[name] - before[name]) * compared, -after[name], name)
    )
    bars: list[ChartBar] = []
    for name in names[:_MOST_RULES]:
        if compared:
            bars.append(ChartBar(label=name, parts={"other": before[name]}))
        bars.append(ChartBar(label="" if compared else name, parts={"config": after[name]}))
    more = f", the first {_MOST_RULES} of {len(names):,} shown" if len(names) > _MOST_RULES else ""
    keys = {"other": "before", "config": "after"} if compared else {"config": "events"}
    description = f"events that each rule may answer{more}"
    return BarChart(title="Which rules answer", description=description, bars=tuple(bars), keys=keys)


def _fired(result: EventResult | None) -> set[str]:
    return {name for outcome in (result.outcomes if result else ()) for name in outcome.fires}


def _by_setting(result: ReplayResult) -> BarChart:
    depends = sorted(result.depends_on().items(), key=lambda one: (-one[1], one[0]))
    bars = tuple(ChartBar(label=name, parts={"drift": number}) for name, number in depends)
    description = "events whose result turns on a setting that is not assumed"
    return BarChart(title="What is not documented", description=description, bars=bars, keys={"drift": "events"})

"""Bars of numbers, without text of data: a plan's proportions, and differences per environment."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Attribution
from reconciler.model.plan import Plan
from reconciler.reports.wording import attribution_of
from reconciler.strings import count

_FULL = 1_000
_LEAST = 4
_MOST_ROWS = 60

_STYLES = {
    Attribution.CONFLICT: "conflict",
    Attribution.DRIFT: "drift",
    Attribution.CONFIG: "config",
    Attribution.PENDING: "config",
    Attribution.ALREADY: "config",
    Attribution.UNATTRIBUTED: "other",
}
_LABELS = {
    "conflict": "conflict",
    "drift": "drift",
    "config": "manifests changed",
    "other": "no base",
    "delete": "to be destroyed",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """Segment of a bar, in thousandths of the whole."""

    style: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """Meaning of one colour."""

    style: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """One environment: its bars on a common scale, and as text."""

    name: str
    bars: tuple[Bar, ...]
    total: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Differences per environment, the largest first."""

    rows: tuple[ChartRow, ...] = ()
    keys: tuple[LegendEntry, ...] = ()
    description: str = ""


def strip_of(plans: Iterable[Plan]) -> tuple[Bar, ...]:
    """Return the proportions of creates, updates, deletes and unchanged objects."""
    actions = Counter(change.action for plan in plans for change in plan.changes)
    order = {Action.CREATE: "create", Action.UPDATE: "update", Action.DELETE: "delete", Action.NONE: "none"}
    counts = {style: actions[action] for action, style in order.items()}
    return _bars(counts, sum(counts.values()))


def chart_of(plans: Sequence[Plan]) -> Chart:
    """Return a row for each environment that differs, where there are several."""
    counted = [(plan.environment, _counts(plan)) for plan in plans]
    loud = sorted((one for one in counted if sum(one[1].values())), key=lambda one: (-sum(one[1].values()), one[0]))
    if len(plans) < 2 or not loud:
        return Chart()
    most = sum(loud[0][1].values())
    used = {style for _, counts in loud for style, number in counts.items() if number}
    still = len(plans) - len(loud)
    more = f", the first {_MOST_ROWS} shown" if len(loud) > _MOST_ROWS else ""
    return Chart(
        rows=tuple(_row(name, counts, most) for name, counts in loud[:_MOST_ROWS]),
        keys=tuple(LegendEntry(style, label) for style, label in _LABELS.items() if style in used),
        description=f"{len(loud):,} of {len(plans):,} differ, {still:,} in step{more}",
    )


def _counts(plan: Plan) -> Mapping[str, int]:
    styles = Counter(
        "delete" if change.action is Action.DELETE else _STYLES[attribution_of(change) or Attribution.CONFIG]
        for change in plan.pending
    )
    return {style: styles[style] for style in _LABELS}


def _row(name: str, counts: Mapping[str, int], most: int) -> ChartRow:
    total = sum(counts.values())
    description = ", ".join(f"{number:,} {_LABELS[style]}" for style, number in counts.items() if number)
    return ChartRow(
        name=name, bars=_bars(counts, most), total=f"{total:,}", description=f"{count(total, 'change')}: {description}"
    )


def _bars(counts: Mapping[str, int], whole: int) -> tuple[Bar, ...]:
    bars, start, reached = [], 0, 0
    for style, number in counts.items():
        reached += number
        end = max(start + _LEAST, reached * _FULL // whole) if number and whole else start
        if end > start:
            bars.append(Bar(style, start, end - start))
        start = end
    return tuple(bars)

"""Charts of a report for the page: rectangles on a scale, with the text in the page itself."""

from collections.abc import Iterable, Iterator

from reconciler.late_methods import dataclass
from reconciler.model.report import BarChart, ChartBar
from reconciler.reports.html.chart import Bar, LegendEntry

_WIDE, _HIGH, _GAP = 1_000, 120, 2


@dataclass(frozen=True, slots=True)
class Column:
    """Segment of an upright bar: its position and size in the picture."""

    style: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class BarRow:
    """Horizontal bar: its label, its segments in thousandths, its total as text."""

    label: str
    bars: tuple[Bar, ...]
    total: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Layout of one chart. `number` identifies it in the page."""

    number: int
    title: str
    description: str
    columns: tuple[Column, ...] = ()
    rows: tuple[BarRow, ...] = ()
    keys: tuple[LegendEntry, ...] = ()
    over: tuple[str, str] = ("", "")
    most: str = ""


def drawings_of(charts: Iterable[BarChart]) -> tuple[Drawing, ...]:
    """Lay out the charts of a report."""
    return tuple(_drawing(number, chart) for number, chart in enumerate(charts, start=1))


def _drawing(number: int, chart: BarChart) -> Drawing:
    keys = tuple(LegendEntry(style, label) for style, label in chart.keys.items())
    most = max((sum(bar.parts.values()) for bar in chart.bars), default=0) or 1
    if chart.over is None:
        rows = tuple(_row(bar, most) for bar in chart.bars)
        return Drawing(number=number, title=chart.title, description=chart.description, rows=rows, keys=keys)
    columns = tuple(_columns(chart.bars, most))
    return Drawing(
        number=number,
        title=chart.title,
        description=chart.description,
        columns=columns,
        keys=keys,
        over=chart.over,
        most=f"{most:,}",
    )


def _row(bar: ChartBar, most: int) -> BarRow:
    bars, start = [], 0
    for style, number in bar.parts.items():
        width = max(4, number * _WIDE // most) if number else 0
        if width:
            bars.append(Bar(style, start, width))
        start += width
    return BarRow(bar.label, tuple(bars), f"{sum(bar.parts.values()):,}")


def _columns(bars: tuple[ChartBar, ...], most: int) -> Iterator[Column]:
    """Yield the segments of upright bars: differing parts below, equal ones on top."""
    for place, bar in enumerate(bars):
        left, right = place * _WIDE // len(bars), (place + 1) * _WIDE // len(bars) - _GAP
        floor = _HIGH
        for style, number in bar.parts.items():
            height = max(2, number * _HIGH // most) if number else 0
            height = min(height, floor)
            if height:
                floor -= height
                yield Column(style, left, floor, max(1, right - left), height)

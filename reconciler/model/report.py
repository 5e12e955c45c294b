"""Report of one command: the value that every reporter turns into text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TypedDict

from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_types import Json, JsonObject
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage, RateUse
from reconciler.model.source_map import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBar:
    """One bar of a chart: numbers by style, explained by `BarChart.keys`. An upright bar has no label of its own."""

    label: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Bar chart for graphical formats. `description` has the data as text; `keys` name what each style means.

    `over` are the two ends of the time that upright bars divide; without it bars are horizontal, one a row, with their
    label.
    """

    title: str
    description: str
    bars: tuple[ChartBar, ...]
    keys: Mapping[str, str]
    over: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number in the header of a page."""

    number: int
    label: str
    style: str = ""


class ReportTable(TypedDict, total=False):
    """One of the tables of a report. `widest` is the most columns of a cell, but for those of `whole` columns."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Json]]
    note: str
    widest: int
    whole: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Plans, outcomes and diagnostics of one command. A single environment is a fleet of one.

    `where` describes the environments of the plans by name (host, project, ledger), for human formats only.
    `sources` holds the source line of each position in a diagnostic, for excerpts. `adopted` counts the objects that an
    apply took ownership of. `usage` is printed on stderr and in human formats, never in JSON. `tables` are those of a
    command that has any (a comparison's matrix, a history): None writes no such key to JSON. `extra` holds further keys
    of its JSON. `rates` are the learnt rates of reads and writes by environment.
    `headline`, `figures` and `charts` are for graphical formats; `tables` has the same data.
    """

    command: str
    plans: tuple[Plan, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    adopted: int = 0
    usage: ApiUsage = field(default_factory=ApiUsage)
    sources: Mapping[Position, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, Mapping[str, RateUse]] = field(default_factory=dict)
    tables: Sequence[ReportTable] | None = None
    extra: JsonObject = field(default_factory=dict)
    headline: str = ""
    figures: tuple[Figure, ...] = ()
    charts: tuple[BarChart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Options of a report: colour, columns, a byte budget (0: none), and where the full report is.

    `show_defaults` lists the documented defaults of objects, `details` every suppressed difference. `prefix` is the
    project's path in the repository (`examples/quickstart`), for code hosts that annotate lines.
    """

    color: bool = False
    width: int = 0
    budget: int = 65_000
    whole: str = ""
    tool_version: str = ""
    prefix: str = ""
    show_defaults: bool = False
    details: bool = False


Reporter = Callable[[Report, ReportOptions], str]
"""A reporter is a plain function; it gets a redacted Report and returns the text."""

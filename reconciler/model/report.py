"""What one command has to tell: the value every reporter turns into text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage
from reconciler.model.source_map import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBar:
    """One bar of a chart: numbers by style, which `Chart.keys` explain. A column over time has no label of its own."""

    label: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Bars for formats that can draw. `told` says the same in words; `keys` name what each style means.

    `over` are the two ends of the time that upright bars divide; without it bars lie, one a row, with their label.
    """

    title: str
    told: str
    bars: tuple[ChartBar, ...]
    keys: Mapping[str, str]
    over: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number of a page's head."""

    number: int
    label: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Plans, outcomes and diagnostics of one command. A single environment is a fleet of one.

    `sources` holds the source line of each place a diagnostic names, for excerpts. `adopted` counts the objects that an
    apply took ownership of. `usage` is told on stderr and in human formats, never in JSON. `extra` carries what only
    one command has (a comparison's matrix, a history). `headline`, `figures` and `charts` are for formats that draw:
    what they tell stands in `extra` too.
    """

    command: str
    plans: tuple[Plan, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    adopted: int = 0
    usage: ApiUsage = field(default_factory=ApiUsage)
    sources: Mapping[Position, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    headline: str = ""
    figures: tuple[Figure, ...] = ()
    charts: tuple[BarChart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """How a report is wanted: colour, columns, a byte budget (0: none), and where the whole can be found.

    `prefix` leads from the repository's root to the project (`examples/quickstart`), for the hosts that place a problem
    on a line of the repository.
    """

    color: bool = False
    width: int = 0
    budget: int = 65_000
    whole: str = ""
    tool_version: str = ""
    prefix: str = ""


Reporter = Callable[[Report, ReportOptions], str]
"""A reporter is a plain function; it gets a masked Report and returns the text."""

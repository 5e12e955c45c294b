"""The changes of one environment, grouped by kind, as the page shows them."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.change import SYMBOLS, Action, Block, Change
from reconciler.model.plan import Plan
from reconciler.reports.html.fields import Pill, Row, rows_of
from reconciler.reports.values import count
from reconciler.reports.wording import GRAVEST, LEGEND, WILL, attributed, attribution_of, by_kind, suppressed_line

_OPEN_BELOW = 6
"""A plan of fewer changes opens them all; a longer one opens none, blocked ones and conflicts apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChange:
    """One change: what its line shows, and what is under it."""

    action: str
    symbol: str
    word: str
    name: str
    was: str
    id: str
    told: str
    reason: str
    where: str
    marks: tuple[str, ...]
    pills: tuple[Pill, ...]
    blocks: tuple[Block, ...]
    notes: tuple[str, ...]
    fields: tuple[Row, ...]
    suppressed: str
    open: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one kind."""

    kind: str
    told: str
    changes: tuple[PageChange, ...]


def groups_of(plan: Plan) -> tuple[Group, ...]:
    """Arrange the changes of a plan that do something."""
    few = len(plan.pending) < _OPEN_BELOW
    marked = attributed(plan)
    return tuple(
        Group(kind, count(len(changes), "change"), tuple(_change(one, few=few, marked=marked) for one in changes))
        for kind, changes in by_kind(plan.pending).items()
    )


def _change(change: Change, *, few: bool, marked: bool) -> PageChange:
    marks = tuple(_marks(change, marked=marked))
    return PageChange(
        action=change.action.value,
        symbol="−" if change.action is Action.DELETE else SYMBOLS[change.action],
        word=LEGEND[change.action],
        name=change.name,
        was=change.previous_address,
        id=change.id,
        told=f"{change.address} {WILL[change.action]}",
        reason=change.reason,
        where=str(change.position) if change.position else "",
        marks=marks,
        pills=tuple(Pill(mark, mark) for mark in marks),
        blocks=change.blocks,
        notes=change.notes,
        fields=tuple(rows_of(change, marked=marked and change.action is Action.UPDATE)),
        suppressed=suppressed_line([change]),
        open=few or "conflict" in marks or "blocked" in marks,
    )


def _marks(change: Change, *, marked: bool) -> Iterator[str]:
    if change.blocks:
        yield "blocked"
    if not marked:
        return
    found = {field.attribution for field in change.fields}
    found |= {own} if not found and (own := attribution_of(change)) else set()
    yield from (mark.value for mark in GRAVEST if mark in found)

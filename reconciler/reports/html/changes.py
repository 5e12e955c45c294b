"""The changes of one environment, grouped by kind, as the page shows them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.change import SYMBOLS, Action, Attribution, Block, Change
from reconciler.model.plan import Plan
from reconciler.reports.html.fields import Pill, Row, rows_of
from reconciler.reports.wording import GRAVEST, LEGEND, WILL, attributed, attribution_of, by_kind, suppressed_line
from reconciler.strings import count

_OPEN_BELOW = 6
"""A plan of fewer changes opens them all; a longer one opens none, blocked ones and conflicts apart."""


MOST = 20_000
"""Changes on one page; a browser opens so many in a few seconds. What is grave is shown beyond it."""


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


def kept(plans: Sequence[Plan], most: int = MOST) -> list[list[Change]]:
    """Return the changes of each plan that the page shows: what is grave always, of the rest as many as it can hold."""
    pending = [plan.pending for plan in plans]
    room = most - sum(1 for changes in pending for one in changes if _grave(one))
    shown = []
    for changes in pending:
        light = [one for one in changes if not _grave(one)]
        left_out = {id(one) for one in light[max(0, room) :]}
        room -= len(light)
        shown.append([one for one in changes if id(one) not in left_out])
    return shown


def _grave(change: Change) -> bool:
    conflict = any(field.attribution is Attribution.CONFLICT for field in change.fields)
    return change.action is Action.DELETE or change.blocked or conflict


def groups_of(plan: Plan, shown: Sequence[Change]) -> tuple[Group, ...]:
    """Arrange those changes of a plan that the page shows."""
    few = len(shown) < _OPEN_BELOW
    marked = attributed(plan)
    return tuple(
        Group(kind, count(len(changes), "change"), tuple(_change(one, few=few, marked=marked) for one in changes))
        for kind, changes in by_kind(shown).items()
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

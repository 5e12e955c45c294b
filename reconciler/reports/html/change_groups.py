"""The changes of one environment, grouped by kind, as the page shows them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.lookalikes import apart
from reconciler.model.change import (
    SEVERITY_ORDER,
    SYMBOLS,
    Action,
    Attribution,
    Change,
    FieldChange,
    FieldOp,
    GuardViolation,
    NoValue,
    Value,
)
from reconciler.model.plan import Plan
from reconciler.model.report import ReportOptions
from reconciler.reports.object_content import object_content
from reconciler.reports.value_format import (
    differs_in_blanks,
    format_value,
    has_words,
    is_long,
    spell_sides,
)
from reconciler.reports.word_diff import DiffSide, compare
from reconciler.reports.wording import (
    ACTION_PHRASES,
    LEGEND,
    GuardGroup,
    accept_command,
    accepting_environment,
    attributed,
    attribution_of,
    by_kind,
    origin,
    own_blocks,
    shared_guards,
    suppressed_line,
)
from reconciler.strings import count

_STEPS = late_pattern(r"[.\[]?[^.\[]+|[.\[]")
"""Steps of a path, between which a long one may wrap."""

_MOST_VALUE = 20_000
_MOST_LOST = 200
"""Most values of a destroyed object that are listed."""


@dataclass(frozen=True, slots=True)
class Text:
    """Part of a value, marked where it differs from the other side."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Pill:
    """A small label and the style of its colour."""

    label: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Field row: its path, both sides, and the notes below its path."""

    path: tuple[str, ...]
    old: tuple[Text, ...]
    new: tuple[Text, ...]
    old_style: str
    new_style: str
    pills: tuple[Pill, ...] = ()
    under: str = ""
    accepts: str = ""


def _row(field: FieldChange, *, marked: bool) -> Row:
    old, new = _sides(field)
    return Row(
        path=tuple(_STEPS.findall(field.path)) or ("(all)",),
        old=old,
        new=new,
        old_style=_style(field.before, "old"),
        new_style=_style(field.after, "new"),
        pills=(Pill(field.attribution.value, field.attribution.value),) if marked else (),
        under=_under(field),
    )


def _sides(field: FieldChange) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    if not has_words(field):
        before, after = apart(_plain(field.before), _plain(field.after))
        return (Text(before),), (Text(after),)
    pieces = compare(*apart(str(field.before)[:_MOST_VALUE], str(field.after)[:_MOST_VALUE]))
    old = tuple(
        Text(_ends(one.text, one.side), one.side is DiffSide.OLD) for one in pieces if one.side is not DiffSide.NEW
    )
    new = tuple(
        Text(_ends(one.text, one.side), one.side is DiffSide.NEW) for one in pieces if one.side is not DiffSide.OLD
    )
    return old, new


def _ends(text: str, side: DiffSide) -> str:
    """Show an added or removed newline as a sign, which would otherwise be invisible."""
    return text if side is DiffSide.SAME else text.replace("\n", "↵\n")


def _plain(value: Value) -> str:
    return str(value)[:_MOST_VALUE] if is_long(value) else format_value(value, _MOST_VALUE)


def _style(value: Value, side: str) -> str:
    return "gone" if isinstance(value, NoValue) else side


def _under(field: FieldChange) -> str:
    parts = [origin(field)] if origin(field) else []
    if field.attribution is Attribution.CONFLICT and field.base is not NoValue.ABSENT:
        parts.append(f"both changed from {spell_sides(field.base, field.before, 200)[0]}")
    if differs_in_blanks(field):
        parts.append("only blanks differ")
    return " · ".join(parts)


_OPEN_BELOW = 6
"""Number of changes below which all are expanded; in a longer plan only blocked ones and conflicts are."""


MOST = 20_000
"""Most changes of one page, for the browser's sake; severe ones are shown beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageChange:
    """One change: its summary line and its details."""

    action: str
    symbol: str
    word: str
    name: str
    was: str
    id: str
    description: str
    reason: str
    where: str
    marks: tuple[str, ...]
    pills: tuple[Pill, ...]
    blocks: tuple[GuardViolation, ...]
    notes: tuple[str, ...]
    fields: tuple[Row, ...]
    defaults: str
    suppressed: str
    open: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one kind."""

    kind: str
    description: str
    changes: tuple[PageChange, ...]


def kept(plans: Sequence[Plan], most: int = MOST) -> list[list[Change]]:
    """Return the changes of each plan on the page: severe ones always, of the rest as many as fit."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How the changes of one plan are laid out: few are open, guards of several changes are in the notes."""

    few: bool
    marked: bool
    options: ReportOptions
    environment: str
    guards: Sequence[GuardGroup]


def groups_of(plan: Plan, shown: Sequence[Change], options: ReportOptions) -> tuple[Group, ...]:
    """Group the changes of a plan for the page."""
    layout = _Layout(
        few=len(shown) < _OPEN_BELOW,
        marked=attributed(plan),
        options=options,
        environment=accepting_environment(plan),
        guards=shared_guards(plan),
    )
    return tuple(
        Group(kind, count(len(changes), "change"), tuple(_change(one, layout) for one in changes))
        for kind, changes in by_kind(shown).items()
    )


def _change(change: Change, layout: _Layout) -> PageChange:
    marks = tuple(_marks(change, marked=layout.marked))
    content = object_content(change, defaults=layout.options.show_defaults)
    lost = change.action is Action.DELETE
    whole = content.fields(FieldOp.REMOVE)[:_MOST_LOST] if lost else content.fields(FieldOp.ADD)
    marked = layout.marked and change.action is Action.UPDATE
    return PageChange(
        action=change.action.value,
        symbol="−" if change.action is Action.DELETE else SYMBOLS[change.action],
        word=LEGEND[change.action],
        name=change.name,
        was=change.previous_address,
        id=change.id,
        description=f"{change.address} {ACTION_PHRASES[change.action]}",
        reason=change.reason,
        where=str(change.position) if change.position else "",
        marks=marks,
        pills=tuple(Pill(mark, mark) for mark in marks),
        blocks=own_blocks(change, layout.guards),
        notes=change.notes,
        fields=tuple(
            replace(_row(field, marked=marked), accepts=accept_command(layout.environment, change, field))
            for field in change.fields or whole
        ),
        defaults="" if change.fields else content.note,
        suppressed=suppressed_line([change], details=layout.options.details),
        open=layout.few or "conflict" in marks or "blocked" in marks,
    )


def _marks(change: Change, *, marked: bool) -> Iterator[str]:
    if change.blocks:
        yield "blocked"
    if not marked:
        return
    found = {field.attribution for field in change.fields}
    found |= {own} if not found and (own := attribution_of(change)) else set()
    yield from (mark.value for mark in SEVERITY_ORDER if mark in found)

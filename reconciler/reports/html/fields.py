"""The rows of a change's table: what is live beside what the manifest says, differing words marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.lookalikes import apart
from reconciler.model.change import Action, Attribution, Change, FieldChange, FieldOp, Missing, Value
from reconciler.reports.values import differs_in_blanks, has_words, is_long, leaves, leaves_after, spell, spell_sides
from reconciler.reports.wording import origin
from reconciler.reports.words import Side, compare

_STEPS = re.compile(r"[.\[]?[^.\[]+|[.\[]")
"""The steps of a path: where a long one may break."""

_MOST_VALUE = 20_000
_MOST_LOST = 200


@dataclass(frozen=True, slots=True)
class Text:
    """A run of a value, marked where it differs from the other side."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Pill:
    """A small label and the style of its colour."""

    label: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One field: its path, both sides, and what is said under its path."""

    path: tuple[str, ...]
    old: tuple[Text, ...]
    new: tuple[Text, ...]
    old_style: str
    new_style: str
    pills: tuple[Pill, ...] = ()
    under: str = ""


def rows_of(change: Change, *, marked: bool) -> list[Row]:
    """Return a row for each field; a create or delete without fields shows its whole object."""
    return [_row(field, marked=marked) for field in change.fields or _whole(change)]


def _whole(change: Change) -> Sequence[FieldChange]:
    if change.action is Action.DELETE:
        found = leaves(change.before) if change.before else ()
        lost = [FieldChange(path=path, op=FieldOp.REMOVE, before=value) for path, value in found]
        return lost[:_MOST_LOST]
    return [FieldChange(path=path, op=FieldOp.ADD, after=value) for path, value in leaves_after(change)]


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
    old = tuple(Text(_ends(one.text, one.side), one.side is Side.OLD) for one in pieces if one.side is not Side.NEW)
    new = tuple(Text(_ends(one.text, one.side), one.side is Side.NEW) for one in pieces if one.side is not Side.OLD)
    return old, new


def _ends(text: str, side: Side) -> str:
    """A newline that is added or removed shows as a sign, else its going could not be seen."""
    return text if side is Side.SAME else text.replace("\n", "↵\n")


def _plain(value: Value) -> str:
    return str(value)[:_MOST_VALUE] if is_long(value) else spell(value, _MOST_VALUE)


def _style(value: Value, side: str) -> str:
    return "gone" if isinstance(value, Missing) else side


def _under(field: FieldChange) -> str:
    parts = [origin(field)] if origin(field) else []
    if field.attribution is Attribution.CONFLICT and field.base is not Missing.ABSENT:
        parts.append(f"both moved from {spell_sides(field.base, field.before, 200)[0]}")
    if differs_in_blanks(field):
        parts.append("only blanks differ")
    return " · ".join(parts)

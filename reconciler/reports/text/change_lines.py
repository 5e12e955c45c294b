"""One change as text: its heading, its fields, its guard violations."""

from collections.abc import Iterator

from reconciler.lookalikes import apart
from reconciler.model.change import SYMBOLS, Action, Attribution, Change, FieldChange, FieldOp, NoValue
from reconciler.reports.escaping import block, escape_line
from reconciler.reports.object_content import object_content
from reconciler.reports.text.style import ACTION_STYLE, MARK_STYLE, PlanView, Style
from reconciler.reports.value_format import LONG, format_value, has_words, spell_sides
from reconciler.reports.word_diff import DiffPiece, DiffSide, compare, elided, only_blanks_differ
from reconciler.reports.wording import ACTION_PHRASES, accept_command, origin, own_blocks, suppressed_line
from reconciler.strings import display_width, pad

_OP_SYMBOL = {FieldOp.ADD: "+", FieldOp.REMOVE: "-", FieldOp.REPLACE: "~", FieldOp.MOVE: ">"}
_OP_STYLE = {FieldOp.ADD: "add", FieldOp.REMOVE: "remove", FieldOp.REPLACE: "change", FieldOp.MOVE: "note"}
_WIDEST_PATH = 56
_MOST_VALUE = 400
_MOST_LOST = 60
"""Most values of a destroyed object that are listed; the others are counted."""

_MOST_BLANKS, _MOST_BLANK_TEXT = 9, 400
"""Most pieces, and most characters, of a text whose sides differ in blanks only and that is still shown."""


def change_lines(change: Change, view: PlanView) -> Iterator[str]:
    """Render one change."""
    style = view.style
    yield from _head(change, view)
    if change.fields and change.action is not Action.DELETE:
        yield from _fields(change, view)
    else:
        yield from _whole(change, view)
    hidden = suppressed_line([change], details=view.details)
    if hidden:
        yield style("quiet", f"      # ({hidden})")
    yield from _remarks(change, view)


def _head(change: Change, view: PlanView) -> Iterator[str]:
    style = view.style
    shared = " (blocked, see below)" if len(own_blocks(change, view.guards)) < len(change.blocks) else ""
    yield style("strong", f"  # {escape_line(change.address)} {ACTION_PHRASES[change.action]}{shared}")
    if change.previous_address:
        yield style("quiet", f"  # (was {escape_line(change.previous_address)})")
    if change.reason:
        yield style("quiet", f"  # ({escape_line(change.reason)})")
    if change.position:
        yield style("quiet", f"  # {escape_line(str(change.position))}")
    symbol = style(ACTION_STYLE[change.action], SYMBOLS[change.action])
    known = style("quiet", f" [id={escape_line(change.id)}]") if change.id else ""
    yield f"  {symbol} {escape_line(change.kind)} {format_value(change.name)}{known}"


def _whole(change: Change, view: PlanView) -> Iterator[str]:
    """Render the content of a new object, or of one that is destroyed."""
    lost = change.action is Action.DELETE
    content = object_content(change, defaults=view.show_defaults)
    found = content.values[:_MOST_LOST] if lost else content.values
    symbol = view.style("remove", "-") if lost else view.style("add", "+")
    width = min(max((display_width(escape_line(path)) for path, _ in found), default=0), _WIDEST_PATH)
    for path, value in found:
        yield f"      {symbol} {pad(escape_line(path), width)} = {format_value(value, LONG if lost else _MOST_VALUE)}"
    if len(content.values) > len(found):
        yield view.style("quiet", f"      # (and {len(content.values) - len(found):,} more values)")
    if content.note:
        yield view.style("quiet", f"      # ({content.note}; --show-defaults)")


def _fields(change: Change, view: PlanView) -> Iterator[str]:
    style = view.style
    width = min(max(display_width(escape_line(field.path)) for field in change.fields), _WIDEST_PATH)
    for field in change.fields:
        yield from _field(field, width, style, create=change.action is Action.CREATE, marked=view.marked)
        accepts = accept_command(view.environment, change, field)
        if accepts:
            yield style("quiet", f"          # accept what is live: {accepts}")
        elif field.accept_refusal and view.environment:
            yield style("quiet", f"          # to accept what is live, edit it: {escape_line(field.accept_refusal)}")


def _field(field: FieldChange, width: int, style: Style, *, create: bool, marked: bool) -> Iterator[str]:
    symbol = style(_OP_STYLE[field.op], _OP_SYMBOL[field.op])
    tail = _tail(field, style, marked=marked)
    path = pad(escape_line(field.path), width)
    if has_words(field) and field.op is not FieldOp.MOVE:
        yield f"      {symbol} {path}{tail}"
        yield from _words(str(field.before), str(field.after), style)
    elif create and field.before is NoValue.ABSENT:
        yield f"      {symbol} {path} = {format_value(field.after, _MOST_VALUE)}{tail}"
    else:
        yield f"      {symbol} {path} {_sides(field, style)}{tail}"
    if field.base is not NoValue.ABSENT and field.attribution is Attribution.CONFLICT:
        yield style("quiet", f"          # both changed from {spell_sides(field.base, field.before, _MOST_VALUE)[0]}")


def _sides(field: FieldChange, style: Style) -> str:
    arrow = style("quiet", "->")
    if field.op is FieldOp.ADD and field.before is NoValue.ABSENT:
        return f"= {format_value(field.after, _MOST_VALUE)}"
    before, after = spell_sides(field.before, field.after, _MOST_VALUE)
    return f"= {before} {arrow} {'null' if field.after is NoValue.ABSENT else after}"


def _tail(field: FieldChange, style: Style, *, marked: bool) -> str:
    mark = style(MARK_STYLE[field.attribution], f"  [{field.attribution.value}]") if marked else ""
    told = escape_line(origin(field))
    return mark + (style("quiet", f"  # {told}") if told else "")


def _words(old: str, new: str, style: Style) -> Iterator[str]:
    pieces = compare(*apart(old, new))
    if only_blanks_differ(old, new):
        yield style("quiet", "          (only blanks differ)")
        if len(pieces) > _MOST_BLANKS or max(map(len, (old, new))) > _MOST_BLANK_TEXT:
            return
    last = len(pieces) - 1
    shown = "".join(
        _piece(piece, elided(piece, first=index == 0, last=index == last), style) for index, piece in enumerate(pieces)
    )
    yield from (f"          {part}" for part in shown.split("\n"))


def _piece(piece: DiffPiece, text: str, style: Style) -> str:
    for mark in ("[-", "-]", "{+", "+}"):  # data must not look like the format's own marks
        text = text.replace(mark, f"{mark[0]}\\{mark[1]}")
    if piece.side is DiffSide.SAME:
        return style("quiet", block(text)) if "\n" not in text else block(text)
    opened, closed, name = ("[-", "-]", "removed") if piece.side is DiffSide.OLD else ("{+", "+}", "added")
    return "\n".join(style(name, part) for part in (opened + _ends(text) + closed).split("\n"))


def _ends(text: str) -> str:
    """Format a changed piece; a newline in it is shown as a sign too, which would otherwise be invisible."""
    return block(text).replace("\n", "\\n\n")


def _remarks(change: Change, view: PlanView) -> Iterator[str]:
    for note in change.notes:
        yield view.style("change", f"      # warning: {escape_line(note)}")
    for one in own_blocks(change, view.guards):
        yield view.style("alarm", f"      ! blocked by {escape_line(one.code)}: {escape_line(one.message)}")
        if one.allow:
            yield f"        to allow it at apply: {escape_line(one.allow)}"

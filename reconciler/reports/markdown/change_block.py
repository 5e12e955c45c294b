"""One change in Markdown: a folded block with a table of fields, long texts as fenced diffs below it."""

from collections.abc import Iterator, Sequence
from difflib import ndiff

from reconciler.lookalikes import apart
from reconciler.model.change import SYMBOLS, Action, Change, FieldChange, FieldOp, NoValue, Value
from reconciler.redaction import is_redacted
from reconciler.reports.escaping import fenced, span, summary
from reconciler.reports.markdown.size_budget import MOST_VALUE, DetailLevel
from reconciler.reports.object_content import object_content
from reconciler.reports.value_format import differs_in_blanks, format_value, is_long, spell_sides
from reconciler.reports.wording import accept_command, origin
from reconciler.strings import count, is_command

_MOST_DIFF_LINES = 400


def change_block(
    change: Change,
    fields: Sequence[FieldChange],
    level: DetailLevel,
    environment: str = "",
    *,
    show_defaults: bool = False,
) -> Iterator[str]:
    """Render a change, or its fields of one section, in the detail of the level."""
    if level >= DetailLevel.NAMES:
        yield f"- {_title(change)}"
    elif level >= DetailLevel.FIELDS:
        yield f"- {_title(change)}: {', '.join(span(field.path) for field in fields) or _size(change)}"
    else:
        yield "<details>"
        yield f"<summary>{_summary(change, fields)}</summary>"
        yield ""
        content = object_content(change, defaults=show_defaults)
        yield from _fields(fields or content.fields(FieldOp.ADD), MOST_VALUE[level])
        if content.note and not fields:
            yield f"_{content.note}_"
            yield ""
        accepts = [command for field in fields if (command := accept_command(environment, change, field))]
        if accepts:
            yield "To accept what is live:"
            yield ""
            yield fenced("\n".join(accepts), "sh")
            yield ""
        yield "</details>"
        yield ""


def _title(change: Change) -> str:
    where = f" ({span(str(change.position))})" if change.position else ""
    was = f" (was {span(change.previous_address)})" if change.previous_address else ""
    return f"{_word(change)} {span(change.address)}{was}{where}"


def _word(change: Change) -> str:
    return {Action.CREATE: "**create**", Action.UPDATE: "**update**"}.get(change.action, "**destroy**")


def _summary(change: Change, fields: Sequence[FieldChange]) -> str:
    where = f" · <code>{summary(str(change.position))}</code>" if change.position else ""
    was = f" · was <code>{summary(change.previous_address)}</code>" if change.previous_address else ""
    size = count(len(fields), "field") if fields else _size(change)
    symbol = SYMBOLS[change.action]
    return f"<b>{symbol}</b> <code>{summary(change.address)}</code> · {size}{was}{where}"


def _size(change: Change) -> str:
    return count(len(object_content(change, defaults=False).values), "field")


def _fields(fields: Sequence[FieldChange], most: int) -> Iterator[str]:
    short = [field for field in fields if not _wants_block(field)]
    if short:
        yield "| | Field | Live | Manifest | Where |"
        yield "|---|---|---|---|---|"
        yield from (_row(field, most) for field in short)
        yield ""
    for field in fields:
        if _wants_block(field):
            blanks = " (only blanks differ)" if differs_in_blanks(field) else ""
            yield f"{field.op.value} {span(field.path)}{_where(field)}{blanks}"
            yield ""
            yield fenced(_diff(field.before, field.after, most), "diff")
            yield ""


def _wants_block(field: FieldChange) -> bool:
    return is_long(field.before) or is_long(field.after)


def _row(field: FieldChange, most: int) -> str:
    before, after = map(span, spell_sides(field.before, field.after, most))
    return f"| {field.op.value} | {span(field.path)} | {before} | {after} |{_where(field)} |"


def _where(field: FieldChange) -> str:
    told = origin(field)
    return f" {span(told)}" if told else ""


def _diff(before: Value, after: Value, most: int) -> str:
    old, new = _lines(before, most), _lines(after, most)
    if old and new:
        old, new = (text.split("\n") for text in apart("\n".join(old), "\n".join(new)))
    if len(old) + len(new) > _MOST_DIFF_LINES:
        return "\n".join([*(f"- {one}" for one in old), *(f"+ {one}" for one in new)])
    return "\n".join(_guttered(one) for one in ndiff(old, new) if not one.startswith("?"))


def _guttered(line: str) -> str:
    """Mark an unchanged line that is a command to a CI runner after blanks; the text beside the mark is unchanged."""
    return f"| {line[2:]}" if is_command(line) else line


def _lines(value: Value, most: int) -> list[str]:
    if value is NoValue.ABSENT:
        return []
    if not isinstance(value, str) or is_redacted(value):
        return [format_value(value, most)]
    cut = value if len(value) <= most else value[: most - 1] + "…"
    return cut.split("\n")

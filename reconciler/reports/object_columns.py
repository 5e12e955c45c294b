"""Columns of a list of live objects: what each shows, and by which value it sorts."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from reconciler.errors import UsageError
from reconciler.kinds.base.kind import Kind, TableColumn
from reconciler.late_methods import dataclass
from reconciler.model.field_path import WILD, parse
from reconciler.model.json_types import Json
from reconciler.model.listed_object import ListedObject
from reconciler.reports.value_format import format_value
from reconciler.semantics.equality import is_empty
from reconciler.strings import did_you_mean
from reconciler.timestamps import parse_rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectColumn:
    """TableColumn with its word on the command line, its heading, and its text for an object at a time.

    `value` is what it sorts by. `wide` columns appear on request only.
    """

    word: str
    title: str
    text: Callable[[ListedObject, datetime], str]
    value: Callable[[ListedObject], Json]
    wide: bool = False


def columns_of(kind: Kind) -> tuple[ObjectColumn, ...]:
    """Return all columns of a kind that have a word: identity, those of its table, and where it is declared."""
    ends = [kind.updated_field] if kind.updated_field in kind.top_fields else []
    return (
        _plain("environment", "Environment", lambda one: one.environment, wide=True),
        _plain("name", "Name", lambda one: one.name),
        _plain("id", "Id", lambda one: one.id, wide=True),
        *(_of_kind(column) for column in kind.table_columns),
        _plain("managed", "Managed", _managed, wide=True),
        _plain("owner", "Owner", lambda one: one.owner, wide=True),
        _plain("declared", "Declared", _declared),
        *(_plain("updated", "Updated", partial(_field, (name,))) for name in ends),
        _plain("note", "Note", lambda one: one.foreign, wide=True),
    )


def select_columns(kind: Kind, words: Sequence[str], *, wide: bool, several: bool) -> tuple[ObjectColumn, ...]:
    """Return the columns of a table: those that words name, else the usual ones.

    Where there are several environments, they have a column. A word is a column's or the path of a field (`room_id`,
    `error_info.error_msg`). Raises UsageError.
    """
    if words:
        return tuple(column_called(kind, word) for word in words)
    return tuple(
        column for column in columns_of(kind) if (several if column.word == "environment" else wide or not column.wide)
    )


def column_called(kind: Kind, word: str) -> ObjectColumn:
    """Return a column by its word, or one of a field by its path. Raises UsageError (E_COLUMN)."""
    known = {column.word: column for column in columns_of(kind)}
    if word.casefold() in known:
        return known[word.casefold()]
    try:
        path = parse(word)
    except ValueError:
        path = ()
    if not path or path[0] not in kind.top_fields:
        fields = ", ".join(name for name, field in kind.top_fields.items() if field.in_list)
        hint = did_you_mean(word, (*known, *kind.top_fields), f"there are {', '.join(known)}, and fields: {fields}")
        raise UsageError(f"{kind.plural_word} have no column {word!r}", code="E_COLUMN", hint=hint)
    return _plain(word, word, partial(_field, path))


def sorted_objects(objects: Iterable[ListedObject], column: ObjectColumn, *, descending: bool) -> list[ListedObject]:
    """Return objects in the order of a column; those without a value come last, whatever the direction."""
    everything = list(objects)
    valued = [one for one in everything if not is_empty(column.value(one))]
    rest = [one for one in everything if is_empty(column.value(one))]
    return sorted(valued, key=lambda one: _rank(column.value(one)), reverse=descending) + rest


def _rank(value: Json) -> tuple[int, float, str]:
    if isinstance(value, (int, float)):
        return (0, float(value), "")
    moment = parse_rfc3339(value) if isinstance(value, str) else None
    if moment is not None:
        return (1, moment.timestamp(), "")
    text = value if isinstance(value, str) else format_value(value)
    return (2, 0.0, text.casefold())


def _plain(word: str, title: str, value: Callable[[ListedObject], Json], *, wide: bool = False) -> ObjectColumn:
    return ObjectColumn(word=word, title=title, text=lambda one, _now: _cell(value(one)), value=value, wide=wide)


def _of_kind(column: TableColumn) -> ObjectColumn:
    made = column.text

    def value(one: ListedObject) -> Json:
        if made is not None:
            return made(one.values)
        return "?" if column.field in one.hidden else one.values.get(column.field)

    def text(one: ListedObject, now: datetime) -> str:
        shown = _cell(value(one))
        since = next((one.values[name] for name in column.since if one.values.get(name)), None)
        return f"{shown}, {age(str(since), now)}" if shown and since is not None else shown

    word = column.title.casefold().replace(" ", "-")
    return ObjectColumn(word=word, title=column.title, text=text, value=value, wide=column.wide)


def _cell(value: Json) -> str:
    """Return a value as the text of a cell: a text as it is, absent as nothing, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else format_value(value)


def _managed(one: ListedObject) -> Json:
    return {True: "yes", False: "no", None: "?"}[one.managed]


def _declared(one: ListedObject) -> Json:
    return f"{one.declared.file}:{one.declared.line}" if one.declared else ""


def _field(path: Sequence[str], one: ListedObject) -> Json:
    if path[0] in one.hidden:
        return "?"
    found: list[Json] = [one.values]
    for step in path:
        found = [inner for value in found for inner in _below(value, step)]
    return found[0] if WILD not in path and found else ", ".join(map(_cell, found)) or None


def _below(value: Json, step: str) -> list[Json]:
    if isinstance(value, list):
        if step == WILD:
            return value
        at = step.strip("[]")
        return value[int(at) : int(at) + 1] if at.isdecimal() else []
    return [value[step]] if isinstance(value, dict) and step in value else []


_UNITS = ((86_400, "d", 2), (3_600, "h", 1), (60, "min", 1))


def age(time: str, now: datetime) -> str:
    """Return how long ago a time was, in its largest whole unit; a time that is not past is returned.

    >>> from datetime import UTC
    >>> age("2026-01-01T00:00:00Z", datetime(2026, 1, 1, 5, 30, tzinfo=UTC))
    '5 h ago'
    """
    moment = parse_rfc3339(time)
    seconds = -1.0 if moment is None else (now - moment).total_seconds()
    if seconds < 0:
        return time
    for size, unit, least in _UNITS:
        if seconds >= size * least:
            return f"{int(seconds // size):,} {unit} ago"
    return f"{int(seconds)} s ago"

"""Values for human readers: JSON on one line, with words for absent values."""

from collections.abc import Mapping

from reconciler.lookalikes import apart
from reconciler.model.change import FieldChange, NoValue, Value
from reconciler.redaction import is_redacted
from reconciler.reports.escaping import escape_line
from reconciler.reports.word_diff import only_blanks_differ
from reconciler.strings import quoted

LONG = 48
"""Characters from which a text has lines of its own."""

_WORDS = {
    NoValue.ABSENT: "(not set)",
    NoValue.UNKNOWN: "(known after apply)",
    NoValue.HIDDEN: "(unknown: not read)",
}


def format_value(value: Value, most: int = 0) -> str:
    """Format a value on one line, safe for a terminal; `most` limits its characters (0: no limit)."""
    return _bounded(_spell(value), most)


def spell_sides(before: Value, after: Value, most: int = 0) -> tuple[str, str]:
    """Format both sides of a difference, with escapes where they differ but look the same."""
    first, second = apart(format_value(before, most), format_value(after, most))
    return _bounded(first, most), _bounded(second, most)


def _bounded(text: str, most: int) -> str:
    return text if not most or len(text) <= most else text[: most - 1] + "…"


def _spell(value: Value) -> str:
    if isinstance(value, NoValue):
        return _WORDS[value]
    if is_redacted(value):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{escape_line(str(key))}: {_spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_spell(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return escape_line(str(value))


def is_long(value: Value) -> bool:
    """Whether a value needs lines of its own."""
    return isinstance(value, str) and (len(value) > LONG or "\n" in value)


def has_words(field: FieldChange) -> bool:
    """Whether both sides are texts long enough for a word-level difference."""
    before, after = field.before, field.after
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    return not (is_redacted(before) or is_redacted(after)) and (is_long(before) or is_long(after))


def differs_in_blanks(field: FieldChange) -> bool:
    """Tell whether both sides are long texts that differ in blanks and line breaks only."""
    return has_words(field) and only_blanks_differ(str(field.before), str(field.after))

"""Lines of plain block YAML: one key or one list item each, with a value that ends on its line.

A line is read here only where every parser agrees on it: a key that is an identifier, and a plain text without `: `,
` #` and an indicator in front, a quoted text without escapes, or brackets with such texts; a comment may follow. All
others are libyaml's.
"""

import re
from typing import NamedTuple

from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml.mapping_keys import is_plain_key
from reconciler.manifest.yaml.scalars import is_doubtful, plain_value
from reconciler.model.json_types import Json

LONGEST = 1_000
"""Most characters of a line that is read here; libyaml looks for the colon of a key as far."""
DEEPEST = 8
"""Most brackets inside each other in such a line."""

_KEY = r"[A-Za-z_][A-Za-z0-9_]*+"
_QUOTED = r""" "[^"\\]*+" | '(?:[^']|'')*+' """
_PLAIN = (
    r"""(?:[^\ \-?:,\[\]{}\#&*!|>'"%@`]|-(?=[0-9A-Za-z]))(?:[^\ :\#]++|:(?=[^\ ])|(?<=[^\ ])\#|\ ++(?=[^\ \#:]))*+"""
)
_WORDS = r"-?[0-9]++ | [\w./][\w./'-]*+(?:\ ++[\w./][\w./'-]*+)*+"
_COMMENT = r"(?:(?<=\ )\#.*+)?"
_LINE = late_pattern(
    rf"""(?P<margin>\ *+) (?P<dash>-\ ++)? (?:(?P<key>{_KEY}):(?:\ ++|\Z))?
         (?: (?P<text>{_QUOTED}|{_PLAIN})\ *+ | (?P<bracket>[\[{{].*+) )? {_COMMENT} \Z""",
    re.VERBOSE,
)
_PLAIN_TEXT = late_pattern(_PLAIN, re.VERBOSE)
_ENTRY = late_pattern(
    rf"\ *+ (?:(?P<key>{_KEY}):\ ++)? (?:(?P<text>{_QUOTED}|{_WORDS})|(?P<bracket>[\[{{]))", re.VERBOSE
)
_END = late_pattern(r"\ *+([,\]}])")
_CLOSED = late_pattern(r"\ *+[\]}]")
_REST = late_pattern(rf"\ *+ {_COMMENT}", re.VERBOSE)


class NoText:
    """Value of a key whose line ends behind its colon: what the next lines hold, or null."""


NO_TEXT = NoText()


class BlockLine(NamedTuple):
    """One line. `column` is that of its dash, else of its key; `item` that of what follows the dash, -1 without one.

    `key` is None for an item that is not a mapping. `columns` are those of the nodes written in it (of a key without a
    text also that of the null), and `events` is the most events that it stands for.
    """

    column: int
    item: int
    key: str | None
    value: Json | NoText
    columns: tuple[int, ...]
    events: int


BLANK = BlockLine(-1, -1, None, None, (), 0)
"""Line that is empty, or a comment."""


def plain_span(line: str) -> tuple[int, int] | None:
    """Return where the plain text of a line that is read here begins and ends; None for one without."""
    found = _LINE.match(line)
    return found.span("text") if found and found["text"] and found["text"][0] not in "\"'" else None


class _NotReadError(ValueError):
    """Raised for a line that is libyaml's."""


class BlockLines:
    """Reads lines. Equal texts of them are one object, and a key that was read before is looked up."""

    def __init__(self) -> None:
        self._texts: dict[str, Json] = {}
        self._heads: dict[str, BlockLine] = {}

    def read(self, line: str) -> BlockLine | None:
        """Return what a line says; None where only libyaml can read it."""
        if len(line) > LONGEST or not line.isprintable():
            return None
        head, _, text = line.partition(": ")
        known = self._heads.get(head)
        if known is not None and _PLAIN_TEXT.fullmatch(text) and not is_doubtful(text):
            column, item, key, _, columns, events = known
            return BlockLine(column, item, key, self._plain(text), columns, events)
        if line.lstrip(" ")[:1] in ("", "#"):
            return BLANK
        found = _LINE.match(line)
        try:
            return self._line(line, found) if found else None
        except _NotReadError:
            return None

    def _line(self, line: str, found: re.Match[str]) -> BlockLine:
        margin, dash, key, text, bracket = found.groups("")
        column, item = len(margin), found.end("dash") if dash else -1
        columns = []
        value: Json | NoText = NO_TEXT
        if key:
            self._key(key)
            columns.append(found.start("key"))
        elif not dash or not (text or bracket):
            raise _NotReadError
        if bracket:
            value, end = self._brackets(line, found.start("bracket"), columns, 1)
            if not _REST.fullmatch(line, end):
                raise _NotReadError
        elif text:
            value = self._value(text)
            columns.append(found.start("text"))
        else:
            columns.append(found.end("key") + 1)
        events = len(columns) * (2 if bracket else 1) + (not bracket and not text) + 2 * bool(dash and key)
        made = BlockLine(column, item, self._key(key) if key else None, value, tuple(columns), events)
        if key and text and columns[1] == found.end("key") + 2:
            self._heads[line[: found.end("key")]] = made
        return made

    def _key(self, text: str) -> str:
        if not is_plain_key(text):
            raise _NotReadError
        return str(self._texts.setdefault(text, text))

    def _value(self, text: str) -> Json:
        if text[0] == '"':
            text = text[1:-1]
        elif text[0] == "'":
            text = text[1:-1].replace("''", "'")
        elif is_doubtful(text):
            raise _NotReadError
        else:
            return self._plain(text)
        return self._texts.setdefault(text, text)

    def _plain(self, text: str) -> Json:
        value = plain_value(text)
        return self._texts.setdefault(text, text) if isinstance(value, str) else value

    def _brackets(self, line: str, at: int, columns: list[int], depth: int) -> tuple[Json, int]:
        """Read a mapping or list in brackets; return it and the offset behind it."""
        columns.append(at)
        closing = "}" if line[at] == "{" else "]"
        items: list[Json] = []
        keys: list[str] = []
        at += 1
        if empty := _CLOSED.match(line, at):
            if empty[0][-1] != closing:
                raise _NotReadError
            return ({} if closing == "}" else []), empty.end()
        end = None
        while end is None or end[1] == ",":
            entry = _ENTRY.match(line, at)
            if entry is None or (entry["key"] is None) is (closing == "}") or depth > DEEPEST:
                raise _NotReadError
            if entry["key"] is not None:
                columns.append(entry.start("key"))
                keys.append(self._key(entry["key"]))
            if entry["bracket"]:
                item, at = self._brackets(line, entry.start("bracket"), columns, depth + 1)
            else:
                columns.append(entry.start("text"))
                item, at = self._value(entry["text"]), entry.end()
            items.append(item)
            end = _END.match(line, at)
            if end is None:
                raise _NotReadError
            at = end.end()
        if end[1] != closing or len(set(keys)) < len(keys):
            raise _NotReadError
        return (dict(zip(keys, items, strict=True)) if keys else items), at

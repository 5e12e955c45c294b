"""Finds the value of one key in the text of a document of plain block YAML, without the positions of all others.

The text is one that block_reader.py reads: each line has one key or one item, and what is below it is further right. So
the next line with the margin of a mapping and with the key is the wanted one, unless a line further left ends the
mapping. A test compares the places with those that the positions of the whole document give.
"""

import re
from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from reconciler.manifest.yaml.block_lines import BLANK, BlockLine, NoText
from reconciler.manifest.yaml.document import Document, NodePlace, packed
from reconciler.model.json_types import Json

ReadLine = Callable[[str], BlockLine | None]
"""Returns what a line says; None for one that only a parser can read."""


class _LineAt(NamedTuple):
    """A line, and the offset of its start in the text."""

    start: int
    line: BlockLine


def find_value(text: str, keys: Sequence[str], read: ReadLine) -> NodePlace | None:
    """Return the line and column, counted from 1, of the value below these keys of one document; None without one."""
    inside = _next_line(text, text.find("\n") + 1 if text.startswith("---") else 0, read)
    for depth, key in enumerate(keys, 1):
        holder = _line_of(text, inside, key, read) if inside and inside.line.item < 0 else None
        if holder is None:
            return None
        start, line = holder
        inside = _next_line(text, _end(text, start) + 1, read) if isinstance(line.value, NoText) else None
        if inside and inside.line.column < line.column + (inside.line.item < 0):
            inside = None
        if inside is None:
            found = _in_line(line, keys[depth:])
            return (text.count("\n", 0, start) + 1, found + 1) if found is not None else None
    return (text.count("\n", 0, inside.start) + 1, inside.line.column + 1) if inside else None


def _line_of(text: str, first: _LineAt, key: str, read: ReadLine) -> _LineAt | None:
    """Return the line of a key in the mapping that begins with a line."""
    start, line = first
    while line.key != key or line.column != first.line.column:
        found = _wanted(key, first.line.column).search(text, start)
        if found is None or found[1] is None:
            return None
        start = found.start() + 1
        read_line = read(text[start : _end(text, start)])
        if read_line is None or read_line is BLANK:
            return None
        line = read_line
    return _LineAt(start, line)


@lru_cache(maxsize=256)
def _wanted(key: str, margin: int) -> re.Pattern[str]:
    """Return the pattern of the break before the line of a key (its group), or before one that ends the mapping."""
    ends = rf"|\n {{0,{margin - 1}}}[^ \n#]" if margin else ""
    return re.compile(rf"(\n {{{margin}}}{re.escape(key)}:){ends}")


def _in_line(line: BlockLine, keys: Sequence[str]) -> int | None:
    """Return the column of the value below these keys in the value of a line; None without one."""
    value: Json = None if isinstance(line.value, NoText) else line.value
    columns = array("Q", [packed(0, each) for each in line.columns[1:]])
    document = Document(value=value, source_marks=columns)
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return document.at(tuple(keys))[1] - 1


def _next_line(text: str, start: int, read: ReadLine) -> _LineAt | None:
    """Return the first line from `start` on that has a node."""
    while start < len(text):
        line = read(text[start : _end(text, start)])
        if line is not None and line is not BLANK:
            return _LineAt(start, line)
        start = _end(text, start) + 1
    return None


def _end(text: str, start: int) -> int:
    """Return the offset of the end of a line."""
    found = text.find("\n", start)
    return found if found >= 0 else len(text)

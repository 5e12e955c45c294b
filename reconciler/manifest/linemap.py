"""From a place in rendered text to the place in the template where it was written."""

import bisect
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from reconciler.manifest import marks
from reconciler.manifest.marking import Place
from reconciler.model.source import Position

_BREAK = re.compile(r"\r\n|\r|\n")


class LineMap:
    """Leads from rendered text to its template, through loops, includes, imports, macros, blocks and filters.

    `marked` is the text with its marks, `text` what was parsed. They are the same but for the marks, unless a template
    looked at text it had written in a way that marks disturb: then lines are paired, and the nearest line is named.
    """

    def __init__(self, file: str, marked: str, text: str, places: Sequence[Place]) -> None:
        self._file = file
        self._marked = marked
        self._text = text
        self._places = places
        self._offsets: list[int] = []
        self._numbers: list[int] = []
        self._starts: list[int] = []
        self._lines: dict[int, int] | None = None

    def at(self, line: int, column: int) -> Position:
        """Return the place in the template for a line and column of the rendered text, counted from 1."""
        found = self._find(line, column)
        if found is None:
            return self._first()
        place, beyond = found
        column = place.column if place.expression or beyond is None else place.column + beyond
        return Position(place.file, place.line, column)

    def place(self, line: int, column: int) -> Place | None:
        """Return the expression that wrote what stands there, or None where the template's own text stands."""
        found = self._find(line, column)
        return found[0] if found and found[0].expression else None

    def _first(self) -> Position:
        place = self._places[self._numbers[0]] if self._numbers else Place(self._file, 1, 1)
        return Position(place.file, place.line, place.column)

    def _find(self, line: int, column: int) -> tuple[Place, int | None] | None:
        """Return the place before a rendered position, and how far behind it on one line the position is."""
        if not self._starts:
            self._prepare()
        if self._lines is not None:
            line, column = self._lines.get(line, line), 1_000_000 if column > 1 else 1
        start = self._starts[min(line, len(self._starts)) - 1]
        following = self._starts[line] if line < len(self._starts) else len(self._text) + 1
        offset = min(start + column - 1, following - 1)
        index = bisect.bisect_right(self._offsets, offset) - 1
        if self._lines is not None or index < 0 or self._offsets[index] < start:
            index = self._on_line(start, following, index)
        if index < 0:
            return None
        beyond = offset - self._offsets[index]
        return self._places[self._numbers[index]], beyond if self._offsets[index] >= start and beyond >= 0 else None

    def _on_line(self, start: int, following: int, index: int) -> int:
        """Prefer a mark on the line itself, be it behind the position, to one of an earlier line."""
        first = bisect.bisect_left(self._offsets, start)
        return first if first < len(self._offsets) and self._offsets[first] < following else index

    def _prepare(self) -> None:
        """Work out where the marks stood, once somebody asks."""
        parts: list[str] = []
        position = length = 0
        for found in marks.MARK.finditer(self._marked):
            part = self._marked[position : found.start()]
            parts.append(part)
            length += len(part)
            position = found.end()
            if found[1] and marks.number(found[1]) < len(self._places):
                self._note(length, marks.number(found[1]))
        parts.append(self._marked[position:])
        text = "".join(parts)
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        if text != self._text:
            self._lines = _paired(self._text, text)

    def _note(self, offset: int, number: int) -> None:
        """Keep the last mark of an offset: the innermost place."""
        if self._offsets and self._offsets[-1] == offset:
            self._numbers[-1] = number
        else:
            self._offsets.append(offset)
            self._numbers.append(number)


def _paired(text: str, other: str) -> dict[int, int]:
    """Pair the lines of two texts that are nearly the same; each line of `text` gets the nearest of `other`."""
    found: dict[int, int] = {}
    matcher = SequenceMatcher(None, text.split("\n"), other.split("\n"), autojunk=False)
    for _tag, first, last, start, end in matcher.get_opcodes():
        for line in range(first, last):
            found[line + 1] = (min(start + line - first, max(end - 1, start)) if end > start else max(start - 1, 0)) + 1
    return found

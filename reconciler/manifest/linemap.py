"""From a place in rendered text to the place in the template where it was written."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from typing import NamedTuple

from reconciler.manifest import marks
from reconciler.manifest.marking import Place
from reconciler.model.source import Position

_BREAK = re.compile(r"\r\n|\r|\n")


class _Found(NamedTuple):
    """A mark on a line: the column it stands at, counted from 0 and without marks, and the place it names."""

    column: int
    place: Place


class LineMap:
    """Leads from rendered text to its template, through loops, includes, imports, macros, blocks and filters.

    `marked` is the text with its marks, `text` what was parsed. They are the same but for the marks, unless a template
    looked at text it had written in a way that marks disturb: then lines are paired, and the nearest line is named.
    Every line that is not blank has a mark of its own, so that only the lines asked for are looked at.
    """

    def __init__(self, file: str, marked: str, text: str, places: Sequence[Place], *, exact: bool = True) -> None:
        self._file = file
        self._marked = marked
        self._text = text
        self._places = places
        self.exact = exact

    def at(self, line: int, column: int) -> Position:
        """Return the place in the template for a line and column of the rendered text, counted from 1."""
        found, distance = self._find(line, column)
        if found is None:
            return Position(self._file, 1, 1)
        place = found.place
        beyond = 0 if place.expression or distance is None else distance
        return Position(place.file, place.line, place.column + beyond)

    def place(self, line: int, column: int) -> Place | None:
        """Return the expression that wrote what stands there, or None where the template's own text stands."""
        found, _distance = self._find(line, column)
        return found.place if found and found.place.expression else None

    def _find(self, line: int, column: int) -> tuple[_Found | None, int | None]:
        """Return the mark before a position, and how far behind it, on its own line, the position is."""
        if not self.exact:
            line, column = self._pairs.get(line, line), 1
        line = min(line, len(self._lines))
        here = list(self._on(line))
        before = [found for found in here if found.column < column]
        if before:
            return before[-1], column - 1 - before[-1].column
        if here:
            return here[0], None
        return next((list(self._on(above))[-1] for above in self._marked_above(line)), None), None

    def _marked_above(self, line: int) -> Iterator[int]:
        return (above for above in range(line - 1, 0, -1) if marks.NUMBER in self._lines[above - 1])

    def _on(self, line: int) -> Iterator[_Found]:
        """Yield the marks on a line; of several at one column the last counts: it is the innermost."""
        column = position = 0
        last: _Found | None = None
        text = self._lines[line - 1]
        for mark in marks.MARK.finditer(text):
            column += mark.start() - position
            position = mark.end()
            if mark[1] and marks.number(mark[1]) < len(self._places):
                if last is not None and last.column != column:
                    yield last
                last = _Found(column, self._places[marks.number(mark[1])])
        if last is not None:
            yield last

    @cached_property
    def _lines(self) -> list[str]:
        return _BREAK.split(self._marked) if "\r" in self._marked else self._marked.split("\n")

    @cached_property
    def _pairs(self) -> dict[int, int]:
        """The lines of the parsed text, each with the nearest line of the marked one."""
        found: dict[int, int] = {}
        others = [marks.unmarked(line) for line in self._lines]
        matcher = SequenceMatcher(None, _BREAK.split(self._text), others, autojunk=False)
        for _tag, first, last, start, end in matcher.get_opcodes():
            for line in range(first, last):
                found[line + 1] = max(min(start + line - first, end - 1), start - (end <= start), 0) + 1
        return found

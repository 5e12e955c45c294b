"""Maps a position in rendered text to the position in its template."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from typing import NamedTuple

from reconciler.late_patterns import late_pattern
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.marked_text import TemplateOrigin
from reconciler.manifest.text_lines import TextLines
from reconciler.model.source_map import Position

_BREAK = late_pattern(r"\r\n|\r|\n")
_COMPARED = 400
"""Most lines of texts that are compared line by line with every line, which takes quadratic time."""


class _OriginMark(NamedTuple):
    """Mark on a line: its column, counted from 0 and without marks, and its origin."""

    column: int
    place: TemplateOrigin


class RenderedSegment(NamedTuple):
    """Piece of rendered text with one origin: its offsets, up to the next mark."""

    start: int
    end: int
    place: TemplateOrigin


def _column(found: _OriginMark) -> int:
    return found.column


class LineMap:
    """Maps rendered text to its template, through loops, includes, imports, macros, blocks and filters.

    `marked` is the text with its marks, `text` what was parsed where that differs in more than the marks, because a
    template reads its own output in a way that marks change: then lines are paired, and the nearest line is returned.
    Every line that is not blank has a mark of its own, so that only requested lines are searched.
    """

    def __init__(self, file: str, marked: str, text: str | None, places: Sequence[TemplateOrigin]) -> None:
        self._file = file
        self._marked = marked
        self._text = text
        self._places = places
        self.exact = text is None
        self._known: dict[int, list[_OriginMark]] = {}

    def at(self, line: int, column: int) -> Position:
        """Return the template position of a line and column of the rendered text, counted from 1."""
        found, distance = self._find(line, column)
        if found is None:
            return Position(self._file, 1, 1)
        place = found.place
        beyond = 0 if place.expression or distance is None else distance
        return Position(place.file, place.line, place.column + beyond)

    def origin_at(self, line: int, column: int) -> TemplateOrigin | None:
        """Return the expression that wrote the text at a position, or None for the template's own text."""
        found, _distance = self._find(line, column)
        return found.place if found and found.place.expression else None

    def expressions(self, start: tuple[int, int], end: tuple[int, int]) -> Iterator[TemplateOrigin]:
        """Yield the expressions that wrote the text between two places, in its order; the end is not part of it."""
        first = self.origin_at(*start)
        if first is not None:
            yield first
        if not self.exact:
            return
        for number in range(start[0], min(end[0], len(self.marked_lines)) + 1):
            for found in self._on(number):
                if start < (number, found.column + 1) < end and found.place.expression:
                    yield found.place

    def _find(self, line: int, column: int) -> tuple[_OriginMark | None, int | None]:
        """Return the mark before a position, and the distance from it on its own line."""
        if not self.exact:
            line, column = self._pairs.get(line, line), 1
        line = min(line, len(self.marked_lines))
        here = self._on(line)
        before = bisect_left(here, column, key=_column)
        if before:
            return here[before - 1], column - 1 - here[before - 1].column
        if here:
            return here[0], None
        above = self._marked_above[line - 1]
        return (self._on(above)[-1] if above else None), None

    @cached_property
    def _marked_above(self) -> "array[int]":
        """Return for each line the nearest line above it with a mark, 0 where there is none."""
        found, above = array("I"), 0
        for number, text in enumerate(self.marked_lines, 1):
            found.append(above)
            above = number if marked_text.NUMBER in text and self._on(number) else above
        return found

    def _on(self, line: int) -> list[_OriginMark]:
        """Return the marks on a line; of several at one column only the last, innermost one."""
        if line not in self._known:
            self._known[line] = list(self._marks(self.marked_lines[line - 1]))
        return self._known[line]

    def _marks(self, text: str) -> Iterator[_OriginMark]:
        column = position = 0
        last: _OriginMark | None = None
        for mark in marked_text.MARK.finditer(text):
            column += mark.start() - position
            position = mark.end()
            place = self._named(mark[1])
            if place is not None:
                if last is not None and last.column != column:
                    yield last
                last = _OriginMark(column, place)
        if last is not None:
            yield last

    @cached_property
    def segments(self) -> Sequence[RenderedSegment]:
        """Return the pieces of the rendered text in its order, each with its origin; empty where it is not exact."""
        if not self.exact:
            return ()
        found: list[tuple[int, TemplateOrigin]] = []
        length = behind = 0
        for mark in marked_text.MARK.finditer(self._marked):
            length += mark.start() - behind
            behind = mark.end()
            place = self._named(mark[1])
            if place is not None:
                found.append((length, place))
        ends = [start for start, _ in found[1:]] + [length + len(self._marked) - behind]
        return [RenderedSegment(start, end, place) for (start, place), end in zip(found, ends, strict=False)]

    @cached_property
    def segment_starts(self) -> Sequence[int]:
        """Return the offset of each of the segments."""
        return [each.start for each in self.segments]

    def _named(self, digits: str | None) -> TemplateOrigin | None:
        number = marked_text.number(digits) if digits else len(self._places)
        return self._places[number] if number < len(self._places) else None

    def caller(self, line: int, column: int) -> TemplateOrigin | None:
        """Return the call or include in the file itself that inserted the text at a position.

        None for the file's own text, and where that is unknown.
        """
        found, _distance = self._find(line, column) if self.exact else (None, None)
        if found is None or (found.place.file == self._file and not found.place.in_macro):
            return None
        here = found.place
        calls: list[TemplateOrigin] = []
        for number, text in enumerate(self.marked_lines[:line], 1):
            last = max(column, found.column + 1) if number == line else len(text) + 1
            calls += (call for at, call in self._calls(text) if at < last and self._is_own(call))
        if here.in_macro:
            return calls[-1] if calls else None
        return next((each for each in reversed(calls) if each.is_statement and here.file in each.expression), None)

    def _calls(self, text: str) -> Iterator[tuple[int, TemplateOrigin]]:
        """Yield the calls on a line, each with its column, counted from 0 and without marks."""
        shift = 0
        for mark in marked_text.MARK.finditer(text):
            call = self._named(mark[3])
            if call is not None:
                yield mark.start() - shift, call
            shift += len(mark[0])

    def _is_own(self, call: TemplateOrigin) -> bool:
        return call.file == self._file and not call.in_macro

    def met(self, position: Position) -> tuple[int, int] | None:
        """Return a line and column of the rendered text that was written at a template position."""
        wanted = (position.file, position.line, position.column)
        for number, _text in enumerate(self.marked_lines, 1):
            for found in self._on(number):
                if found.place[:3] == wanted:
                    return number, found.column + 1
        return None

    @cached_property
    def marked_lines(self) -> Sequence[str]:
        """Return the lines of the marked text, with their marks; TextLines where it has line feeds alone."""
        return _BREAK.split(self._marked) if "\r" in self._marked else TextLines(self._marked)

    @cached_property
    def _pairs(self) -> dict[int, int]:
        """Return the lines of the parsed text, each with the nearest line of the marked one."""
        return _paired(_BREAK.split(self._text or ""), [marked_text.unmarked(line) for line in self.marked_lines])


def _paired(lines: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """Pair the lines of one text with those of another, counted from 1."""
    if max(len(lines), len(others)) > _COMPARED:
        return _paired_in_order(lines, others)
    found: dict[int, int] = {}
    matcher = SequenceMatcher(None, lines, others, autojunk=False)
    for _tag, first, last, start, end in matcher.get_opcodes():
        for line in range(first, last):
            found[line + 1] = max(min(start + line - first, end - 1), start - (end <= start), 0) + 1
    return found


def _paired_in_order(lines: Sequence[str], others: Sequence[str]) -> dict[int, int]:
    """Pair each line with the next equal one nearby, in linear time."""
    places: dict[str, list[int]] = {}
    for number, line in enumerate(others):
        places.setdefault(line, []).append(number)
    found: dict[int, int] = {}
    nearest = 0
    for number, line in enumerate(lines):
        equal = places.get(line, [])
        following = bisect_left(equal, nearest)
        if following < len(equal) and equal[following] - nearest <= _COMPARED:
            nearest = equal[following]
        found[number + 1] = min(nearest + 1, max(len(others), 1))
        nearest += following < len(equal) and equal[following] == nearest
    return found

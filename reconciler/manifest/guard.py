"""The structure guard: what an expression wrote must stay inside one YAML scalar, or be one whole node (`tojson`).

Values come from files, from `--set`, from other people. A value that ends a scalar early, opens a mapping or comments
out the rest would change what the manifest declares without anybody having written it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.manifest import marks
from reconciler.manifest.events import parser_for
from reconciler.manifest.marking import Place
from reconciler.manifest.problem import error
from reconciler.manifest.wording import shown
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source import Position

_HINT = "write {{ … | tojson }} without quotes around it: it makes one YAML value of any text"
_COMMENT = re.compile(r"(?:^|\s)#")
_NULLS = frozenset({"null", "~"})


class Span(NamedTuple):
    """What one expression wrote, by offsets in the text without marks; `node` if it must be a whole node."""

    start: int
    end: int
    node: bool
    place: Place


def spans(marked: str, places: Sequence[Place]) -> list[Span]:
    """Return the outputs that have to be looked at, in the order of the text."""
    if marks.OPEN not in marked and marks.NODE not in marked:
        return []
    found: list[Span] = []
    place = Place("", 1, 1)
    removed = opened = 0
    for mark in marks.MARK.finditer(marked):
        offset = mark.start() - removed
        removed += mark.end() - mark.start()
        if mark[1]:
            number = marks.number(mark[1])
            place = places[number] if number < len(places) else place
        elif mark[2] in (marks.OPEN, marks.NODE):
            opened = offset
        else:
            found.append(Span(opened, offset, mark[2] == marks.NODE_END, place))
    return found


def violations(text: str, found: Sequence[Span]) -> list[Diagnostic]:
    """Return an error for each expression whose output does not stay where it was put."""
    if not found:
        return []
    scanner = _Scanner(text, found)
    try:
        scanner.run(text)
    except YAMLError as problem:
        blamed = _blamed(problem, text, found)
        return [*scanner.problems, *([_report(blamed, text, "what follows is no YAML any more")] if blamed else [])]
    return scanner.problems


def _blamed(problem: YAMLError, text: str, found: Sequence[Span]) -> Span | None:
    """Return the output nearest before the place where YAML ends, on the same line or reaching into it."""
    mark = problem.problem_mark if isinstance(problem, MarkedYAMLError) else None
    context = problem.context_mark if isinstance(problem, MarkedYAMLError) else None
    for each in (mark, context):
        if each is None:
            continue
        line = text.rfind("\n", 0, each.index) + 1
        after = text.find("\n", each.index)
        after = len(text) if after < 0 else after
        near = [span for span in found if span.end >= line and span.start <= after]
        if near:
            before = [span for span in near if span.start <= each.index]
            return before[-1] if before else near[0]
    return None


def _report(span: Span, text: str, why: str) -> Diagnostic:
    value = shown(text[span.start : span.end])
    message = f"the value of `{_short(span.place.expression)}` is {value}: {why}"
    position = Position(span.place.file, span.place.line, span.place.column)
    return error("E_TPL_STRUCTURE", message, position, hint=_HINT)


def _short(expression: str) -> str:
    one_line = " ".join(expression.split())
    return one_line if len(one_line) <= 60 else one_line[:59] + "…"


@dataclass(slots=True)
class _Open:
    start: int
    spans: list[Span]


class _Scanner:
    """Walks YAML events and outputs side by side."""

    def __init__(self, text: str, found: Sequence[Span]) -> None:
        self.problems: list[Diagnostic] = []
        self._text = text
        self._waiting: Iterator[Span] = iter(found)
        self._next = next(self._waiting, None)
        self._behind = 0
        self._starts: list[int] = []

    def run(self, text: str) -> None:
        parser = parser_for(text)
        kind: Any = None
        while kind is not StreamEndEvent and self._next is not None:
            event = parser.get_event()
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind in (MappingStartEvent, SequenceStartEvent):
                self._starts.append(event.start_mark.index)
            elif kind in (MappingEndEvent, SequenceEndEvent):
                self._collection(self._starts.pop(), event.end_mark.index)
        while self._next is not None:
            self._outside()

    def _collection(self, start: int, end: int) -> None:
        """A collection ends: the output that is this collection is well placed."""
        span = self._next
        if span is not None and span.node and (start, end) == (span.start, span.end):
            self._advance(end)

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        while self._next is not None and self._next.start < end:
            span = self._next
            if span.end <= start or (span.start < start and not span.node):
                self._outside()
            elif span.node and span.start < start:
                return  # inside a collection that has not ended yet
            elif span.node:
                self._node(span, start, end, event)
            else:
                self._inside(span, start, end, event)
        self._behind = end

    def _node(self, span: Span, start: int, end: int, event: Any) -> None:
        if span.start == start and event.end_mark.index == span.end:
            self._advance(end)
        elif span.start == start and span.end > end:
            self._fail(span, "it is cut off")
        else:
            self._fail(span, "`tojson` makes a whole value, which cannot stand inside a text")

    def _inside(self, span: Span, start: int, end: int, event: Any) -> None:
        text = self._text[span.start : span.end]
        if span.end > end:
            self._fail(span, "it does not stay inside one text")
        elif event.style == '"' and "\\" in text:
            self._fail(span, "in double quotes its backslash is an escape")
        elif event.style == "'" and "''" in text:
            self._fail(span, "in single quotes its two quotes are one")
        elif event.style in (None, "", '"', "'", ">") and "\n" in text:
            self._fail(span, "its line breaks would become blanks")
        elif not event.style and (span.start, span.end) == (start, end) and text in _NULLS:
            self._fail(span, "it would be read as null")
        else:
            self._advance(self._behind)

    def _outside(self) -> None:
        """An output that is in no scalar is harmless in a comment only."""
        span = self._next
        if span is None:
            return
        line = self._text.rfind("\n", 0, span.start) + 1
        before = self._text[max(line, self._behind) : span.start]
        if not span.node and "\n" not in self._text[span.start : span.end] and _COMMENT.search(before):
            self._advance(self._behind)
        else:
            self._fail(span, "it does not stay inside one text")

    def _fail(self, span: Span, why: str) -> None:
        self.problems.append(_report(span, self._text, why))
        self._advance(self._behind)

    def _advance(self, behind: int) -> None:
        self._behind = behind
        self._next = next(self._waiting, None)

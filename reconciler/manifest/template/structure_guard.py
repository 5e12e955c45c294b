"""Structure guard: the output of an expression must stay inside one YAML scalar, or be one whole node (`tojson`).

Values come from files, `--set` and other users. A value that ends a scalar early, opens a mapping or starts a comment
would change the manifest's structure.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any, NamedTuple

from reconciler.errors import ManifestError, ProblemList, error
from reconciler.late_patterns import late_pattern
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.marked_text import TemplateOrigin
from reconciler.manifest.validation.field_errors import display_value
from reconciler.manifest.yaml import pyyaml
from reconciler.manifest.yaml.block_lines import plain_span
from reconciler.manifest.yaml.block_reader import BlockMarks
from reconciler.manifest.yaml.document import Document, packed
from reconciler.manifest.yaml.event_source import parser_for
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source_map import Position
from reconciler.redaction import follows_sensitive_key, redact

_EDGE = late_pattern("([\x03-\x06])")


class OutputSpan(NamedTuple):
    """Output of one expression, by offsets; `node` if it must be a whole node rather than a part of a text."""

    start: int
    end: int
    node: bool
    place: TemplateOrigin


def spans(marked: str, places: Sequence[TemplateOrigin]) -> list[OutputSpan]:
    """Return all outputs to check, in the order of the text."""
    found: list[OutputSpan] = []
    place = TemplateOrigin("", 1, 1)
    length = opened = 0
    for number, piece in enumerate(_EDGE.split(marked)):
        if number % 2 == 0:
            place = _last_place(piece, places) or place
            length += len(marked_text.unmarked(piece))
        elif piece in (marked_text.OPEN, marked_text.NODE):
            opened = length
        else:
            found.append(OutputSpan(opened, length, piece == marked_text.NODE_END, place))
    return found


def node_places(marked: str) -> Iterator[int]:
    """Yield the packed line and column at which each whole node begins; faster than all spans."""
    for number, line in enumerate(marked.split("\n")):
        column = behind = 0
        start = line.find(marked_text.NODE)
        while start >= 0:
            column += len(marked_text.unmarked(line[behind:start]))
            behind = start
            yield packed(number, column)
            start = line.find(marked_text.NODE, start + 1)


def _last_place(piece: str, places: Sequence[TemplateOrigin]) -> TemplateOrigin | None:
    start = piece.rfind(marked_text.NUMBER)
    found = marked_text.PLACE.match(piece, start) if start >= 0 else None
    number = marked_text.number(found[1]) if found else len(places)
    return places[number] if number < len(places) else None


_HINT = "write {{ … | tojson }} without quotes around it: it makes one YAML value of any text"
_COMMENT = late_pattern(r"(?:^|\s)#")
_INNER_COMMENT = late_pattern(r"\s#")
_BREAK = late_pattern(r"\r\n|\r|\n")
_PROPERTIES = late_pattern(r"(?:[&!]\S*\s+)*")
_NULLS = frozenset({"null", "~"})


class _GuardedText(NamedTuple):
    """Rendered text, and what returns the names of fields with values that are hidden in messages."""

    whole: str
    sensitive: Callable[[], Set[str]]

    def hides(self, span: OutputSpan) -> bool:
        """Tell whether an output follows the key of a sensitive field."""
        return follows_sensitive_key(self.whole, span.start, self.sensitive())


def find_structure_violations(
    marked: str,
    places: Sequence[TemplateOrigin],
    documents: Sequence[Document],
    *,
    broken: bool,
    sensitive: Callable[[], Set[str]] = frozenset,
) -> list[Diagnostic]:
    """Return an error for each expression with output that changes the YAML structure.

    `documents` are the parsed documents of the text without marks; `broken`: parsing ended early. `sensitive` returns
    the names of fields with values that are hidden in messages; it is called for an error alone.
    """
    has_nodes = marked_text.NODE in marked
    met = {mark for document in documents for mark in document.positions} if has_nodes else set()
    is_plain = not broken and marked_text.OPEN not in marked and "\r" not in marked
    if is_plain and (not has_nodes or met.issuperset(node_places(marked))):
        return []
    text = marked_text.unmarked(marked)
    found = spans(marked, places)
    starts = [0, *(end.end() for end in _BREAK.finditer(text))]
    doubtful = [span for span in found if not (span.node and _packed(span.start, starts) in met)]
    if not broken and "\r" not in text and all(isinstance(each.source_marks, BlockMarks) for each in documents):
        doubtful = [span for span in doubtful if not _is_in_plain_text(span, text, starts)]
    if not doubtful and not broken:
        return []
    return _ScalarWalker(_GuardedText(text, sensitive), doubtful).problems(found)


def _packed(offset: int, starts: Sequence[int]) -> int:
    """Pack a position; JSON delimits itself, so a node that begins at its start is that node."""
    line = bisect_right(starts, offset) - 1
    return packed(line, offset - starts[line])


def _is_in_plain_text(span: OutputSpan, text: str, starts: Sequence[int]) -> bool:
    """Tell whether an output is part of a text without quotes, or all of it, on a line that was read without a parser.

    One that would be read as null is not.
    """
    start = starts[bisect_right(starts, span.start) - 1]
    end = text.find("\n", start)
    found = plain_span(text[start : end if end >= 0 else len(text)])
    if found is None or span.node or text[span.start : span.end] in _NULLS:
        return False
    return start + found[0] <= span.start < start + found[1] and span.end <= start + found[1]


def _blamed(problem: "pyyaml.YAMLError", text: _GuardedText, found: Sequence[OutputSpan]) -> list[Diagnostic]:
    """Return an error for the output nearest before the offset where parsing ended, on its line or reaching into it."""
    for offset in _offsets(problem):
        near = _near(text.whole, found, offset)
        if near:
            before = [span for span in near if span.start <= offset]
            return [_report(before[-1] if before else near[0], text, "the rendered value breaks the YAML structure")]
    return []


def _offsets(problem: "pyyaml.YAMLError") -> Iterator[int]:
    if isinstance(problem, pyyaml.MarkedYAMLError):
        for mark in (problem.problem_mark, problem.context_mark):
            if mark is not None:
                yield mark.index


def _near(text: str, found: Sequence[OutputSpan], offset: int) -> list[OutputSpan]:
    """Return the outputs on the line of an offset, or reaching into it."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return [span for span in found if span.end >= start and span.start <= (end if end >= 0 else len(text))]


def _report(span: OutputSpan, text: _GuardedText, why: str) -> Diagnostic:
    written = text.whole[span.start : span.end]
    value = (text.hides(span) and redact(written)) or display_value(written)
    message = f"the value of `{_short(span.place.expression)}` is {value}: {why}"
    position = Position(span.place.file, span.place.line, span.place.column)
    return error("E_TPL_STRUCTURE", message, position, hint=_HINT)


def _short(expression: str) -> str:
    one_line = " ".join(expression.split())
    return one_line if len(one_line) <= 60 else one_line[:59] + "…"


class _ScalarWalker:
    """Iterates over the scalars of a text and the outputs in parallel."""

    def __init__(self, text: _GuardedText, doubtful: Sequence[OutputSpan]) -> None:
        self._judged = text
        self._text = text.whole
        self._waiting: Iterator[OutputSpan] = iter(doubtful)
        self._next = next(self._waiting, None)
        self._behind = self._clear = self._comment_end = 0
        self._found = ProblemList()

    def problems(self, written: Sequence[OutputSpan]) -> list[Diagnostic]:
        """Return an error for each output outside a scalar; one of those `written` may have ended parsing."""
        try:
            parser = parser_for(self._text)
            kind: Any = None
            while kind is not pyyaml.StreamEndEvent:
                event: Any = parser.get_event()
                kind = type(event)
                if kind is pyyaml.ScalarEvent:
                    self._scalar(event, event.start_mark.index, event.end_mark.index)
            while self._next is not None:
                self._outside(self._next)
        except pyyaml.YAMLError as problem:
            return self._found or _blamed(problem, self._judged, written)
        except ManifestError as problem:
            return [*self._found, *problem.diagnostics]
        except ValueError:  # libyaml rejects lone surrogates: the parser's own check reports them with a position
            return self._found
        return self._found

    def _scalar(self, event: Any, start: int, end: int) -> None:
        while self._next is not None and self._next.start < end:
            if self._next.start < start:
                self._outside(self._next)
            else:
                self._inside(self._next, event, start, end)
        self._behind = end

    def _inside(self, span: OutputSpan, event: Any, start: int, end: int) -> None:
        text = self._text[span.start : span.end]
        if span.node:
            self._settle(span, "`tojson` returns a whole value, which cannot be part of a text")
        elif span.end > end:
            self._settle(span, "it does not stay inside one text")
        elif (event.anchor or event.tag) and span.start < self._behind_properties(start):
            self._settle(span, "it would be read as an anchor or a tag")
        elif event.style and span.start <= self._behind_properties(start) < span.end:
            self._settle(span, "its first character would be read as YAML's")
        elif event.style == '"' and "\\" in text:
            self._settle(span, "in double quotes its backslash is an escape")
        elif event.style == "'" and "''" in text:
            self._settle(span, "in single quotes its two quotes are one")
        elif event.style != "|" and "\n" in text:
            self._settle(span, "its line breaks would become blanks")
        elif event.implicit[0] and (span.start, span.end) == (start, end) and text in _NULLS:
            self._settle(span, "it would be read as null")
        else:
            self._settle(span)

    def _behind_properties(self, start: int) -> int:
        """Return the start of a scalar's text: the parsers report that of its anchor or tag."""
        found = _PROPERTIES.match(self._text, start)
        return found.end() if found else start

    def _outside(self, span: OutputSpan) -> None:
        """Return the error of an output outside a scalar, which is harmless in a comment only."""
        commented = self._commented(span.start) and "\n" not in self._text[span.start : span.end]
        self._settle(span, "" if commented else "it does not stay inside one text")

    def _commented(self, offset: int) -> bool:
        """Tell whether a comment precedes an offset on its line; each part of a long line is scanned once."""
        if offset < self._comment_end:
            return True
        start = max(self._text.rfind("\n", self._clear, offset) + 1, self._behind, self._clear)
        pattern = _COMMENT if start > self._clear or not start else _INNER_COMMENT
        found = pattern.search(self._text[max(start - 1, 0) if start == self._clear else start : offset])
        if found:
            end = self._text.find("\n", offset)
            self._comment_end = end if end >= 0 else len(self._text)
        else:
            self._clear = offset
        return found is not None

    def _settle(self, span: OutputSpan, why: str = "") -> None:
        if why:
            self._found.append(_report(span, self._judged, why))
        self._next = next(self._waiting, None)

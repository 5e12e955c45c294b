"""Reads documents of plain block YAML without a parser, in a fraction of its time; all others are libyaml's.

A document is read whole or not at all. One that is read has no problem, and the value and the positions that libyaml's
events give: a test compares the two for any text. Equal parts of all documents are one object, so nothing may change a
value that was read.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from reconciler.late_methods import dataclass
from reconciler.manifest.yaml.block_lines import BLANK, DEEPEST, LONGEST, NO_TEXT, BlockLine, BlockLines
from reconciler.manifest.yaml.block_places import find_value
from reconciler.manifest.yaml.document import NodePlace, packed
from reconciler.manifest.yaml.limits import YamlLimits
from reconciler.model.json_types import Json

MOST_LINES = 100_000
"""Most lines of a document in a text that is read here, for their memory; more have too many events in any case."""
_DEEPEST = 16
"""Deepest nesting of lines that is read here."""
_MOST = 50_000
"""Most lines, and most parts, that are remembered."""
_MOST_BLOCKS = 2_000
_BLOCK = 4
"""Fewest lines of an item of a list that is remembered whole."""
_LAST, _END = "\n", BlockLine(-1, -1, None, None, (), 0)
"""What stands behind the last line, and ends whatever is open."""
_ITEM = -1
"""Index at which an item is the last of its list."""
_START = "\n---"
"""How a document starts that is not the first, with a blank or the end of the line behind it."""


class BlockDocument(NamedTuple):
    """Value of a document, None where the text holds none. `events` is the most that the parser makes of it.

    No mapping or list in it has more than `widest` entries.
    """

    value: Json
    events: int
    widest: int


class _Block(NamedTuple):
    """Lines of an item of a list, its value, and what it adds to its document."""

    lines: Sequence[str]
    value: Any
    events: int
    widest: int


class BlockReader:
    """Reads the texts of one load. A line that occurs again is looked up."""

    def __init__(self) -> None:
        self._source = BlockLines()
        self._lines: dict[str, BlockLine | None] = {}
        self._parts: dict[tuple[str | int, ...], Any] = {}
        self._blocks: dict[str, _Block] = {}
        self._placed: tuple[BlockMarks, array[int]] | None = None

    def forget(self) -> None:
        """Drop what is remembered of earlier texts."""
        self._source = BlockLines()
        self._lines.clear()
        self._parts.clear()
        self._blocks.clear()
        self._placed = None

    def read(self, text: str) -> BlockDocument | None:  # noqa: PLR0912 - a call for each line would double its time
        """Read the text of one document, with its `---`; None where it is libyaml's."""
        self._limit()
        known, share, blocks = self._lines, self._shared, self._blocks
        inside: Any = {}
        margin, is_mapping = 0, True
        stack: list[tuple[Any, int, bool, Any, int, int]] = []
        open_key: str | None = None
        events, widest = 3, LONGEST // 2  # of brackets, no line holds more
        lines = _content(text)
        rest = enumerate((*lines, _LAST))
        for number, line in rest:
            found = known.get(line) or self._line(line)
            if found is None:
                return None
            column, item, key, value, _, more = found
            if found is BLANK:
                continue
            if open_key is not None:
                if column > margin if item < 0 else column >= margin:
                    stack.append((inside, margin, True, open_key, number, events))
                    inside, margin, is_mapping = {} if item < 0 else [], column, item < 0
                open_key = None
            while stack and (column < margin or (column == margin and item < 0 and not is_mapping)):
                widest = max(widest, len(inside))
                part = share(inside)
                inside, margin, is_mapping, slot, first, before = stack.pop()
                inside[slot] = part
                if slot == _ITEM and number - first >= _BLOCK:
                    blocks[lines[first]] = _Block(lines[first:number], part, events - before, widest)
            if column != margin or is_mapping is (item >= 0) or len(stack) > _DEEPEST:
                break
            if item >= 0:
                if (block := blocks.get(line)) and self._follows(block, lines, number, column):
                    value, more, widest = block.value, block.events, max(widest, block.widest)
                    next(islice(rest, len(block.lines) - 1, len(block.lines) - 1), None)
                    key = None
                inside.append(value)
                if key is not None:
                    stack.append((inside, margin, False, _ITEM, number, events))
                    inside, margin, is_mapping = {}, item, True
            elif key in inside:
                return None
            events += more
            if key is not None:
                inside[key] = None if value is NO_TEXT else value
                open_key = key if value is NO_TEXT else None
        if number < len(lines) or (not inside and text.startswith("---")):
            return None
        return BlockDocument(inside or None, events, max(widest, len(inside)))

    def _limit(self) -> None:
        """Drop what is remembered where it is too much: texts that never repeat."""
        if max(len(self._lines), len(self._parts)) > _MOST:
            self.forget()
        if len(self._blocks) > _MOST_BLOCKS:
            self._blocks.clear()
        self._lines[_LAST] = _END

    def _follows(self, block: "_Block", lines: Sequence[str], number: int, column: int) -> bool:
        """Tell whether the lines from a number are those of a block, with nothing more of it behind them."""
        end = number + len(block.lines)
        if lines[number:end] != block.lines:
            return False
        after = (self._lines.get(lines[end]) or self._line(lines[end])) if end < len(lines) else _END
        return after is not None and after is not BLANK and after.column <= column

    def positions(self, text: str, line: int) -> "array[int]":
        """Return the positions of the nodes of a text that was read, whose first line has this number."""
        marks = array("Q")
        note = marks.append
        open_column, null = -1, 0
        for number, content in enumerate(_content(text), line + text.startswith("---")):
            found = self._lines.get(content) or self._line(content)
            if found is None or found is BLANK:
                continue
            column, item, key, value, columns, _ = found
            if open_column >= 0:
                nested = column > open_column if item < 0 else column >= open_column
                note(packed(number, column) if nested else null)
            elif not marks:
                note(packed(number, column))
            if item >= 0 and key is not None:
                note(packed(number, item))
            open_column = -1
            if value is NO_TEXT:
                note(packed(number, columns[0]))
                open_column, null = max(column, item), packed(number, columns[1])
            else:
                marks.extend(packed(number, each) for each in columns)
        if open_column >= 0:
            note(null)
        return marks

    def positions_of(self, marks: "BlockMarks") -> "array[int]":
        """Return the positions of a document; those of the last one are kept, since its questions come together."""
        placed = self._placed
        if placed is None or placed[0] is not marks:
            placed = self._placed = marks, self.positions(marks.part(marks.span), marks.span.line)
        return placed[1]

    def value_at(self, text: str, keys: Sequence[str], line: int) -> NodePlace | None:
        """Return the place of the value below these keys in a text that was read, as `positions` has it; None if none.

        The first line of the text has this number, counted from 0.
        """
        found = find_value(text, keys, lambda content: self._lines.get(content) or self._line(content))
        return (found[0] + line, found[1]) if found else None

    def _line(self, text: str) -> BlockLine | None:
        found = self._lines[text] = self._source.read(text)
        return found

    def _shared(self, part: Any) -> Any:
        """Return the first of equal mappings or lists; their parts are such first ones already."""
        if isinstance(part, dict):
            return self._parts.setdefault((*part, *map(id, part.values())), part)
        return self._parts.setdefault(tuple(map(id, part)), part)


class BlockSpan(NamedTuple):
    """Part of a text, and the number of the line at which it begins."""

    start: int
    end: int
    line: int


TextPart = Callable[[BlockSpan], str]
"""Returns a part of a text that has line feeds alone."""


@dataclass(frozen=True, slots=True)
class BlockMarks:
    """Positions of the nodes of a document that was read: that of the part of a text that `part` returns for `span`."""

    reader: BlockReader
    part: TextPart
    span: BlockSpan

    def __call__(self) -> "array[int]":
        """Read the positions."""
        return self.reader.positions_of(self)

    def value_at(self, keys: Sequence[str]) -> NodePlace | None:
        """Return the line and column of the value below these keys, without reading all positions; None without one."""
        return self.reader.value_at(self.part(self.span), keys, self.span.line)


def parts_of(read: Callable[[], str]) -> TextPart:
    """Return the function for the parts of the text that `read` returns, with line feeds alone."""
    return lambda span: plain_text(read())[span.start : span.end]


def plain_text(text: str) -> str:
    """Return a text with line feeds where it has both characters."""
    return text.replace("\r\n", "\n") if "\r" in text else text


def readable_text(text: str, limits: YamlLimits) -> str | None:
    """Return a text with line feeds alone; None where no document of it may be read here."""
    plain = plain_text(text)
    if "\r" in plain or ("%" in plain and (plain.startswith("%") or "\n%" in plain)):
        return None
    return plain if limits.scalar >= LONGEST and limits.depth > _DEEPEST + DEEPEST else None


def document_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each document begins and ends: at its `---`, or at the start of the text."""
    start = 0
    found = text.find(_START)
    while found >= 0:
        behind = found + len(_START)
        if text[behind : behind + 1] in ("", " ", "\t", "\n"):
            yield start, found + 1
            start = found + 1
        found = text.find(_START, behind)
    yield start, len(text)


def _content(text: str) -> list[str]:
    """Return the lines behind `---`, or a line that only libyaml can read."""
    lines = text.split("\n")
    if text.startswith("---"):
        return lines[1:] if not lines[0][3:].strip(" ") else ["\t"]
    return lines

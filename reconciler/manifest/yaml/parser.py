"""Parses YAML from libyaml's events: plain values, the position of every node, and limits on hostile input.

The field determines the type of a plain scalar (scalars.py has the few cases that need no field). Keys are text, unique
after NFC; tags are refused; aliases and merge keys are allowed within limits. There is no recursion, so depth costs
nothing below its limit. Without libyaml PyYAML's own parser does the same.
"""

from array import array
from collections.abc import Callable, Iterator
from itertools import islice, repeat
from operator import length_hint
from typing import Any, cast

from reconciler.errors import ManifestError, ProblemList, error, refused
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml import characters, conformance, pyyaml
from reconciler.manifest.yaml.anchors import AnchorTable
from reconciler.manifest.yaml.block_reader import (
    MOST_LINES,
    BlockMarks,
    BlockReader,
    BlockSpan,
    document_spans,
    parts_of,
    readable_text,
)
from reconciler.manifest.yaml.document import Document
from reconciler.manifest.yaml.event_source import ParserMark, parser_for
from reconciler.manifest.yaml.limits import LIMITS, YamlLimits, end_of_surplus
from reconciler.manifest.yaml.mapping_keys import MERGE, MappingKeys
from reconciler.manifest.yaml.scalars import Scalars
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position

_SURROGATE = late_pattern(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\U0000[dD][89a-fA-F]")
_HINTS = (
    ("character '\\t'", "indent with spaces, never with tabs"),
    ("character '%'", "put the value in quotes"),
    ("character '@'", "put the value in quotes"),
    ("character '`'", "put the value in quotes"),
    ("mapping values are not allowed", "put a text that holds `: ` in quotes, or mind the indentation"),
    ("expected <block end>", "mind the indentation: this line does not fit the ones above"),
    ("could not find expected ':'", "a key needs `: ` behind it; put text of several lines in quotes or after `|`"),
    ("%TAG directives", "leave them out: tags are not allowed"),
    ("unknown escape", "in double quotes a backslash starts an escape: use single quotes"),
)


def explained(problem: Exception, text: str, where: Callable[[int, int], Position]) -> Diagnostic:
    """Convert a parser's exception to a Diagnostic."""
    if isinstance(problem, pyyaml.MarkedYAMLError):
        return _marked(problem, text, where)
    if isinstance(problem, pyyaml.ReaderError):
        return error("E_YAML_SYNTAX", f"the file cannot be read as YAML: {problem.reason}", where(1, 1))
    if isinstance(problem, (pyyaml.YAMLError, ValueError)):
        return error("E_YAML_SYNTAX", "the file cannot be read as YAML", where(1, 1))
    return error("E_YAML_DEPTH", "the nesting is too deep", where(1, 1))


def _marked(problem: "pyyaml.MarkedYAMLError", text: str, where: Callable[[int, int], Position]) -> Diagnostic:
    mark = problem.problem_mark or problem.context_mark
    place = where(mark.line + 1, mark.column + 1) if mark else where(1, 1)
    said = ", ".join(part for part in (problem.context, problem.problem) if part) or "it cannot be understood"
    if mark and _is_surrogate(text, mark.index):
        return error(
            "E_TEXT_SURROGATE",
            "an escape names half a character (a surrogate)",
            place,
            hint="write the character itself, or its eight-digit escape, as in \\U0001F600",
        )
    hint = next((hint for sign, hint in _HINTS if sign in said), "")
    if not hint and "\t" in _line(text, mark.index if mark else 0)[:1]:
        hint = _HINTS[0][1]
    return error("E_YAML_SYNTAX", f"invalid YAML: {said}", place, hint=hint)


def _is_surrogate(text: str, offset: int) -> bool:
    return any(found.start() <= offset <= found.end() for found in _SURROGATE.finditer(text, max(0, offset - 12)))


def _line(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    return text[start:].split("\n", 1)[0]


_GIVEN_UP = ("E_YAML_SIZE", "E_TOO_MANY")

PositionOf = Callable[[int, int], Position]
"""Maps a line and column of the parsed text (counted from 1) to a position in a source file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """Documents of a file, and its problems.

    After a syntax error the documents before it are included. `text` is the decoded text, empty where that failed, or
    where a limit ended parsing.
    """

    file: str
    documents: tuple[Document, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    text: str = ""


def parse_yaml(
    source: str | bytes,
    file: str,
    *,
    where: PositionOf | None = None,
    limits: YamlLimits = LIMITS,
    pure: bool = False,
    blocks: BlockReader | None = None,
) -> ParsedFile:
    """Parse YAML and return all its problems; never raises for any bytes.

    `where` maps positions of rendered text. `pure` uses PyYAML's own parser even where libyaml is available. `blocks`
    reads the documents that need no parser; the files of one load share it.
    """
    text = ""
    loader = _Loader(file, where or in_file(file), limits)
    try:
        text = _text(source, file, limits)
        if blocks is None or not loader.load_blocks(text, blocks):
            loader = _Loader(file, where or in_file(file), limits)
            loader.load(text, pure=pure)
    except ManifestError as error:
        loader.problems.extend(error.diagnostics)
        if error.code in _GIVEN_UP:
            loader.documents.clear()  # checking so many would cost more than parsing them
            text = ""
    except pyyaml.YAMLError as error:
        loader.problems.extend([explained(error, text, loader.where)])
    except (ValueError, RecursionError) as error:  # both parsers raise bare ones for some invalid input
        loader.problems.extend([explained(error, text, loader.where)])
    loader.problems.close()
    return ParsedFile(file=file, documents=tuple(loader.documents), diagnostics=tuple(loader.problems), text=text)


def _text(source: str | bytes, file: str, limits: YamlLimits) -> str:
    if len(source) > limits.size:
        raise refused(
            "E_YAML_SIZE",
            f"the file is larger than {limits.size} bytes",
            Position(file, 1, 1),
            hint="split it: one file a resource reads best",
        )
    text = characters.decode(source, file) if isinstance(source, bytes) else source
    characters.check_text(text, file)
    return text


def in_file(file: str) -> PositionOf:
    """Return the position function of a file that is not rendered."""
    return lambda line, column: Position(file, line, column)


class _Loader:
    """One pass over a text. `_document` is one long function because a call for each node would double its time."""

    def __init__(self, file: str, where: PositionOf, limits: YamlLimits) -> None:
        self.file = file
        self.limits = limits
        self.documents: list[Document] = []
        self.problems = ProblemList()
        self._position = where
        self._line = 0
        self._several_lines = False
        self._ended = True
        self._scalars = Scalars(self.problems, self.where)
        self._keys = MappingKeys(self.problems, self.where, limits.merges)
        self._budget: Iterator[None] = repeat(None, limits.nodes)
        self._anchors: dict[str, Position] = {}

    def where(self, line: int, column: int) -> Position:
        """Return the position of a line and column of the text that is parsed, which may start at a later line."""
        return self._position(line + self._line, column)

    def load(self, text: str, *, pure: bool) -> None:
        """Parse a whole text."""
        surplus = end_of_surplus(text, self.limits)
        if surplus is not None:
            place = characters.position_of(text, surplus - 1, self.file)
            raise self._too_many(self._events(), self.where(place.line, place.column))
        self._parse(text, pure=pure)
        conformance.check(text, self.where, self.problems, pure=pure, several_lines=self._several_lines)

    def load_blocks(self, text: str, blocks: BlockReader) -> bool:
        """Read a text document by document: those of plain blocks without a parser, each other one parsed alone.

        False where a syntax error or a limit ends that: only `load` sees what the whole text has.
        """
        plain = readable_text(text, self.limits)
        if plain is None:
            return False
        parsed, part_of = False, parts_of(lambda: text)
        try:
            for start, end in document_spans(plain):
                lines = plain.count("\n", start, end)
                if lines > MOST_LINES:
                    return False
                part = plain[start:end]
                found = blocks.read(part)
                if found is None:
                    self._parse(part, pure=False)
                    parsed = True
                elif found.events > length_hint(self._budget) or len(self.documents) >= self.limits.documents:
                    return False
                elif found.value is not None:
                    next(islice(self._budget, found.events, found.events), None)
                    marks = BlockMarks(blocks, part_of, BlockSpan(start, end, self._line))
                    self.documents.append(Document(value=found.value, source_marks=marks, widest=found.widest))
                self._line += lines
            self._line = 0
            if parsed:
                conformance.check(text, self.where, self.problems, pure=False, several_lines=self._several_lines)
        except (ManifestError, pyyaml.YAMLError, ValueError, RecursionError):
            return False
        else:
            return True

    def _parse(self, text: str, *, pure: bool) -> None:
        """Parse a text, or the part of one that begins at `_line`."""
        next_event = parser_for(text, pure=pure).get_event
        shared_may_occur = "&" in text or "!" in text or "*" in text
        next_event()
        stream_end = pyyaml.StreamEndEvent
        while type(event := next_event()) is not stream_end:
            self._check_directives(event)
            shared = AnchorTable(self.limits, self.problems, self.where, self._anchors)
            self._document(event.start_mark, next_event, shared if shared_may_occur else None)
            if shared.places and len(self._anchors) <= self.limits.anchors:
                self._anchors |= shared.places
            if len(self.documents) > self.limits.documents:
                raise self._too_many(f"{self.limits.documents} documents", self._at(event.start_mark))

    def _document(  # noqa: PLR0912, PLR0915 - see the class
        self, mark: ParserMark, next_event: Callable[[], Any], shared: AnchorTable | None
    ) -> None:
        scalars, keys = self._scalars, self._keys
        scalar, alias = pyyaml.ScalarEvent, pyyaml.AliasEvent
        mapping_start, sequence_start = pyyaml.MappingStartEvent, pyyaml.SequenceStartEvent
        mapping_end, sequence_end = pyyaml.MappingEndEvent, pyyaml.SequenceEndEvent
        marks: array[int] = array("Q")
        note, first = marks.append, self._line
        widest = 0
        plain, known_keys = scalars.plain, keys.known
        miss = scalars
        deepest, longest = self.limits.depth, self.limits.scalar
        root: list[Json] = []
        inside: Any = root
        is_mapping = False
        key: str | None = None
        stack: list[tuple[Any, bool, int, str | None, int | None]] = []
        for _ in self._budget:
            event = next_event()
            kind = type(event)
            if kind is scalar:
                mark = event.start_mark
                note(mark.line + first << 32 | mark.column)
                value = event.value
                if shared is not None:
                    shared.scalar(event)
                if is_mapping and key is None:
                    key = known_keys.get(value) or keys.key(event, inside)
                    if key in inside:
                        key = keys.repeated(stack[-1][2], inside, key)
                    continue
                if event.implicit[0]:
                    resolved = plain.get(value, miss)
                    value = scalars.resolve(value, mark) if resolved is miss else resolved
                else:
                    if not value.isprintable():
                        scalars.check(value, mark)
                    if event.end_mark.line != mark.line:
                        self._several_lines = True
                if len(event.value) > longest:
                    raise self._too_long(mark)
                if shared is not None and event.anchor is not None:
                    shared.name(event.anchor, value, mark, number=len(marks) - 1)
            elif kind is mapping_start or kind is sequence_start:
                mark = event.start_mark
                if is_mapping and key is None:
                    raise keys.not_text(event)
                if shared is not None:
                    shared.opened(event)
                stack.append((inside, is_mapping, len(marks), event.anchor, mark.line if event.flow_style else None))
                note(mark.line + first << 32 | mark.column)
                if len(stack) > deepest:
                    raise self._too_deep(mark)
                value = {} if kind is mapping_start else []
                if is_mapping:
                    inside[key] = value
                else:
                    inside.append(value)
                inside, is_mapping, key = value, kind is mapping_start, None
                continue
            elif kind is mapping_end or kind is sequence_end:
                value = inside
                inside, is_mapping, number, anchor, line = stack.pop()
                widest = max(widest, len(value))
                if line is not None and line != event.end_mark.line:
                    self._several_lines = True
                if MERGE in value and kind is mapping_end:
                    keys.merge(value, number, event.start_mark)
                if anchor is not None and shared is not None:
                    shared.closed(anchor, value, event.start_mark, number=number)
                key = None
                continue
            elif kind is alias:
                mark = event.start_mark
                if is_mapping and key is None:
                    raise keys.not_text(event)
                value = cast(AnchorTable, shared).use(event.anchor, mark, number=len(marks), depth=len(stack))
                note(mark.line + first << 32 | mark.column)
            else:
                self._ended = event.explicit
                break
            if is_mapping:
                inside[key] = value
                key = None
            else:
                inside.append(value)
        else:
            raise self._too_many(self._events(), self._at(mark))
        merges = keys.finished()
        aliases = shared.aliases if shared else {}
        document = Document(
            value=root[0], source_marks=marks, aliases=aliases, merges=merges, widest=None if merges else widest
        )
        keys.settle(document, self._position)
        self.documents.append(document)

    def _check_directives(self, event: Any) -> None:
        """Check directives: one precedes a document, at the start of the file or behind a line of three dots."""
        place = self._at(event.start_mark)
        if event.version is not None and tuple(event.version) not in {(1, 1), (1, 2)}:
            version = ".".join(map(str, event.version))
            raise refused("E_YAML_SYNTAX", f"there is no YAML {version}", place, hint="leave the %YAML line out")
        if (event.version or event.tags) and not self._ended:
            message = "the document before this line has not ended"
            raise refused("E_YAML_SYNTAX", message, place, hint="leave the line with the % out")

    def _too_deep(self, mark: ParserMark) -> ManifestError:
        message = f"nesting is deeper than {self.limits.depth} levels"
        return refused("E_YAML_DEPTH", message, self._at(mark))

    def _too_long(self, mark: ParserMark) -> ManifestError:
        message = f"a single text is longer than {self.limits.scalar} characters"
        return refused("E_YAML_SIZE", message, self._at(mark))

    def _events(self) -> str:
        return f"{self.limits.nodes} YAML events (keys, values, ends of lists and mappings)"

    def _at(self, mark: ParserMark) -> Position:
        return self.where(mark.line + 1, mark.column + 1)

    def _too_many(self, what: str, place: Position) -> ManifestError:
        return refused("E_YAML_SIZE", f"the file holds more than {what}", place, hint="split it into several files")

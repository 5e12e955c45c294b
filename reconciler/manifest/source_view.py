"""Views of a document through its syntax tree: where the text of each node is in the source files.

A document of a plain file is its own source. That of a template was rendered: a node is literal text of a template, the
output of one expression, or a mixture that has no single place.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.source_positions import DocumentLocator, DocumentSource
from reconciler.manifest.source_text import SourceFile, SourceTexts
from reconciler.manifest.yaml.syntax_tree import BLOCK_STYLES, DocumentTrees, ScalarNode, SyntaxNode, syntax_trees
from reconciler.model.source_map import DocumentPath, Position

if TYPE_CHECKING:  # Jinja stays unloaded where no file is a template
    from reconciler.manifest.template.marked_text import TemplateOrigin
    from reconciler.manifest.template.template_positions import RenderedSegment

_PURE = late_pattern(
    r"\{\{[-+]?\s*values((?:\.[^\W\d]\w*|\.\d+|\[(?:\d+|'[^'\\]*'|\"[^\"\\]*\")\])+)\s*(\|\s*tojson\s*)?[-+]?\}\}"
)
_STEP = late_pattern(r"\.(\w+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


@dataclass(frozen=True, slots=True)
class SourceSpan:
    """Part of a source file."""

    source: SourceFile
    start: int
    end: int

    @property
    def text(self) -> str:
        """Text of the span."""
        return self.source.text[self.start : self.end]

    @property
    def position(self) -> Position:
        """Position of its start."""
        return self.source.position(self.start)

    def follows(self, other: "SourceSpan") -> bool:
        """Tell whether it stands behind another one of the same file; what a macro writes stands in the macro."""
        return self.source is other.source and self.start >= other.start


@dataclass(frozen=True, slots=True)
class PureExpression:
    """Node that is exactly the output of `{{ values.a.b }}`: the value's path, its place, and how it is written.

    `whole`: `tojson` makes it a node of its own, so that any value fits; otherwise its text is put into the quotes or
    the plain scalar of the template.
    """

    path: DocumentPath
    position: Position
    whole: bool


class SourceView:
    """A document of a file that is its own source."""

    def __init__(self, source: SourceFile, root: SyntaxNode) -> None:
        self.root = root
        self._source = source

    @property
    def text(self) -> str:
        """Text that the tree was made from."""
        return self._source.text

    def start(self, node: SyntaxNode) -> SourceSpan | None:
        """Return the empty span at the start of a node; None where it has no place."""
        return SourceSpan(self._source, node.start, node.start)

    def end(self, node: SyntaxNode) -> SourceSpan | None:
        """Return the empty span at the end of a node; None where it has no place."""
        return SourceSpan(self._source, node.end, node.end)

    def literal(self, node: SyntaxNode) -> SourceSpan | None:
        """Return the span of a node that a source file has literally; None for every other node."""
        return SourceSpan(self._source, node.start, node.end)

    def expression(self, node: SyntaxNode) -> PureExpression | None:  # noqa: ARG002 - the shape of the class below
        """Return the pure expression that wrote a node."""
        return None

    def origins(self, node: SyntaxNode) -> "Sequence[TemplateOrigin]":  # noqa: ARG002 - the shape of the class below
        """Return the origins of the pieces of a node."""
        return ()

    @property
    def is_template(self) -> bool:
        """Whether the text was rendered."""
        return False


class RenderedView(SourceView):
    """A document of a rendered template."""

    def __init__(self, source: DocumentSource, texts: SourceTexts, root: SyntaxNode) -> None:
        super().__init__(SourceFile(source.file, source.text), root)
        self._texts = texts
        self._segments = source.lines.segments if source.lines is not None else ()
        self._starts = source.lines.segment_starts if source.lines is not None else ()

    @property
    def is_template(self) -> bool:
        """Whether the text was rendered."""
        return True

    def start(self, node: SyntaxNode) -> SourceSpan | None:
        """Return the empty span at the start of a node, of an expression its first brace."""
        segment = self._segment(node.start)
        return None if segment is None else self._point(segment, node.start)

    def end(self, node: SyntaxNode) -> SourceSpan | None:
        """Return the empty span at the end of a node, of an expression behind its last brace."""
        if node.end == node.start:
            return self.start(node)
        segment = self._segment(node.end - 1)
        if segment is None:
            return None
        if segment.place.expression:
            source = self._read(segment.place.file)
            length = len(segment.place.expression)
            return _expression_end(source, segment.place, length) if source else None
        point = self._point(segment, node.end - 1)
        return point and SourceSpan(point.source, point.start + 1, point.start + 1)

    def literal(self, node: SyntaxNode) -> SourceSpan | None:
        """Return the span of a node that one template has character by character."""
        segment = self._segment(node.start)
        if segment is None or segment.place.expression:
            return None
        source = self._read(segment.place.file)
        if source is None:
            return None
        offset = source.plain_offset(segment.place.line, segment.place.column) + node.start - segment.start
        length = node.end - node.start
        if source.plain[offset : offset + length] != self.text[node.start : node.end]:
            return None
        return SourceSpan(source, source.from_plain(offset), source.from_plain(offset + length))

    def expression(self, node: SyntaxNode) -> PureExpression | None:
        """Return the pure expression whose output is exactly this node, its quotes aside."""
        quoted = isinstance(node, ScalarNode) and node.style in ("'", '"')
        for inner in (0, 1) if quoted else (0,):
            start, end = node.start + inner, node.end - inner
            segment = self._segment(start)
            if segment is None or segment.start != start or end <= start or segment is not self._segment(end - 1):
                continue
            found = _PURE.fullmatch(segment.place.expression)
            if found is None or (isinstance(node, ScalarNode) and node.style in BLOCK_STYLES):
                return None
            path = tuple(_steps(found[1]))
            dotted = ".".join(("values", *map(str, path)))
            if segment.place.uses != (dotted,):
                return None
            place = segment.place
            return PureExpression(path, Position(place.file, place.line, place.column), whole=bool(found[2]))
        return None

    def origins(self, node: SyntaxNode) -> "Sequence[TemplateOrigin]":
        """Return the origins of the pieces of a node, in the order of the text."""
        if not self._segments:
            return ()
        first = max(bisect_right(self._starts, node.start) - 1, 0)
        last = bisect_right(self._starts, max(node.end - 1, node.start))
        return [each.place for each in self._segments[first:last] if each.end > each.start]

    def _segment(self, offset: int) -> "RenderedSegment | None":
        number = bisect_right(self._starts, offset) - 1
        return self._segments[number] if number >= 0 else None

    def _point(self, segment: "RenderedSegment", offset: int) -> SourceSpan | None:
        source = self._read(segment.place.file)
        if source is None:
            return None
        beyond = 0 if segment.place.expression else offset - segment.start
        at = source.plain_offset(segment.place.line, segment.place.column) + beyond
        if beyond and source.plain[at : at + 1] != self.text[offset : offset + 1]:
            return None
        found = source.from_plain(at)
        return SourceSpan(source, found, found)

    def _read(self, file: str) -> SourceFile | None:
        try:
            return self._texts.text(file)
        except ManifestError:
            return None


def _expression_end(source: SourceFile, place: "TemplateOrigin", length: int) -> SourceSpan:
    end = source.from_plain(source.plain_offset(place.line, place.column) + length)
    return SourceSpan(source, end, end)


def _steps(text: str) -> Iterator[str | int]:
    for found in _STEP.finditer(text):
        if found[1] is not None:
            yield int(found[1]) if found[1].isdigit() else found[1]
        elif found[2] is not None:
            yield int(found[2])
        else:
            yield found[3] if found[3] is not None else found[4]


class SourceViews:
    """Makes the view of each document; the tree of a file is made once."""

    def __init__(self, texts: SourceTexts) -> None:
        self.texts = texts
        self._trees: dict[tuple[str, str], DocumentTrees] = {}
        self._values: dict[str, list[SourceView]] = {}

    def of(self, locate: object) -> SourceView | None:
        """Return the view of a document; None where no file declares it, or its template reads its own output."""
        if not isinstance(locate, DocumentLocator) or locate.source is None:
            return None
        source = locate.source
        root = self._root(source.file, source.text, locate.document.start)
        if root is None:
            return None
        if source.lines is None:
            return SourceView(self.texts.text(source.file), root)
        return RenderedView(source, self.texts, root) if source.lines.exact else None

    def of_values(self, file: str) -> list[SourceView]:
        """Return the views of the documents of a values file."""
        if file not in self._values:
            source = self.texts.text(file)
            try:
                roots = syntax_trees(source.text)
            except ValueError:
                roots = []
            self._values[file] = [SourceView(source, root) for root in roots]
        return self._values[file]

    def _root(self, file: str, text: str, start: tuple[int, int]) -> SyntaxNode | None:
        if (file, text) not in self._trees:
            self._trees[file, text] = DocumentTrees(text)
        try:
            return self._trees[file, text].at(*start)
        except ValueError:
            return None

"""Writes the edits of one document: scalars in their style, new entries and items in the style of their neighbours."""

import re
from collections.abc import Mapping, Sequence

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.source_text import SourceFile
from reconciler.manifest.source_view import SourceSpan, SourceView
from reconciler.manifest.yaml.scalar_text import ScalarStyle, inline, scalar_text
from reconciler.manifest.yaml.syntax_tree import (
    BLOCK_STYLES,
    AliasStep,
    MappingNode,
    ScalarNode,
    SequenceNode,
    SyntaxNode,
    aliases_of,
    node_at,
    nodes_on,
)
from reconciler.manifest.yaml.writer import lines, quoted, scalar, text
from reconciler.model.json_types import Json
from reconciler.model.source_edit import SourceEdit
from reconciler.model.source_map import DocumentPath, Position

_REST = late_pattern(r"[ \t]*(?:,[ \t]*)?(?:#[^\r\n]*)?")
_WIDTH = 100


class EditRefused(Exception):  # noqa: N818 - the answer of an editor, not an error of the program
    """A place that is not edited: a code, the reason, the positions involved, and what to do."""

    def __init__(self, code: str, message: str, places: Sequence[Position] = (), hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.places, self.hint = code, message, tuple(places), hint


def shape_refused(message: str, *places: Position) -> EditRefused:
    """Return the refusal of a text whose layout is not edited."""
    return EditRefused("E_ACCEPT_SHAPE", message, places, "edit it by hand, then plan again")


@dataclass(frozen=True, slots=True)
class DocumentEditor:
    """Makes edits of one document. `typed` is off for a values file, where a value decides its own type."""

    view: SourceView
    typed: bool = True

    def node(self, path: DocumentPath) -> SyntaxNode:
        """Return the node at a path. Raises EditRefused where it is absent, or shared by an anchor."""
        found = node_at(self.view.root, path)
        if isinstance(found, AliasStep):
            raise self._aliased(found.node)
        node, steps = found
        if steps < len(path):
            raise shape_refused("the text has no such entry", *self.places(node))
        for above in nodes_on(self.view.root, path):
            used = list(aliases_of(self.view.root, above.anchor)) if above.anchor else []
            if used:
                message = f"the anchor &{above.anchor} is used elsewhere"
                places = [place for each in (above, *used) for place in self.places(each)]
                raise EditRefused("E_ACCEPT_ANCHOR", message, places, "write the value out where it differs")
        return node

    def _aliased(self, node: SyntaxNode) -> EditRefused:
        hint = "write the value out in place of the alias"
        return EditRefused("E_ACCEPT_ANCHOR", "the value comes from an anchor", self.places(node), hint)

    def places(self, node: SyntaxNode) -> tuple[Position, ...]:
        """Return the source position of a node, where it has one."""
        found = self.view.start(node)
        return (found.position,) if found else ()

    def set(self, path: DocumentPath, value: Json) -> list[SourceEdit]:
        """Replace the value at a path. Raises EditRefused."""
        node = self.node(path)
        span = self._literal(node)
        flow = self._flow(path)
        if isinstance(value, (Mapping, list)) or not isinstance(node, ScalarNode):
            new = self._collection(path, span, value, flow=flow)
            before = span.source.text[: span.start]
            if new[:1] in ("\n", "\r"):
                span = SourceSpan(span.source, len(before.rstrip(" \t")), span.end)
            elif before.endswith(":"):
                new = f" {new}"
            return [_edit(span, new)]
        token = self._token(value, node, span, flow=flow)
        before = span.source.text[span.start - 1 : span.start]
        gap = " " if span.start == span.end and before in (":", "-") else ""
        return [_edit(span, gap + token)]

    def _token(self, value: Json, node: ScalarNode, span: SourceSpan, *, flow: bool) -> str:
        """Return the text of a scalar in the style of the one that it replaces."""
        source = span.source
        behind = source.next_line(span.end)
        blank = source.text[behind : source.line_end(behind)].strip() == "" and behind < len(source.text)
        like = ScalarStyle(
            style=node.style,
            flow=flow,
            text=span.text,
            value=node.value,
            typed=self.typed,
            blank_follows=blank or self.view.is_template,
        )
        token = scalar_text(value, like)
        if token[:1] in BLOCK_STYLES and span.end == len(source.text) and str(value).endswith("\n"):
            token += source.line_break(span.start)  # without a line end, the last line of a file has none to give
        return token

    def _flow(self, path: DocumentPath) -> bool:
        above = list(nodes_on(self.view.root, path[:-1]))
        return any(isinstance(each, (MappingNode, SequenceNode)) and each.flow for each in above)

    def _literal(self, node: SyntaxNode) -> SourceSpan:
        span = self.view.literal(node)
        if span is None:
            raise shape_refused("the text is put together by a template", *self.places(node))
        return span

    def _collection(self, path: DocumentPath, span: SourceSpan, value: Json, *, flow: bool) -> str:
        """Return the text of a mapping, a list or a scalar in place of a node of another type."""
        if not isinstance(value, (Mapping, list)) or not value or flow or not self._prefers_block(path):
            return inline(value)
        indent = _indent(span.source, span.start)
        if indent is None:
            return inline(value)
        if span.source.text[span.end : span.source.line_end(span.end)].strip():
            return inline(value)
        after_key = span.source.text[span.source.line_start(span.start) : span.start].rstrip(" ").endswith(":")
        if not after_key:
            return inline(value)
        end = span.source.line_break(span.start)
        return "".join(f"{end}{indent}{line}" if line else end for line in lines(value, 1))

    def _prefers_block(self, path: DocumentPath) -> bool:
        """Tell whether collections beside a path are written as blocks."""
        parent = node_at(self.view.root, path[:-1])
        if isinstance(parent, AliasStep) or not isinstance(parent[0], MappingNode):
            return True
        beside = [each for _, each in parent[0].entries if isinstance(each, (MappingNode, SequenceNode))]
        flows = [each.flow for each in beside if not each.flow or each.end - each.start > 2]
        return not flows or not all(flows)

    def insert(self, path: DocumentPath, name: str, value: Json, order: Sequence[str]) -> list[SourceEdit]:
        """Add an entry to the mapping at a path, in the order and style of its neighbours. Raises EditRefused."""
        node = self.node(path)
        if not isinstance(node, MappingNode):
            return self.set(path, {name: value})
        if not node.entries:
            span = self._literal(node)
            return [_edit(span, "{" + f"{text(name)}: {inline(value)}" + "}")]
        keys = [key.value for key, _ in node.entries]
        at = _place_of(name, keys, order)
        key = quoted(name) if all(each.style == '"' for each, _ in node.entries) else text(name)
        if node.flow or self._flow((*path, keys[0])):
            return [self._into_flow(node, at, f"{key}: {self._beside(node, value, flow=True)}")]
        return [self._into_block(node, at, key, value)]

    def _beside(self, node: MappingNode, value: Json, *, flow: bool) -> str:
        """Return the text of a value in the quoting style of its neighbours."""
        if not isinstance(value, str):
            return inline(value)
        styles = [each.style for _, each in node.entries if isinstance(each, ScalarNode)]
        known = [style for style in styles if style in ("'", '"')]
        style = max(known, key=known.count) if known else ""
        if not style and scalar(value) != value:
            return quoted(value)
        return scalar_text(value, ScalarStyle(style=style, flow=flow))

    def _into_flow(self, node: MappingNode, at: int, entry: str) -> SourceEdit:
        starts = [self._point(self.view.start(key)) for key, _ in node.entries]
        if at == 0:
            return _insertion(starts[0], f"{entry}, ")
        before, end = starts[at - 1], self._point(self.view.end(node.entries[at - 1][1]))
        if not end.follows(before):
            return _insertion(before, f"{entry}, ")
        return _insertion(end, f"{_separator(starts, self._ends(node), at)}{entry}")

    def _ends(self, node: MappingNode) -> list[SourceSpan]:
        return [self._point(self.view.end(value)) for _, value in node.entries]

    def _into_block(self, node: MappingNode, at: int, key: str, value: Json) -> SourceEdit:
        first = self._point(self.view.start(node.entries[0][0]))
        source = first.source
        indent = _indent(source, first.start)
        if indent is None:
            raise shape_refused("the mapping shares its line", first.position)
        at_dash = source.text[source.line_start(first.start) : first.start].strip(" ") != ""
        head = f"{key}:"
        if isinstance(value, (Mapping, list)) and value and self._is_block(node):
            entry = [head, *lines(value, 1)]
        elif isinstance(value, (Mapping, list)):
            entry = [f"{head} {inline(value)}"]
        else:
            entry = [f"{head} {self._beside(node, value, flow=False)}"]
        if at == 0 and not at_dash:
            here = source.line_start(first.start)
            end = source.line_break(first.start)
            return SourceEdit(source.file, here, here, "".join(f"{indent}{line}{end}" for line in entry))
        key_before, value_before = node.entries[max(at, 1) - 1]
        start, end_ = self._point(self.view.start(key_before)), self._point(self.view.end(value_before))
        end_ = self._line_end(end_) if end_.follows(start) else _end_of_line(start)
        end = source.line_break(end_.start)
        return _insertion(end_, "".join(f"{end}{indent}{line}" if line else end for line in entry))

    @staticmethod
    def _is_block(node: MappingNode) -> bool:
        inner = [each for _, each in node.entries if isinstance(each, (MappingNode, SequenceNode))]
        return not inner or not all(each.flow for each in inner)

    @staticmethod
    def _line_end(point: SourceSpan) -> SourceSpan:
        """Return the end of the line on which a node ends at this point, its comment included."""
        rest = point.source.text[point.start : point.source.line_end(point.start)]
        if not _REST.fullmatch(rest):
            raise shape_refused("more follows on the line", point.position)
        return _end_of_line(point)

    @staticmethod
    def _point(found: SourceSpan | None) -> SourceSpan:
        if found is None:
            raise shape_refused("the text is put together by a template")
        return found


def _edit(span: SourceSpan, new: str) -> SourceEdit:
    return SourceEdit(span.source.file, span.start, span.end, new)


def _end_of_line(point: SourceSpan) -> SourceSpan:
    at = point.source.line_end(point.start)
    return SourceSpan(point.source, at, at)


def _insertion(span: SourceSpan, new: str) -> SourceEdit:
    return SourceEdit(span.source.file, span.start, span.start, new)


def _indent(source: SourceFile, offset: int) -> str | None:
    """Return the indentation of the entry at an offset; None where other text precedes it on its line."""
    start = source.line_start(offset)
    before = source.text[start:offset]
    found = re.match(r"(?:[ ]|- )*", before)
    width = len(found[0]) if found else 0
    rest = before[width:]
    if rest and not re.fullmatch(r"(?:\"[^\"]*\"|'[^']*'|[^\s:#][^:#]*):\s*(?:&\S+\s+)?", rest):
        return None
    return " " * width


def _separator(starts: Sequence[SourceSpan], ends: Sequence[SourceSpan], at: int) -> str:
    """Return the text between two neighbours, its line breaks included; a comma where a comment is between them."""
    for left, right in ((at - 1, at), (at - 2, at - 1)):
        if left >= 0 and right < len(starts) and ends[left].source is starts[right].source:
            between = ends[left].source.text[ends[left].start : starts[right].start]
            if re.fullmatch(r"\s*,\s*", between):
                return between
    return ", "


def _place_of(name: str, keys: Sequence[str], order: Sequence[str]) -> int:
    """Return the index before which a new key goes: by the kind's table, by the alphabet, or at the end."""
    rank = {each: number for number, each in enumerate(order)}
    ranks = [rank.get(key, -1) for key in keys]
    if name in rank and ranks == sorted(ranks):
        return sum(each < rank[name] for each in ranks)
    if len(keys) > 1 and list(keys) == sorted(keys):
        return sum(key < name for key in keys)
    return len(keys)

"""Syntax tree of YAML text: every key, value and item with the start and the end of its token, and its style.

The parser in parser.py keeps eight bytes a node; this one keeps all that an edit needs, and is only used for files
that are edited. Offsets count code points of the parsed text.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import field
from functools import cached_property
from typing import Any

from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml.event_source import EventSource, parser_for
from reconciler.model.source_map import DocumentPath
from reconciler.strings import normalize_name

_MARKER = late_pattern(r"(\A|[\r\n])(---|\.\.\.)(?=\s|\Z)")
_BREAK = late_pattern(r"\r\n|\r|\n")
_PROPERTIES = late_pattern(r"(?:[&!]\S*\s+)*")
BLOCK_STYLES = ("|", ">")


@dataclass(slots=True, kw_only=True)
class SyntaxNode:
    """A node: `start` is behind its anchor and tag, `end` behind its last character; line and column count from 1."""

    start: int
    end: int
    line: int
    column: int
    anchor: str = ""


@dataclass(slots=True, kw_only=True)
class ScalarNode(SyntaxNode):
    """A single value: its text after quoting and folding, and its style: a quote, `|`, `>`, or empty."""

    value: str
    style: str


@dataclass(slots=True, kw_only=True)
class AliasNode(SyntaxNode):
    """An alias: the name of the anchor that it stands for."""

    name: str


@dataclass(slots=True, kw_only=True)
class SequenceNode(SyntaxNode):
    """A list, in block or flow style."""

    flow: bool
    items: list[SyntaxNode] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class MappingNode(SyntaxNode):
    """A mapping, in block or flow style: keys and values in the order of the text."""

    flow: bool
    entries: list[tuple[ScalarNode, SyntaxNode]] = field(default_factory=list)
    _by_name: dict[str, tuple[ScalarNode, SyntaxNode]] = field(default_factory=dict, repr=False, compare=False)

    def entry(self, name: str) -> tuple[ScalarNode, SyntaxNode] | None:
        """Return a key of this mapping itself, merged ones excluded, and its value."""
        if not self._by_name:
            for each in self.entries:
                self._by_name.setdefault(normalize_name(each[0].value), each)
        return self._by_name.get(name)


@dataclass(frozen=True, slots=True)
class AliasStep:
    """What a path passes through where its content is elsewhere: an alias, or a merge key."""

    node: SyntaxNode


def syntax_trees(text: str) -> list[SyntaxNode]:
    """Return the root of each document of valid YAML; raises ValueError where the text is none."""
    parser = parser_for(text)
    roots: list[SyntaxNode] = []
    try:
        while type(event := parser.get_event()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                roots.append(_document(parser, text))
    except YAMLError as problem:
        raise ValueError(str(problem)) from None
    return roots


class DocumentTrees:
    """Syntax trees of the documents of a valid text, each made when it is asked for.

    A marker at the start of a line ends a document wherever it is, so that each part is parsed alone. The part of `...`
    begins behind it: no text begins with that.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        markers = (found.end() if found[2] == "..." else found.end(1) for found in _MARKER.finditer(text))
        self._starts = [0, *(start for start in markers if start)]
        self._parts: dict[int, dict[tuple[int, int], SyntaxNode]] = {}

    @cached_property
    def _lines(self) -> list[int]:
        """Return the number of lines before each part."""
        numbers, behind, count = [], 0, 0
        for start in self._starts:
            count += len(_BREAK.findall(self._text, behind, start))
            numbers.append(count)
            behind = start
        return numbers

    def at(self, line: int, column: int) -> SyntaxNode | None:
        """Return the root of the document whose first node is at a place; raises ValueError for invalid YAML."""
        part = bisect_right(self._lines, line - 1) - 1
        if part not in self._parts:
            start, above = self._starts[part], self._lines[part]
            text = self._text[start : self._starts[part + 1] if part + 1 < len(self._starts) else None]
            roots = syntax_trees(text)
            for root in roots:
                _shift(root, start, above)
            self._parts[part] = {(root.line, root.column): root for root in roots}
        return self._parts[part].get((line, column))


def _shift(root: SyntaxNode, offset: int, lines: int) -> None:
    """Move a tree down by the text before the part that it was made from."""
    left = [root] if offset else []
    while left:
        node = left.pop()
        node.start += offset
        node.end += offset
        node.line += lines
        if isinstance(node, SequenceNode):
            left += node.items
        elif isinstance(node, MappingNode):
            for entry in node.entries:
                left += entry


def _document(parser: EventSource, text: str) -> SyntaxNode:
    """Build one document without recursion: `waiting` is the key of each open mapping whose value follows."""
    open_nodes: list[SequenceNode | MappingNode] = []
    waiting: list[ScalarNode | None] = []
    while True:
        event: Any = parser.get_event()
        kind = type(event)
        if kind is MappingEndEvent or kind is SequenceEndEvent:
            closed = open_nodes.pop()
            waiting.pop()
            closed.end = event.end_mark.index if closed.flow else _last_end(closed)
            if not open_nodes:
                return closed
            continue
        node = _node(event, text)
        if not open_nodes and not isinstance(node, (SequenceNode, MappingNode)):
            return node
        if open_nodes:
            _put(open_nodes[-1], waiting, node)
        if isinstance(node, (SequenceNode, MappingNode)):
            open_nodes.append(node)
            waiting.append(None)


def _put(parent: SequenceNode | MappingNode, waiting: list[ScalarNode | None], node: SyntaxNode) -> None:
    if isinstance(parent, SequenceNode):
        parent.items.append(node)
        return
    key = waiting[-1]
    if key is not None:
        parent.entries.append((key, node))
        waiting[-1] = None
    elif isinstance(node, ScalarNode):
        waiting[-1] = node
    else:
        raise ValueError("a key that is no text")


def _last_end(node: SequenceNode | MappingNode) -> int:
    children = node.items if isinstance(node, SequenceNode) else [value for _, value in node.entries]
    return max(node.start, children[-1].end) if children else node.end


_COLLECTIONS: dict[Any, Any] = {MappingStartEvent: MappingNode, SequenceStartEvent: SequenceNode}


def _node(event: Any, text: str) -> SyntaxNode:
    mark = event.start_mark
    start, line, column = mark.index, mark.line + 1, mark.column + 1
    kind = type(event)
    if kind is AliasEvent:
        return AliasNode(start=start, end=event.end_mark.index, line=line, column=column, name=event.anchor)
    anchor = event.anchor or ""
    if anchor and (found := _PROPERTIES.match(text, start)):
        start = found.end()
    if kind is ScalarEvent:
        style, value = event.style or "", event.value
        end = max(start, event.end_mark.index)
        if style in BLOCK_STYLES:
            end = _block_end(text, start, end, keeps=value.endswith("\n\n"))
        return ScalarNode(start=start, end=end, line=line, column=column, anchor=anchor, value=value, style=style)
    if kind in _COLLECTIONS:
        made: type[MappingNode | SequenceNode] = _COLLECTIONS[kind]
        return made(start=start, end=start, line=line, column=column, anchor=anchor, flow=bool(event.flow_style))
    raise ValueError(f"unexpected {kind.__name__}")


def _block_end(text: str, start: int, end: int, *, keeps: bool) -> int:
    """Return the end of a block scalar: of its last line, blank lines behind it excluded unless they count."""
    body = text[start:end]
    kept = body.rstrip(" \t\r\n")
    if not keeps:
        return start + len(kept)
    lines_end = len(body.rstrip(" \t"))
    return start + (lines_end - 1 if body[:lines_end].endswith("\n") else lines_end)


def node_at(root: SyntaxNode, path: DocumentPath) -> tuple[SyntaxNode, int] | AliasStep:
    """Return the node at a path and the number of steps that the text has; AliasStep where an alias is passed."""
    here = root
    for number, step in enumerate(path):
        if isinstance(here, AliasNode):
            return AliasStep(here)
        below: SyntaxNode | None = None
        if isinstance(here, MappingNode) and isinstance(step, str):
            found = here.entry(step)
            below = found[1] if found else None
            merged = here.entry("<<")
            if below is None and merged is not None and not merged[0].style:
                return AliasStep(merged[1])
        elif isinstance(here, SequenceNode) and isinstance(step, int) and step < len(here.items):
            below = here.items[step]
        if below is None:
            return here, number
        here = below
    return AliasStep(here) if isinstance(here, AliasNode) else (here, len(path))


def nodes_on(root: SyntaxNode, path: DocumentPath) -> Iterator[SyntaxNode]:
    """Yield the nodes from the root down to a path, as far as the text has them."""
    for length in range(len(path) + 1):
        found = node_at(root, path[:length])
        if isinstance(found, AliasStep) or found[1] < length:
            return
        yield found[0]


def aliases_of(root: SyntaxNode, name: str) -> Iterator[AliasNode]:
    """Yield the aliases of an anchor in a document."""
    left = [root]
    while left:
        node = left.pop()
        if isinstance(node, AliasNode) and node.name == name:
            yield node
        elif isinstance(node, SequenceNode):
            left += reversed(node.items)
        elif isinstance(node, MappingNode):
            left += reversed([value for _, value in node.entries])


def scalars_of(root: SyntaxNode) -> Iterator[tuple[DocumentPath, ScalarNode]]:
    """Yield every single value of a document with its path, keys excluded."""
    left: list[tuple[DocumentPath, SyntaxNode]] = [((), root)]
    while left:
        path, node = left.pop()
        if isinstance(node, ScalarNode):
            yield path, node
        elif isinstance(node, SequenceNode):
            left += reversed([((*path, index), item) for index, item in enumerate(node.items)])
        elif isinstance(node, MappingNode):
            left += reversed([((*path, normalize_name(key.value)), value) for key, value in node.entries])

"""Syntax tree of YAML text: every key, value and item with the start and the end of its token, and its style.

The parser in parser.py keeps eight bytes a node; this one keeps all that an edit needs, and is only used for files
that are edited. Offsets count code points of the parsed text.
"""

import re
from collections.abc import Iterator
from dataclasses import field
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
from reconciler.manifest.yaml.event_source import EventSource, parser_for
from reconciler.model.source_map import DocumentPath
from reconciler.strings import normalize_name

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
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

    def entry(self, name: str) -> tuple[ScalarNode, SyntaxNode] | None:
        """Return a key of this mapping itself, merged ones excluded, and its value."""
        return next((each for each in self.entries if normalize_name(each[0].value) == name), None)


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


def _node(event: Any, text: str) -> SyntaxNode:
    mark = event.start_mark
    found = _PROPERTIES.match(text, mark.index)
    properties = event.anchor and type(event) is not AliasEvent
    start = found.end() if found and properties else mark.index
    place: dict[str, Any] = {"start": start, "line": mark.line + 1, "column": mark.column + 1}
    kind = type(event)
    if kind is AliasEvent:
        return AliasNode(**place, end=event.end_mark.index, name=event.anchor)
    anchor = event.anchor or ""
    if kind is ScalarEvent:
        style = event.style or ""
        end = max(start, event.end_mark.index)
        if style in BLOCK_STYLES:
            end = _block_end(text, start, end, keeps=event.value.endswith("\n\n"))
        return ScalarNode(**place, end=end, anchor=anchor, value=event.value, style=style)
    if kind is MappingStartEvent:
        return MappingNode(**place, end=start, anchor=anchor, flow=bool(event.flow_style))
    if kind is SequenceStartEvent:
        return SequenceNode(**place, end=start, anchor=anchor, flow=bool(event.flow_style))
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

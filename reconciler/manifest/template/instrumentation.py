"""Adds marks to a template's syntax tree: before each line of its text, and around each expression."""

import bisect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, NamedTuple

from jinja2 import Environment, nodes

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.template import marked_text
from reconciler.manifest.template.exceptions import ControlCharacterError
from reconciler.manifest.template.marked_text import TemplateOrigin

_NEWLINE = late_pattern(r"\r\n|\r|\n")


class TemplatePiece(NamedTuple):
    """A piece of template text or an expression: its offset, and the source of an expression (from `{{` on)."""

    offset: int
    text: str


class TemplateText:
    """Template text with its lines; line breaks are normalized as in Jinja."""

    def __init__(self, text: str) -> None:
        self.text = _NEWLINE.sub("\n", text)
        self._starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def at(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, counted from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def pieces(
    environment: Environment, source: TemplateText, name: str
) -> tuple[list[TemplatePiece], list[TemplatePiece]]:
    """Return the pieces of text and the expressions of a template, each in the order of the file."""
    texts: list[TemplatePiece] = []
    expressions: list[TemplatePiece] = []
    begun = -1
    for offset, kind, value in _tokens(environment, source.text, name):
        if kind == "data":
            texts.append(TemplatePiece(offset, value))
        elif kind == "variable_begin":
            begun = offset
        elif kind == "variable_end":
            expressions.append(TemplatePiece(begun, source.text[begun : offset + len(value)].rstrip()))
    return texts, expressions


def _tokens(environment: Environment, text: str, name: str) -> Iterator[tuple[int, str, str]]:
    """Yield each token with its offset; only white space lies between tokens."""
    offset = 0
    for _line, kind, value in environment.lexer.tokeniter(text, name):
        while not text.startswith(value, offset) and offset < len(text):
            offset += 1
        yield offset, kind, value
        offset += len(value)


OUTPUT = "_output"
"""Filter that is applied to each expression's output."""

_CAPTURING = (
    *(nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock),
    *(nodes.Block, nodes.Import, nodes.FromImport, nodes.Extends),
)
_MACROS = (nodes.Macro, nodes.CallBlock)
_CAUGHT = (*_MACROS, nodes.FilterBlock, nodes.AssignBlock)
_STATEMENTS = (nodes.Include, nodes.CallBlock)
_CONTROL = late_pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE = late_pattern(r"[^\n]*\n?")


@dataclass(slots=True)
class OriginTable:
    """Origins of the templates of one run, by number; `captures` once a template can read its own output."""

    places: list[TemplateOrigin] = field(default_factory=list)
    captures: bool = False

    def add(self, place: TemplateOrigin) -> str:
        """Add an origin and return its mark."""
        self.places.append(place)
        return marked_text.origin_mark(len(self.places) - 1)


def nodes_below(tree: nodes.Node) -> list[nodes.Node]:
    """Return every node below one, each before those in it, as `find_all` does in several times as long."""
    found: list[nodes.Node] = []
    left = [tree]
    while left:
        node = left.pop()
        found.append(node)
        inside: list[nodes.Node] = []
        for name in node.fields:
            value = getattr(node, name, None)
            if isinstance(value, nodes.Node):
                inside.append(value)
            elif isinstance(value, list):
                inside += [each for each in value if isinstance(each, nodes.Node)]
        left += reversed(inside)
    return found[1:]


def mark(
    environment: Environment, tree: nodes.Template, text: str, name: str, table: OriginTable, *, visible: bool
) -> nodes.Template:
    """Mark a parsed template in place; without `visible`, expressions only record their origins."""
    below = nodes_below(tree)
    source = TemplateText(text)
    texts, expressions = (iter(found) for found in pieces(environment, source, name))
    uses = used(tree)
    table.captures = table.captures or any(isinstance(node, _CAPTURING) for node in below)
    _refuse_control(below)
    macros = [node for node in below if isinstance(node, _MACROS)]
    in_macros = {id(output) for macro in macros for output in macro.find_all(nodes.Output)}
    for output in (node for node in below if isinstance(node, nodes.Output)):
        inside = id(output) in in_macros
        for number, child in enumerate(output.nodes):
            if isinstance(child, nodes.TemplateData):
                if visible:
                    child.data = _marked(
                        child.data, next(texts), source, TemplateOrigin(name, 1, 1, in_macro=inside), table
                    )
            else:
                piece = next(expressions)
                calls = any(isinstance(each, nodes.Call) for each in (child, *nodes_below(child)))
                reads = uses.get(id(child), ())
                place = TemplateOrigin(name, *source.at(piece.offset), piece.text, reads, calls, inside)
                output.nodes[number] = _through_output(environment, child, table.add(place), calls=calls)
    if visible and any(isinstance(node, _STATEMENTS) for node in below):
        _mark_statements(tree, source, name, table)
        tree.set_environment(environment)
    return tree


def _mark_statements(tree: nodes.Template, source: TemplateText, name: str, table: OriginTable) -> None:
    """Put a mark before each include and call block: the following text is called from there.

    Macros and filtered blocks are excluded: a mark on a blank line would change the result of filters.
    """
    inside = {id(node) for block in tree.find_all(_CAUGHT) for node in block.find_all(_STATEMENTS)}
    lines = source.text.split("\n")
    for parent in [tree, *tree.find_all(nodes.Node)]:
        for _field, children in parent.iter_fields():
            if not isinstance(children, list):
                continue
            for number in reversed(range(len(children))):
                node = children[number]
                if isinstance(node, _STATEMENTS) and id(node) not in inside:
                    text = lines[node.lineno - 1]
                    column = text.find("{%") + 1 or 1
                    place = TemplateOrigin(name, node.lineno, column, "{%" + text[column + 1 :], calls=True)
                    mark_ = nodes.TemplateData(marked_text.as_call(table.add(place)), lineno=node.lineno)
                    children.insert(number, nodes.Output([mark_], lineno=node.lineno))


def _marked(data: str, piece: TemplatePiece, source: TemplateText, place: TemplateOrigin, table: OriginTable) -> str:
    """Put a mark before the first visible character of each line."""
    parts: list[str] = []
    offset = piece.offset
    for line in _LINE.findall(data):
        visible = line.lstrip()
        blank = len(line) - len(visible)
        if visible:
            parts += (line[:blank], table.add(_at(place, source, offset + blank)), visible)
        else:
            parts.append(line)
        offset += len(line)
    return "".join(parts)


def _at(place: TemplateOrigin, source: TemplateText, offset: int) -> TemplateOrigin:
    return TemplateOrigin(place.file, *source.at(offset), in_macro=place.in_macro)


def _through_output(environment: Environment, node: nodes.Expr, mark_: str, *, calls: bool) -> nodes.Filter:
    of: dict[str, Any] = {"lineno": node.lineno, "environment": environment}
    arguments: list[nodes.Expr] = [nodes.Const(each, **of) for each in (mark_, calls)]
    return nodes.Filter(node, OUTPUT, arguments, [], None, None, **of)


def _refuse_control(below: Iterable[nodes.Node]) -> None:
    """Refuse control characters in the template's own text, which could imitate a mark and are invalid in manifests."""
    for node in below:
        value = node.value if isinstance(node, nodes.Const) else None
        found = _CONTROL.search(value) if isinstance(value, str) else None
        if found:
            raise ControlCharacterError(f"U+{ord(found[0]):04X}", node.lineno)


Paths = frozenset[tuple[str, ...]]
_Scope = Mapping[str, Paths]
_ROOTS = ("values", "env")
_MOST = 8
"""Most values that an explanation lists."""


def used(tree: nodes.Template) -> dict[int, tuple[str, ...]]:
    """Return, for each output expression, the dotted paths it reads, by the node's id()."""
    found: dict[int, tuple[str, ...]] = {}
    _walk(tree, {root: frozenset({(root,)}) for root in _ROOTS}, found)
    return found


def _walk(node: nodes.Node, scope: _Scope, found: dict[int, tuple[str, ...]]) -> _Scope:
    """Look at a node and below; return the scope for what follows it."""
    if isinstance(node, nodes.Output):
        for written in node.nodes:
            paths = sorted(".".join(path) for path in _paths(written, scope))
            found[id(written)] = tuple(paths[:_MOST])
        return scope
    if isinstance(node, nodes.Assign):
        return {**scope, **{name: _paths(node.node, scope) for name in _targets(node.target)}}
    inner = scope
    if isinstance(node, nodes.For):
        inner = {**scope, **{name: _paths(node.iter, scope) for name in _targets(node.target)}}
    for child in node.iter_child_nodes():
        inner = _walk(child, inner, found)
    return inner if isinstance(node, nodes.If) else scope


def _targets(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        yield node.name
    for child in node.iter_child_nodes():
        yield from _targets(child)


def _paths(node: nodes.Node, scope: _Scope) -> Paths:
    """Return the paths an expression reads."""
    if isinstance(node, nodes.Name):
        return scope.get(node.name, frozenset())
    if isinstance(node, nodes.Getattr):
        return frozenset((*path, node.attr) for path in _paths(node.node, scope))
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return frozenset((*path, str(node.arg.value)) for path in _paths(node.node, scope))
    return frozenset(path for child in node.iter_child_nodes() for path in _paths(child, scope))

"""Puts marks into a template's syntax tree: before each line of its text, and around each expression."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from jinja2 import Environment, nodes

from reconciler.manifest import marks, provenance
from reconciler.manifest.places import Piece, Source, pieces
from reconciler.manifest.refusals import ControlError

OUTPUT = "_output"
"""The filter each expression's value goes through on its way out."""

_CAPTURING = (
    *(nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock),
    *(nodes.Block, nodes.Import, nodes.FromImport, nodes.Extends),
)
_MACROS = (nodes.Macro, nodes.CallBlock)
_CAUGHT = (*_MACROS, nodes.FilterBlock, nodes.AssignBlock)
_STATEMENTS = (nodes.Include, nodes.CallBlock)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE = re.compile(r"[^\n]*\n?")


class Place(NamedTuple):
    """Where a piece of rendered text was written; of an expression also its source, and the values it reads.

    `calls` tells that what follows may be text of a macro or of another file; `in_macro` that the piece is a macro's.
    """

    file: str
    line: int
    column: int
    expression: str = ""
    uses: tuple[str, ...] = ()
    calls: bool = False
    in_macro: bool = False

    @property
    def is_statement(self) -> bool:
        """Whether it is an include or a call block, which writes nothing by itself."""
        return self.expression.startswith("{%")


@dataclass(slots=True)
class Table:
    """All places of the templates of one run, by number; `captures` once a template can look at what it wrote."""

    places: list[Place] = field(default_factory=list)
    captures: bool = False

    def add(self, place: Place) -> str:
        """Note a place and return its mark."""
        self.places.append(place)
        return marks.place(len(self.places) - 1)


def mark(
    environment: Environment, tree: nodes.Template, text: str, name: str, table: Table, *, visible: bool
) -> nodes.Template:
    """Mark a template's syntax tree in place; without `visible`, expressions know their places and that is all."""
    source = Source(text)
    texts, expressions = (iter(found) for found in pieces(environment, source, name))
    uses = provenance.used(tree)
    table.captures = table.captures or any(True for _ in tree.find_all(_CAPTURING))
    _refuse_control(tree)
    in_macros = {id(output) for macro in tree.find_all(_MACROS) for output in macro.find_all(nodes.Output)}
    for output in list(tree.find_all(nodes.Output)):
        inside = id(output) in in_macros
        for number, child in enumerate(output.nodes):
            if isinstance(child, nodes.TemplateData):
                if visible:
                    child.data = _marked(child.data, next(texts), source, Place(name, 1, 1, in_macro=inside), table)
            else:
                piece = next(expressions)
                calls = isinstance(child, nodes.Call) or child.find(nodes.Call) is not None
                reads = uses.get(id(child), ())
                place = Place(name, *source.at(piece.offset), piece.text, reads, calls, inside)
                output.nodes[number] = _through_output(child, table.add(place), calls=calls)
    if visible:
        _mark_statements(tree, source, name, table)
    tree.set_environment(environment)
    return tree


def _mark_statements(tree: nodes.Template, source: Source, name: str, table: Table) -> None:
    """Put a mark before each include and call block: what follows it is called from there.

    Not inside of macros and of blocks whose text filters see: a mark on a blank line would disturb them.
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
                    place = Place(name, node.lineno, column, "{%" + text[column + 1 :], calls=True)
                    mark_ = nodes.TemplateData(marks.as_call(table.add(place)), lineno=node.lineno)
                    children.insert(number, nodes.Output([mark_], lineno=node.lineno))


def _marked(data: str, piece: Piece, source: Source, place: Place, table: Table) -> str:
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


def _at(place: Place, source: Source, offset: int) -> Place:
    line, column = source.at(offset)
    return place._replace(line=line, column=column)


def _through_output(node: nodes.Expr, mark_: str, *, calls: bool) -> nodes.Filter:
    arguments: list[nodes.Expr] = [nodes.Const(each, lineno=node.lineno) for each in (mark_, calls)]
    return nodes.Filter(node, OUTPUT, arguments, [], None, None, lineno=node.lineno)


def _refuse_control(tree: nodes.Template) -> None:
    """A text of the template's own could look like a mark; no manifest may hold such characters anyhow."""
    for const in tree.find_all(nodes.Const):
        found = _CONTROL.search(const.value) if isinstance(const.value, str) else None
        if found:
            raise ControlError(f"U+{ord(found[0]):04X}", const.lineno)

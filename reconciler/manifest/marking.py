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
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE = re.compile(r"[^\n]*\n?")


class Place(NamedTuple):
    """Where a piece of rendered text was written; of an expression also its source, and the values it reads."""

    file: str
    line: int
    column: int
    expression: str = ""
    uses: tuple[str, ...] = ()


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
    for output in list(tree.find_all(nodes.Output)):
        for number, child in enumerate(output.nodes):
            if isinstance(child, nodes.TemplateData):
                if visible:
                    child.data = _marked(child.data, next(texts), source, name, table)
            else:
                piece = next(expressions)
                place = Place(name, *source.at(piece.offset), piece.text, uses.get(id(child), ()))
                output.nodes[number] = _through_output(child, table.add(place))
    tree.set_environment(environment)
    return tree


def _marked(data: str, piece: Piece, source: Source, name: str, table: Table) -> str:
    """Put a mark before the first visible character of each line."""
    parts: list[str] = []
    offset = piece.offset
    for line in _LINE.findall(data):
        visible = line.lstrip()
        blank = len(line) - len(visible)
        if visible:
            parts += (line[:blank], table.add(Place(name, *source.at(offset + blank))), visible)
        else:
            parts.append(line)
        offset += len(line)
    return "".join(parts)


def _through_output(node: nodes.Expr, mark_: str) -> nodes.Filter:
    argument = nodes.Const(mark_, lineno=node.lineno)
    return nodes.Filter(node, OUTPUT, [argument], [], None, None, lineno=node.lineno)


def _refuse_control(tree: nodes.Template) -> None:
    """A text of the template's own could look like a mark; no manifest may hold such characters anyhow."""
    for const in tree.find_all(nodes.Const):
        found = _CONTROL.search(const.value) if isinstance(const.value, str) else None
        if found:
            raise ControlError(f"U+{ord(found[0]):04X}", const.lineno)

"""Where the pieces of a template stand: its own text, and its expressions."""

import bisect
import re
from collections.abc import Iterator
from typing import NamedTuple

from jinja2 import Environment

_NEWLINE = re.compile(r"\r\n|\r|\n")


class Piece(NamedTuple):
    """A piece of template text or an expression: its offset, and the source of an expression (from `{{` on)."""

    offset: int
    text: str


class Source:
    """A template's text with its lines, newlines made one as Jinja does."""

    def __init__(self, text: str) -> None:
        self.text = _NEWLINE.sub("\n", text)
        self._starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def at(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, counted from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def pieces(environment: Environment, source: Source, name: str) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces of text and the expressions of a template, each in the order of the file."""
    texts: list[Piece] = []
    expressions: list[Piece] = []
    begun = -1
    for offset, kind, value in _tokens(environment, source.text, name):
        if kind == "data":
            texts.append(Piece(offset, value))
        elif kind == "variable_begin":
            begun = offset
        elif kind == "variable_end":
            expressions.append(Piece(begun, source.text[begun : offset + len(value)].rstrip()))
    return texts, expressions


def _tokens(environment: Environment, text: str, name: str) -> Iterator[tuple[int, str, str]]:
    """Yield each token with its offset: what the lexer leaves out between tokens is white space only."""
    offset = 0
    for _line, kind, value in environment.lexer.tokeniter(text, name):
        while not text.startswith(value, offset) and offset < len(text):
            offset += 1
        yield offset, kind, value
        offset += len(value)

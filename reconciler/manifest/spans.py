"""What expressions wrote that could be taken for YAML: where it begins and ends in the text without marks."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reconciler.manifest import marks
from reconciler.manifest.document import packed
from reconciler.manifest.marking import Place

_EDGE = re.compile("([\x03-\x06])")


class Span(NamedTuple):
    """What one expression wrote, by offsets; `node` if it must be a whole node rather than a part of a text."""

    start: int
    end: int
    node: bool
    place: Place


def spans(marked: str, places: Sequence[Place]) -> list[Span]:
    """Return all outputs that have to be looked at, in the order of the text."""
    found: list[Span] = []
    place = Place("", 1, 1)
    length = opened = 0
    for number, piece in enumerate(_EDGE.split(marked)):
        if number % 2 == 0:
            place = _last_place(piece, places) or place
            length += len(marks.unmarked(piece))
        elif piece in (marks.OPEN, marks.NODE):
            opened = length
        else:
            found.append(Span(opened, length, piece == marks.NODE_END, place))
    return found


def node_places(marked: str) -> Iterator[int]:
    """Yield the packed line and column at which each whole node begins; faster than all spans."""
    for number, line in enumerate(marked.split("\n")):
        column = behind = 0
        start = line.find(marks.NODE)
        while start >= 0:
            column += len(marks.unmarked(line[behind:start]))
            behind = start
            yield packed(number, column)
            start = line.find(marks.NODE, start + 1)


def _last_place(piece: str, places: Sequence[Place]) -> Place | None:
    start = piece.rfind(marks.NUMBER)
    found = marks.PLACE.match(piece, start) if start >= 0 else None
    number = marks.number(found[1]) if found else len(places)
    return places[number] if number < len(places) else None

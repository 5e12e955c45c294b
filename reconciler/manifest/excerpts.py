"""The source line of each place a diagnostic names, for reports that show an excerpt."""

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.errors import ReconcilerError
from reconciler.manifest.tree import Tree
from reconciler.model.change import MASK
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source import Position

_BREAK = re.compile(r"\r\n|\r|\n")
_LONGEST = 400


def excerpts(tree: Tree, diagnostics: Iterable[Diagnostic]) -> Mapping[Position, str]:
    """Return the line at each place, shortened; places in files that cannot be read have none.

    A line that holds a secret nobody should have written there is shown up to the secret.
    """
    lines: dict[str, list[str]] = {}
    found: dict[Position, str] = {}
    diagnostics = tuple(diagnostics)
    secrets = _secrets(diagnostics)
    for place in _places(diagnostics):
        if place.file not in lines:
            lines[place.file] = _lines(tree, place.file)
        if 0 < place.line <= len(lines[place.file]):
            line = lines[place.file][place.line - 1][:_LONGEST]
            secret = secrets.get((place.file, place.line))
            found[place] = line if secret is None else line[: secret - 1] + MASK
    return found


def _secrets(diagnostics: Iterable[Diagnostic]) -> Mapping[tuple[str, int], int]:
    """Return the column from which a line must not be shown."""
    found: dict[tuple[str, int], int] = {}
    for each in diagnostics:
        if each.code == "E_SECRET_LITERAL" and each.position is not None:
            where = (each.position.file, each.position.line)
            found[where] = min(each.position.column, found.get(where, each.position.column))
    return found


def _places(diagnostics: Iterable[Diagnostic]) -> Iterator[Position]:
    for each in diagnostics:
        if each.position is not None:
            yield each.position
        yield from (related.position for related in each.related)


def _lines(tree: Tree, file: str) -> list[str]:
    try:
        return _BREAK.split(tree.read(file).decode("utf-8-sig", "replace"))
    except ReconcilerError:
        return []

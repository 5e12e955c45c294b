"""Where something stands in the files people edit."""

from dataclasses import dataclass
from typing import Protocol

DocumentPath = tuple[str | int, ...]
"""Steps from a document's root: keys and list indexes, as in ("spec", "interaction_rules", 3, "trigger")."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file that a person edits, never in rendered text; line and column count from 1.

    `file` is relative to the project, with forward slashes; column counts code points.
    """

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SourceMap(Protocol):
    """Leads from a path inside one document to the place where it is written."""

    def at(self, path: DocumentPath, *, key: bool = False) -> Position:
        """Return the place of the value at `path` (of its key with `key`); of its nearest parent if absent."""
        ...

    def origin(self, path: DocumentPath) -> str:
        """Say in words where the value came from: the file and line, and the values file or `--set` it used."""
        ...


@dataclass(frozen=True, slots=True)
class NoSource:
    """The source map of values that no file declares; `name` is what stands for the file in every position."""

    name: str = "(no file)"

    def at(self, path: DocumentPath, *, key: bool = False) -> Position:  # noqa: ARG002 - the shape of SourceMap
        """Return the one position there is."""
        return Position(self.name, 1)

    def origin(self, path: DocumentPath) -> str:  # noqa: ARG002 - the shape of SourceMap
        """Return the name."""
        return self.name


NO_SOURCE = NoSource()
"""The source map of what is known from the live side, a journal or a test."""


class Excerpt(str):
    """The part of a source line around a place; `skipped` is how many characters of the line stand before it."""

    __slots__ = ("skipped",)
    skipped: int

    @classmethod
    def around(cls, line: str, column: int, width: int) -> "Excerpt":
        """Return at most `width` characters of a line, with the column (counted from 1) among them."""
        start = max(0, min(column - 1 - width // 2, len(line) - width))
        found = cls(line[start : start + width])
        found.skipped = start
        return found


def column_in(excerpt: str, column: int) -> int:
    """Return where a column of the line stands in an excerpt of it, counted from 1."""
    return column - (excerpt.skipped if isinstance(excerpt, Excerpt) else 0)

"""Positions in source files."""

from typing import Protocol

from reconciler.late_methods import dataclass

DocumentPath = tuple[str | int, ...]
"""Steps from a document's root: keys and list indexes, as in ("spec", "interaction_rules", 3, "trigger")."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Position in a source file, never in rendered text; line and column count from 1.

    `file` is relative to the project, with forward slashes; column counts code points.
    """

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class SourceMap(Protocol):
    """Maps a path inside one document to its position."""

    def at(self, path: DocumentPath, *, key: bool = False) -> Position:
        """Return the position of the value at `path` (of its key with `key`); of its nearest parent if absent."""
        ...

    def origin(self, path: DocumentPath) -> str:
        """Describe the origin of a value: the file and line, and the values file or `--set` it used."""
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
    """Part of a source line around a position; `skipped` is the number of characters of the line before it."""

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
    """Convert a column of the line to a column of its excerpt, counted from 1."""
    return column - (excerpt.skipped if isinstance(excerpt, Excerpt) else 0)

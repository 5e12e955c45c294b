"""From a path inside one document to the place a person edits, and to where its value came from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.manifest.document import Document
from reconciler.model.source import Path, Position

Origin = Callable[[int, int], str]


class SourceLines:
    """A text that is asked for places by line and column, counted from 1; it is split into lines once."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    def is_plain(self, line: int, column: int) -> bool:
        """Tell whether the scalar that begins there is written without quotes."""
        lines = self._lines
        return line <= len(lines) and lines[line - 1][column - 1 : column] not in ("'", '"', "|", ">")


@dataclass(frozen=True, slots=True)
class DocumentLocator:
    """Implements model.source.Locator for one document of a file.

    `where` and `words` take a line and a column of `text`, the text that was parsed, which templates may have made.
    """

    document: Document = field(repr=False)
    where: Callable[[int, int], Position] = field(repr=False)
    words: Origin | None = field(default=None, repr=False)
    text: "SourceLines" = field(default_factory=lambda: SourceLines(""), repr=False)

    def at(self, path: Path, *, key: bool = False) -> Position:
        """Return the place of the value at `path` (of its key with `key`); of its nearest parent if absent."""
        return self.where(*self.document.at(path, key=key))

    def plain(self, path: Path) -> bool:
        """Tell whether the scalar at `path` is written without quotes."""
        return self.text.is_plain(*self.document.at(path))

    def origin(self, path: Path) -> str:
        """Say where the value came from: its place, and the values files or `--set` its expression used."""
        line, column = self.document.at(path)
        used = self.words(line, column) if self.words else ""
        return f"{self.where(line, column)}{used}"

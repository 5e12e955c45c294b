"""Source files as they are edited: their text without its byte order mark, spans in it, and edits.

An edit replaces a span; every byte outside the spans stays as it is: line ends, byte order mark, a missing final line
end. Offsets count code points of the text as it is in the file.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import field
from functools import cached_property

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.yaml import characters
from reconciler.model.source_edit import SourceEdit
from reconciler.model.source_map import Position

_MARK = b"\xef\xbb\xbf"
_BREAK = late_pattern(r"\r\n|\r|\n")


@dataclass(frozen=True)
class SourceFile:
    """Text of one file. `plain` is the same with line feeds alone, as templates see it."""

    file: str
    text: str = field(repr=False)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def plain(self) -> str:
        """Text with every line end as a line feed."""
        return _BREAK.sub("\n", self.text) if "\r" in self.text else self.text

    @cached_property
    def _plain_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.plain))]

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column, counted from 1."""
        return self._starts[line - 1] + column - 1

    def plain_offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column in `plain`."""
        return self._plain_starts[line - 1] + column - 1

    def from_plain(self, offset: int) -> int:
        """Convert an offset in `plain` to one in the text."""
        if self.plain is self.text:
            return offset
        line = bisect_right(self._plain_starts, offset) - 1
        return self._starts[line] + offset - self._plain_starts[line]

    def position(self, offset: int) -> Position:
        """Return the position of an offset."""
        line = bisect_right(self._starts, offset)
        return Position(self.file, line, offset - self._starts[line - 1] + 1)

    def line_start(self, offset: int) -> int:
        """Return the offset of the start of a line."""
        return self._starts[bisect_right(self._starts, max(offset, 0)) - 1]

    def line_end(self, offset: int) -> int:
        """Return the offset of the end of a line, before its line break."""
        found = _BREAK.search(self.text, offset)
        return found.start() if found else len(self.text)

    def line_break(self, offset: int) -> str:
        """Return the line break of the line at an offset; of the file where that line has none."""
        found = _BREAK.match(self.text, self.line_end(offset)) or _BREAK.search(self.text)
        return found[0] if found else "\n"

    def next_line(self, offset: int) -> int:
        """Return the offset behind the line break of a line."""
        end = self.line_end(offset)
        found = _BREAK.match(self.text, end)
        return found.end() if found else end


class SourceTexts:
    """The files of a project, each decoded once. Raises ManifestError for one that cannot be read."""

    def __init__(self, tree: ProjectTree) -> None:
        self._tree = tree
        self._texts: dict[str, SourceFile] = {}

    def text(self, file: str) -> SourceFile:
        """Return a file's text."""
        if file not in self._texts:
            self._texts[file] = SourceFile(file, characters.decode(self._tree.read(file), file))
        return self._texts[file]

    def edited(self, edits: Iterable[SourceEdit]) -> dict[str, bytes]:
        """Return the new bytes of every file with an edit. Raises ValueError where two edits overlap."""
        files: dict[str, list[SourceEdit]] = {}
        for edit in edits:
            files.setdefault(edit.file, []).append(edit)
        return {file: self._bytes(file, inside) for file, inside in sorted(files.items())}

    def _bytes(self, file: str, edits: list[SourceEdit]) -> bytes:
        data = self._tree.read(file)
        mark = _MARK if data.startswith(_MARK) else b""
        return mark + replaced(self.text(file).text, edits).encode()


def replaced(text: str, edits: Iterable[SourceEdit], shift: int = 0) -> str:
    """Apply edits to a text; `shift` is the offset of its start in the file. Raises ValueError where two overlap."""
    parts: list[str] = []
    behind = 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        start, end = edit.start - shift, edit.end - shift
        if start < behind:
            raise ValueError(f"two edits overlap at offset {edit.start} of {edit.file}")
        parts += (text[behind:start], edit.text)
        behind = end
    return "".join((*parts, text[behind:]))

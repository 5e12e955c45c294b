"""Source line of each position in a diagnostic, for reports with excerpts."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Protocol

from reconciler.errors import ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.manifest.files.project_tree import ProjectTree
from reconciler.manifest.yaml.document import Document, LateDocument, NodePlace
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source_map import DocumentPath, Excerpt, Position
from reconciler.redaction import redact_from

if TYPE_CHECKING:  # Jinja stays unloaded where no file is a template
    from reconciler.manifest.template.renderer import RenderedTemplate
    from reconciler.manifest.template.template_positions import LineMap

_LONGEST = 400

VALUE = "comes from here"
"""End of the message of a related position in a values file."""


def excerpts(tree: ProjectTree, diagnostics: Iterable[Diagnostic]) -> Mapping[Position, str]:
    """Return the truncated line at each position; positions in unreadable files have none.

    A line with a literal secret is shown up to the secret.
    """
    found: dict[Position, str] = {}
    diagnostics = tuple(diagnostics)
    secrets = _secrets(diagnostics)
    places: dict[str, list[Position]] = {}
    for place in _places(diagnostics):
        places.setdefault(place.file, []).append(place)
    for file, inside in places.items():
        lines = _lines(tree, file, {place.line for place in inside})
        for place in inside:
            if place.line in lines:
                found[place] = _excerpt(lines[place.line], place.column, secrets.get((file, place.line)))
    return found


def _excerpt(line: str, column: int, secret: int | None) -> Excerpt:
    return Excerpt.around(line if secret is None else redact_from(line, secret), column, _LONGEST)


def line_of(tree: ProjectTree, place: Position) -> str:
    """Return the whole line at a position; empty where there is none."""
    return _lines(tree, place.file, (place.line,)).get(place.line, "")


def _secrets(diagnostics: Iterable[Diagnostic]) -> Mapping[tuple[str, int], int]:
    """Return the column from which a line is hidden."""
    found: dict[tuple[str, int], int] = {}
    for each in diagnostics:
        if each.code == "E_SECRET_LITERAL" and each.position is not None:
            where = (each.position.file, each.position.line)
            found[where] = min(each.position.column, found.get(where, each.position.column))
    return found


def _places(diagnostics: Iterable[Diagnostic]) -> Iterator[Position]:
    """Return the positions with displayed lines; a values file's lines are not displayed, since they may be secret."""
    for each in diagnostics:
        if each.position is not None:
            yield each.position
        of_template = each.code.startswith("E_TPL_") and each.code != "E_TPL_STRUCTURE"
        shown = (one for one in each.related if of_template or not one.message.endswith(VALUE))
        yield from (related.position for related in shown)


def _lines(tree: ProjectTree, file: str, wanted: Iterable[int]) -> Mapping[int, str]:
    """Return these lines of a file by their number, as far as they exist."""
    try:
        text = tree.read(file).decode("utf-8-sig", "replace")
    except ReconcilerError:
        return {}
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: dict[int, str] = {}
    number, start = 1, 0
    for line in sorted(wanted):
        while number < line and (end := text.find("\n", start)) >= 0:
            number, start = number + 1, end + 1
        if number == line:
            end = text.find("\n", start)
            found[line] = text[start : end if end >= 0 else len(text)]
    return found


Origin = Callable[[NodePlace, NodePlace], str]
"""Describes the values that the text between two places was made of."""

_DOCUMENT = late_pattern(r"(?:---|\.\.\.)(?:\s|$)")
_QUOTED = late_pattern(r""" "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' """, re.DOTALL | re.VERBOSE)
_COMMENT = late_pattern(r"(?:^|\s)#", re.MULTILINE)


class SourceLines:
    """The text whose lines `lines` returns, with access by line and column, counted from 1; it is asked once."""

    def __init__(self, lines: Callable[[], Sequence[str]]) -> None:
        self._read = lines

    @cached_property
    def _lines(self) -> Sequence[str]:
        return self._read()

    def is_plain(self, line: int, column: int) -> bool:
        """Tell whether the scalar that begins there is written without quotes."""
        lines = self._lines
        return line <= len(lines) and lines[line - 1][column - 1 : column] not in ("'", '"', "|", ">")

    def scalar_end(self, start: NodePlace, following: NodePlace | None) -> NodePlace:
        """Return the place behind the scalar at `start`, before the node that follows it in its document, if any.

        A comment behind the scalar is not part of it.
        """
        text = self._between(start, following)
        if quoted := _QUOTED.match(text):
            text = quoted[0]
        elif text[:1] in ("|", ">"):
            text = _block(text)
        elif comment := _COMMENT.search(text):
            text = text[: comment.start()]
        breaks = text.count("\n")
        return start[0] + breaks, len(text) - text.rfind("\n") if breaks else start[1] + len(text)

    def _between(self, start: NodePlace, following: NodePlace | None) -> str:
        """Return the text from one node to the next, or to the end of the document."""
        lines = self._from(start, following)
        return "\n".join((*islice(lines, 1), *takewhile(lambda line: not _DOCUMENT.match(line), lines)))

    def _from(self, start: NodePlace, following: NodePlace | None) -> Iterator[str]:
        """Yield the lines from one place to another, or to the end of the text; no further line is made."""
        last = following[0] if following else len(self._lines)
        for number in range(start[0], min(last, len(self._lines)) + 1):
            line = self._lines[number - 1]
            end = following[1] - 1 if following and number == following[0] else None
            yield line[start[1] - 1 if number == start[0] else 0 : end]


def _block(text: str) -> str:
    """Return a block scalar without the less indented lines behind it, which are comments."""
    head, *lines = text.split("\n")
    margin = next((_indentation(line) for line in lines if line.strip()), 0)
    return "\n".join((head, *takewhile(lambda line: not line.strip() or _indentation(line) >= margin, lines)))


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


class ValueOrigins(Protocol):
    """Tells where a template value was set."""

    def decided(self, path: DocumentPath) -> Position | str:
        """Return the position in a values file that set the value, or the words `--set NAME`; empty if unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSource:
    """Text that a document was parsed from, by `read`; of a template also the origins of its values."""

    file: str
    read: Callable[[], str] = field(repr=False)
    template: "RenderedTemplate | None" = field(default=None, repr=False)
    values: ValueOrigins | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The parsed text."""
        return self.read()

    @property
    def lines(self) -> "LineMap | None":
        """The origin of each piece of a template's text."""
        return self.template.lines if self.template else None


@dataclass(slots=True)
class DocumentLocator:
    """Implements model.source_map.SourceMap for one document of a file, `parsed`, which may be made when it is needed.

    `where` takes a line and a column of `text`, the parsed text, which may be rendered; `words` takes two such places.
    """

    parsed: Document | LateDocument = field(repr=False)
    where: Callable[[int, int], Position] = field(repr=False)
    words: Origin | None = field(default=None, repr=False)
    text: "SourceLines" = field(default_factory=lambda: SourceLines(lambda: [""]), repr=False)
    source: DocumentSource | None = field(default=None, repr=False)

    @property
    def document(self) -> Document:
        """The document."""
        if not isinstance(self.parsed, Document):
            self.parsed = self.parsed()
        return self.parsed

    def at(self, path: DocumentPath, *, key: bool = False) -> Position:
        """Return the position of the value at `path` (of its key with `key`); of its nearest parent if absent."""
        return self.where(*self.document.at(path, key=key))

    def plain(self, path: DocumentPath) -> bool:
        """Tell whether the scalar at `path` is written without quotes."""
        return self.text.is_plain(*self.document.at(path))

    def origin(self, path: DocumentPath) -> str:
        """Describe the origin of a value: its position, and the values files or `--set` its expression used."""
        start = self.document.at(path)
        if self.words is None:
            return str(self.where(*start))
        return f"{self.where(*start)}{self.words(start, self.text.scalar_end(start, self.document.following(start)))}"

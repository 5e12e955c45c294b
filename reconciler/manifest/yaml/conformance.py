"""Checks for text that YAML 1.2 forbids but the parsers accept, or parse differently.

Text that two parsers read differently must not be applied. The events are read a second time, only where a quick scan
finds a possible problem.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from reconciler.errors import error
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml import characters, pyyaml
from reconciler.manifest.yaml.event_source import ParserMark, parser_for
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source_map import Position

_GLUED = ('"#', "'#", "]#", "}#", ",#", "|#", ">#", "-#", "+#", "%YAML")
"""Characters beside a comment without a blank before it, or a directive with one."""

_QUESTION = late_pattern(r"\?(?<=[\[{,\s]\?)[^ \t\n]")
_BLANK_START = late_pattern(r"[|>][-+0-9]*[ ]*\n[ ]+\n")
_DIRECTIVE = late_pattern(r"^%YAML[ ]+[0-9.]*#", re.MULTILINE)
_HEADER = late_pattern(r"[|>][-+0-9]*(?:(#)[^\n]*|[ \t]*(?:#[^\n]*)?)\n")
_EMPTY_LINES = late_pattern(r"[ \n]*")
_AFTER = late_pattern(r"(?:[ \t]*,)?#")
_BLANKS = late_pattern(r"[ ]*")


def check(
    text: str,
    where: Callable[[int, int], Position],
    problems: list[Diagnostic],
    *,
    pure: bool,
    several_lines: bool,
) -> None:
    """Add the problems of a parsed text to `problems`.

    `several_lines`: a quoted or flow node spans lines. Raises ManifestError where `problems` does.
    """
    if not several_lines and not _suspicious(text):
        return
    found = _Strict(text, where, problems)
    directive = _DIRECTIVE.search(text)
    if directive:
        found.refuse(directive.end() - 1, "a comment needs a blank before it")
    with suppress(pyyaml.YAMLError):  # reported by the first pass
        found.walk(parser_for(text, pure=pure))


def _suspicious(text: str) -> bool:
    """Scan quickly for anything that could be wrong: most texts end here."""
    return (
        ("#" in text and any(pair in text for pair in _GLUED))
        or "&" in text
        or ("?" in text and _QUESTION.search(text) is not None)
        or _BLANK_START.search(text) is not None
    )


class _Strict:
    def __init__(self, text: str, where: Callable[[int, int], Position], problems: list[Diagnostic]) -> None:
        self._problems = problems
        self._text = text
        self._lines = characters.Lines(text)
        self._line = -1
        self._where = where
        self._indents = [-1]
        self._flows = 0

    def walk(self, parser: Any) -> None:
        kind: Any = None
        while kind is not pyyaml.StreamEndEvent:
            event = parser.get_event()
            kind = type(event)
            if kind is pyyaml.ScalarEvent:
                self._scalar(event)
            elif kind in (pyyaml.MappingStartEvent, pyyaml.SequenceStartEvent):
                self._opened(event)
            elif kind in (pyyaml.MappingEndEvent, pyyaml.SequenceEndEvent):
                self._closed(event)

    def refuse(self, offset: int, message: str, hint: str = "") -> None:
        place = self._lines.position(offset, "")
        self._problems.append(error("E_YAML_SYNTAX", message, self._where(place.line, place.column), hint=hint))

    def _opened(self, event: Any) -> None:
        self._anchored(event)
        if self._flows or event.flow_style:
            self._flows += 1
            self._begins(event.start_mark)
        else:
            self._indents.append(event.start_mark.column)

    def _closed(self, event: Any) -> None:
        if self._flows:
            self._flows -= 1
            self._ends(event.end_mark.index)
        else:
            self._indents.pop()

    def _scalar(self, event: Any) -> None:
        self._anchored(event)
        start, end = event.start_mark.index, event.end_mark.index
        if event.style in ("|", ">"):
            self._block(start)
        else:
            self._flow(event, start, end)

    def _flow(self, event: Any, start: int, end: int) -> None:
        if self._flows:
            self._begins(event.start_mark)
        if event.style in ("'", '"') and event.start_mark.line != event.end_mark.line:
            self._continues(start, end)
        if event.style in ("'", '"') or self._flows:
            self._ends(end)

    def _anchored(self, event: Any) -> None:
        """Check anchors, which libyaml ends at a colon and YAML 1.2 does not."""
        if event.anchor is not None:
            behind = self._text.find("&" + event.anchor, event.start_mark.index) + 1 + len(event.anchor)
            if self._text[behind : behind + 1] == ":":
                self.refuse(behind, "the name of an anchor holds a colon", "put a blank behind the name")

    def _begins(self, mark: ParserMark) -> None:
        """Check that lines inside brackets are indented deeper than the node with the brackets."""
        if mark.line > self._line:
            self._line = mark.line
            before = self._text[mark.index - mark.column : mark.index]
            if mark.line and not before.strip(" \t") and len(_blanks(before)) <= self._indents[-1]:
                hint = "indent it with blanks, deeper than its parent"
                self.refuse(mark.index, "the line is not indented enough", hint)
        if mark.index and self._text[mark.index - 1] == "?":
            self.refuse(mark.index - 1, "a question mark right before a text", "put the text in quotes")

    def _continues(self, start: int, end: int) -> None:
        offset = self._text.find("\n", start, end) + 1
        while 0 < offset < end:
            following = self._text.find("\n", offset, end) + 1
            line = self._text[offset : following - 1 if following else end]
            if line.strip() and len(_blanks(line)) <= self._indents[-1]:
                self.refuse(offset, "the text goes on with too little indentation", "indent it deeper than its key")
                return
            offset = following

    def _ends(self, end: int) -> None:
        found = _AFTER.match(self._text, end)
        if found and self._text[end - 1 : end] != "#":
            self.refuse(found.end() - 1, "a comment needs a blank before it", "put a blank before the #")

    def _block(self, start: int) -> None:
        found = _HEADER.match(self._text, start)
        if found is None:
            return
        if found[1]:
            self.refuse(found.start(1), "a comment needs a blank before it", "put a blank before the #")
        blanks = _EMPTY_LINES.match(self._text, found.end())
        end = blanks.end() if blanks else found.end()
        following = max(self._text.rfind("\n", found.end(), end) + 1, found.end())
        longer = " " * (end - following + 1) + "\n"
        is_longer = self._text.find(longer, found.end(), following) >= 0
        if is_longer and end < len(self._text) and not self._text[start + 1].isdigit():
            self.refuse(found.end(), "a blank line is longer than the indentation of what follows", "make it empty")


def _blanks(line: str) -> str:
    found = _BLANKS.match(line)
    return found[0] if found else ""

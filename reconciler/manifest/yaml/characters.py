"""Checks the bytes of a manifest: UTF-8 only, and no invisible characters.

Raw control characters are invalid YAML; raw line separators and bidirectional controls are valid, but display
differently from what is parsed. Escapes in double quotes are checked by value (`forbidden_character`).
"""

import re

from reconciler.errors import ManifestError, refused
from reconciler.late_patterns import late_pattern
from reconciler.model.source_map import Position

_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_LINES = "\x85\u2028\u2029"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SURROGATE = "\ud800-\udfff"
_RAW = late_pattern(f"[{_CONTROL}{_LINES}{_BIDI}{_SURROGATE}\ufeff\ufffe\uffff]")
_ASCII = bytes(byte for byte in range(0x80) if not _RAW.match(chr(byte)))
_VALUE = late_pattern(f"[{_CONTROL}{_BIDI}{_SURROGATE}\ufffe\uffff]")
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32"}


def decode(data: bytes, file: str) -> str:
    """Return the text of a file; raises ManifestError (E_YAML_ENCODING) for anything but UTF-8."""
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            raise _not_utf8(file, 1, 1, f"it starts with the byte order mark of {name}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise _not_utf8(file, line, column, f"the byte 0x{data[error.start]:02X} belongs to another encoding") from None


def check_text(text: str, file: str) -> None:
    """Raise ManifestError for the first raw forbidden character, with its code point."""
    if text.isascii() and not text.encode("ascii").translate(None, _ASCII):
        return  # most files, ten times as fast
    found = _RAW.search(text)
    if found is None:
        return
    code, what = _verdict(found[0])
    raise refused(
        "E_YAML_SYNTAX" if what == "control character" else code,
        f"the {what} {spelled(found[0])} stands in the file",
        position_of(text, found.start(), file),
        hint="remove it; if the text needs it, write it as an escape in double quotes"
        if found[0] in _LINES
        else "remove it: a reviewer cannot see it",
    )


def forbidden_character(value: str) -> tuple[str, str] | None:
    """Return code and message for the first forbidden character, escaped or not; None if there is none."""
    found = _VALUE.search(value)
    if found is None:
        return None
    code, what = _verdict(found[0])
    return code, f"the text holds the {what} {spelled(found[0])}"


def spelled(character: str) -> str:
    """Format a code point: U+202E."""
    return f"U+{ord(character):04X}"


def position_of(text: str, offset: int, file: str) -> Position:
    """Return the position of an offset; lines end with LF, CR LF or CR, as in YAML and editors."""
    return Lines(text).position(offset, file)


class Lines:
    """Finds line and column of offsets in one text; ascending offsets take one pass."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._returns = "\r" in text
        self._offset = self._breaks = self._start = 0

    def position(self, offset: int, file: str) -> Position:
        """Return the position of an offset."""
        if offset < self._offset:
            self._offset = self._breaks = self._start = 0
        text, before = self._text, self._offset
        self._breaks += text.count("\n", before, offset)
        self._start = max(self._start, text.rfind("\n", before, offset) + 1)
        if self._returns:
            self._breaks += text.count("\r", before, offset) - text.count("\r\n", max(0, before - 1), offset)
            self._start = max(self._start, text.rfind("\r", before, offset) + 1)
        self._offset = offset
        return Position(file, self._breaks + 1, offset - self._start + 1)


def _verdict(character: str) -> tuple[str, str]:
    if character in _LINES:
        return "E_TEXT_CONTROL", "line separator"
    if re.match(f"[{_BIDI}]", character):
        return "E_TEXT_BIDI", "bidirectional control"
    if "\ud800" <= character <= "\udfff":
        return "E_TEXT_SURROGATE", "lone surrogate"
    if character == "\ufeff":
        return "E_TEXT_INVISIBLE", "byte order mark"
    return "E_TEXT_CONTROL", "control character"


def _not_utf8(file: str, line: int, column: int, why: str) -> ManifestError:
    return refused(
        "E_YAML_ENCODING", f"the file is not UTF-8: {why}", Position(file, line, column), hint="save it as UTF-8"
    )

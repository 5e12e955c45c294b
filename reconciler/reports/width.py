"""How many columns a text takes on a terminal: East Asian characters take two, combining ones none."""

import unicodedata

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def columns(text: str) -> int:
    """Count the columns of one line. An emoji joined from several counts once; anything ASCII is counted at once."""
    if text.isascii():
        return len(text)
    total, joined, last = 0, False, 0
    for char in text:
        if char == _JOINER:
            joined = True
            continue
        if char == _EMOJI_STYLE and last == 1:
            total, last = total + 1, 2
            continue
        width = 0 if joined else _width(char)
        total, joined = total + width, False
        last = width or last
    return total


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def pad(text: str, width: int) -> str:
    """Fill up with spaces to `width` columns; a longer text stays as it is."""
    return text + " " * max(0, width - columns(text))


def clip(text: str, width: int) -> str:
    """Cut to at most `width` columns, the last of them an ellipsis where something was cut."""
    if columns(text) <= width:
        return text
    kept = ""
    for char in text:
        if columns(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"

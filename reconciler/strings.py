"""Text functions: escapes, name normalization, suggestions for misspelled words, display width, counts.

Input is untrusted: it may hold invisible characters, and lines that a CI runner takes for commands.
"""

import re
import shlex
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from reconciler.late_patterns import late_pattern

_HIDDEN_CLASS = (
    "\x7f-\x9f"  # DEL, C1
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"  # soft hyphen, fillers, direction marks
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # separators, bidi, invisible operators
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"  # surrogates, formats, tags
)
"""Invisible characters, and those that change how others are displayed. The joiners U+200C and U+200D are kept."""

HIDDEN = late_pattern(f"[\x00-\x1f{_HIDDEN_CLASS}]")
HIDDEN_BESIDE_C0 = late_pattern(f"[{_HIDDEN_CLASS}]")


def may_hide(text: str) -> bool:
    """Tell whether a text may have an invisible character beside C0; false for most ASCII, which has DEL alone."""
    return not text.isascii() or "\x7f" in text


_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_STYLE = r"\x1b\[[0-9;]*m"
_UNSAFE = late_pattern(f"[\x00-\x08\x0b-\x1f{_HIDDEN_CLASS}]")
_UNSAFE_BESIDE_STYLES = late_pattern(rf"(?P<style>{_STYLE})|[\x00-\x08\x0b-\x1f{_HIDDEN_CLASS}]")
_COMMAND = late_pattern(rf"^(?P<lead>(?:[^\S\n]|{_STYLE})*):(?=:)|#(?=#\w*\[)", re.MULTILINE)
"""Commands to a CI runner in a log: `::name::` at the start of a line after any blanks, `##[name]`, `##vso[name]`."""


def escape_control(text: str) -> str:
    """Return a text on one line, every invisible character written as an escape (`\\x1b`, `\\u202e`)."""
    return HIDDEN.sub(_spell, text)


def quoted(text: str) -> str:
    """Return a text in double quotes, on one line, so that its ends are visible."""
    return '"' + HIDDEN.sub(_spell, text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def escape_output(text: str, *, styled: bool = False, marks: bool = False) -> str:
    """Return lines with control characters and CI commands escaped.

    Escapes are visible (`:\\x3a`, `#\\x23`). With `styled`, colours stay; with `marks` the zero-width spaces that
    Markdown breaks references with.
    """
    text = text.replace("\r\n", "\n")
    shown = _UNSAFE_BESIDE_STYLES.sub(_keep_style, text) if styled else _UNSAFE.sub(_spell, text)
    if marks:
        shown = "\u200b".join(_COMMAND.sub(_disarm, _UNSAFE.sub(_spell, part)) for part in text.split("\u200b"))
    return _COMMAND.sub(_disarm, shown)


def is_command(line: str) -> bool:
    """Tell whether a log line would be a command to a CI runner."""
    return line.lstrip().startswith("::")


def _disarm(match: re.Match[str]) -> str:
    return "\\x23" if match["lead"] is None else f"{match['lead']}\\x3a"


def _keep_style(match: re.Match[str]) -> str:
    return match.group() if match["style"] else _spell(match)


def _spell(match: re.Match[str]) -> str:
    return spell_escape(match.group())


def spell_escape(char: str) -> str:
    """Return the visible escape of a character."""
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def normalize_name(text: str) -> str:
    """Return a name in its composed form (NFC), as used for matching."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def decomposed(text: str) -> str:
    """Return a text with every letter apart from its marks (NFD)."""
    return text if text.isascii() else unicodedata.normalize("NFD", text)


def compatibility_form(text: str) -> str:
    """Return a text with the plain form of full-width, circled and other compatibility characters (NFKC)."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


_LIKENESS = 0.75
"""Share of letters in common, in their order, from which two words are similar."""

_BEGINNING = 3
"""Letters from which the beginning of a word suggests it."""


def closest(word: str, known: Iterable[str], *, most: int = 1) -> list[str]:
    """Return the known words with the most similar spelling, ignoring case, the closest first.

    Similar is a word with a letter or two changed, or one whose beginning was typed: `--today` is not like `--dry-run`.
    """
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
    asked = word.casefold()
    near = get_close_matches(asked, folded, most, _LIKENESS)
    begun = [each for each in folded if len(asked) >= _BEGINNING and each.startswith(asked)]
    return [folded[each] for each in dict.fromkeys((*near, *sorted(begun, key=len)))][:most]


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "", *, quote: str = "`") -> str:
    """Return a hint that names the closest known word, or `otherwise`."""
    close = closest(word, known)
    return f"did you mean {quote}{close[0]}{quote}?" if close else otherwise


def count(number: int, noun: str, plural: str = "") -> str:
    """Format a count with its noun: `1 field`, `2 fields`, `12,000 fields`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def display_width(text: str) -> int:
    """Count the columns of one line: East Asian characters take two, combining ones none, a joined emoji is one."""
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
    """Pad with spaces to `width` columns; a longer text is returned unchanged."""
    return text + " " * max(0, width - display_width(text))


def truncate(text: str, width: int) -> str:
    """Truncate to at most `width` columns; the last one is an ellipsis where text was removed."""
    if display_width(text) <= width:
        return text
    kept = ""
    for char in text:
        if display_width(kept + char) > width - 1:
            break
        kept += char
    return kept + "…"


def abridge(text: str, most: int) -> str:
    """Remove the middle of a text that has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most * 3 // 4]} … {text[-most // 5 :]}"


def environment_option(environment: str) -> str:
    """Return ` -e prod` for a command in a message, quoted for a shell; nothing where no environment is known."""
    return f" -e {shlex.quote(environment)}" if environment else ""

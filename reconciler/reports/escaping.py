"""Escapes data for every text format.

Names, values, file names, messages and responses of the API may contain anything: terminal escapes, right-to-left
marks, Markdown, HTML, workflow commands. Every reporter passes all data through one of these functions, chosen by its
position in the output. All of them start with `escape_line` or `block`, so that an invisible character is written as
an escape (`\\x1b`, `\\u202e`) in every format.
"""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from types import NoneType
from typing import Any

from markupsafe import Markup, escape

from reconciler.late_patterns import late_pattern
from reconciler.strings import HIDDEN_BESIDE_C0, escape_control, may_hide

ZERO_WIDTH_SPACE = "\u200b"


def escape_line(text: str) -> str:
    """Return `text` on one line with invisible characters escaped; for terminals, and the base of all formats."""
    return escape_control(text)


def block(text: str) -> str:
    """Escape like `escape_line`, but keep newlines; a tab becomes an escape."""
    return "\n".join(escape_line(part) for part in text.split("\n"))


def shell_word(text: str) -> str:
    """Return text as one word of a POSIX shell; with invisible characters as bash's `$'…'`."""
    if escape_line(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_in_shell, text)) + "'"


def _in_shell(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if escape_line(character) == character:
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


# --- Markdown ---------------------------------------------------------------------------------------------------------

_REFERENCE = late_pattern(r"@|#(?=\d)|\bGH-(?=\d)|!(?=\d)|\]\(|://|\bwww\.", re.IGNORECASE)
"""Text that a code host converts to a mention, an issue, a merge request or a link."""


def neutralize_mentions(text: str) -> str:
    """Insert zero-width spaces into text that a code host would convert to a mention, a reference or a link.

    This applies to code too, which mails show as plain text.
    """
    return _REFERENCE.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 1 or found.upper() in {"GH-", "WWW."}:
        return found + ZERO_WIDTH_SPACE
    return found[0] + ZERO_WIDTH_SPACE + found[1:]


def span(text: str) -> str:
    """Return data as a Markdown code span that it cannot end, in or outside a table."""
    shown = neutralize_mentions(escape_line(text)) or " "
    shown = shown.replace("\\|", "\\" + ZERO_WIDTH_SPACE + "|").replace("|", "\\|") if "|" in shown else shown
    ticks = "`" * (_longest_run(shown, "`") + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str, info: str = "") -> str:
    """Return text as a fenced code block, its fence longer than any run of backticks inside.

    A code host converts no references inside, so no characters are inserted: it can be copied.
    """
    shown = block(text)
    fence = "`" * max(3, _longest_run(shown, "`") + 1)
    return f"{fence}{info}\n{shown}\n{fence}"


def summary(text: str) -> str:
    """Return data as the line of a `<summary>` in Markdown: one line, no tags, no Markdown."""
    return str(escape(neutralize_mentions(escape_line(text))))


def _longest_run(text: str, char: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)


# --- HTML and XML -----------------------------------------------------------------------------------------------------


def html(value: object) -> object:
    """Escape data for HTML, text and quoted attributes alike. Jinja calls it for every value of the page's template."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return Markup(_unobeyed(str(escape(block(value)))))  # noqa: S704 - escaped a moment ago


def xml(text: str) -> str:
    """Escape data for an XML document: every character XML 1.0 forbids becomes an escape (tags are ET's work)."""
    return block(text)


def markup(text: str) -> str:
    """Escape a finished XML document so that no line is a command to a CI runner; the values stay the same."""
    return _unobeyed(text)


def _unobeyed(text: str) -> str:
    return _LOG_COMMAND.sub("&#35;", text.replace("::", ":&#58;"))


# --- JSON ------------------------------------------------------------------------------------------------------------


def document(value: object, indent: int = 2) -> str:
    """Return plain data as a JSON document with unescaped text, except for invisible characters.

    Those become JSON escapes, so that the value stays the same and is safe for a terminal.
    """
    return one_document(value, indent) + "\n"


def one_document(value: object, indent: int | None = None) -> str:
    """Return plain data as JSON without a final line break; without an indent on one line."""
    spelled = json.dumps(value, ensure_ascii=False) if indent is None else _indented(value, " " * indent, "\n")
    shown = HIDDEN_BESIDE_C0.sub(_escaped, spelled) if may_hide(spelled) else spelled
    return _LOG_COMMAND.sub("\\\\u0023", shown)


def _indented(value: object, step: str, margin: str) -> str:
    """Return plain data as `json.dumps` indents it, in less time; `margin` begins a line."""
    inside = margin + step
    if not value and isinstance(value, dict | list | tuple):
        return "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, dict):
        parts = [
            f"{encode_basestring(key)}: "
            f"{_SPELLED[kind](part) if (kind := type(part)) in _SPELLED else _indented(part, step, inside)}"
            for key, part in value.items()
        ]
        return f"{{{inside}{f',{inside}'.join(parts)}{margin}}}"
    if isinstance(value, list | tuple):
        parts = [_indented(part, step, inside) for part in value]
        return f"[{inside}{f',{inside}'.join(parts)}{margin}]"
    if isinstance(value, str):
        return encode_basestring(value)
    return _SPELLED.get(type(value), json.dumps)(value)


_SPELLED: Mapping[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    bool: {True: "true", False: "false"}.__getitem__,
    NoneType: {None: "null"}.__getitem__,
}
"""The JSON of values that most keys have, by their types."""

_LOG_COMMAND = late_pattern(r"#(?=#\w*\[)")
"""Commands to a CI runner anywhere in a line: `##[name]`, `##vso[name]`. JSON's own escape keeps the value."""


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


# --- CSV -------------------------------------------------------------------------------------------------------------

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""Starts of a cell that a spreadsheet takes for a formula (OWASP, CSV injection); some read full-width signs alike."""


def csv_cell(text: str) -> str:
    """Return data as the text of a CSV cell that no spreadsheet evaluates: `'` precedes what looks like a formula.

    `csv.writer` quotes commas, quotation marks and line breaks; this does not.
    """
    shown = escape_line(text)
    return f"'{shown}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else shown


# --- code hosts ------------------------------------------------------------------------------------------------------


def command(text: str) -> str:
    """Escape the message of a workflow command (`::error::…`); newlines are carried as %0A."""
    return block(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Escape a property of a workflow command (`file=`, `title=`)."""
    return command(escape_line(text)).replace(":", "%3A").replace(",", "%2C")


def plain(text: str) -> str:
    """Return a message for a code host's list of problems: one line, without references."""
    return neutralize_mentions(escape_line(text))


def comment(text: str) -> str:
    """Return data as the rest of a shell comment."""
    return escape_line(text)

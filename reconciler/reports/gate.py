"""The one gate where data becomes text.

Names, values, file names, messages and answers of the API may hold anything: terminal escapes, right-to-left marks,
Markdown, HTML, workflow commands. Every reporter passes every piece of data through one of these functions, chosen by
where the piece will stand. All of them start with `line` or `block`, so that a character nobody could see is spelled
out (`\\x1b`, `\\u202e`) in every format alike.
"""

import json
import re

from markupsafe import Markup, escape

ZERO_WIDTH_SPACE = "\u200b"

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 (escape, newline, tab), DEL, C1
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"  # soft hyphen, fillers, direction marks
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # separators, bidi, invisible operators
    "\ud800-\udfff\U000e0000-\U000e007f]"  # lone surrogates, invisible tags
)
"""Characters that do not show, or change how others show. The joiners of emoji and scripts (U+200C, U+200D) stay."""

_HIDDEN_IN_JSON = re.compile(_HIDDEN.pattern.replace("\x00-\x1f", "", 1))
"""Newlines lay a document out; inside its texts `json` has escaped them already."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def line(text: str) -> str:
    """Spell `text` on one line, every character that does not show written as an escape. For terminals, and the base
    of everything else."""
    return _HIDDEN.sub(_spell, text)


def block(text: str) -> str:
    """Like `line`, but newlines stay newlines; a tab stays visible as its escape."""
    return "\n".join(line(part) for part in text.split("\n"))


def quoted(text: str) -> str:
    """Spell a text value in double quotes, on one line, so that its ends show."""
    return '"' + line(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _spell(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# --- Markdown ---------------------------------------------------------------------------------------------------------

_REFERENCE = re.compile(r"@|#(?=\d)|\bGH-(?=\d)|!(?=\d)|\]\(|://|\bwww\.", re.IGNORECASE)
"""What a code host turns into a mention, an issue, a merge request or a link."""


def inert(text: str) -> str:
    """Break what a code host would turn into a mention, a reference or a link with a zero-width space.

    Done inside code too: mails show it as plain text.
    """
    return _REFERENCE.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 1 or found.upper() in {"GH-", "WWW."}:
        return found + ZERO_WIDTH_SPACE
    return found[0] + ZERO_WIDTH_SPACE + found[1:]


def span(text: str) -> str:
    """Spell data as a Markdown code span that it cannot leave, in or outside a table."""
    shown = inert(line(text)) or " "
    shown = shown.replace("\\|", "\\" + ZERO_WIDTH_SPACE + "|").replace("|", "\\|") if "|" in shown else shown
    ticks = "`" * (_longest_run(shown, "`") + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str, info: str = "") -> str:
    """Spell a block of text as a fenced code block, its fence longer than any run of backticks inside."""
    shown = inert(block(text))
    fence = "`" * max(3, _longest_run(shown, "`") + 1)
    return f"{fence}{info}\n{shown}\n{fence}"


def summary(text: str) -> str:
    """Spell data for an HTML element inside Markdown, as the line of a `<summary>`: one line, no tags, no Markdown."""
    return str(escape(inert(line(text))))


def _longest_run(text: str, char: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)


# --- HTML and XML -----------------------------------------------------------------------------------------------------


def html(value: object) -> object:
    """Escape data for HTML, text and quoted attributes alike. Jinja calls it on every value of the page's template."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return escape(block(value))


def xml(text: str) -> str:
    """Spell data for an XML document: every character XML 1.0 forbids is written as an escape (tags are ET's work)."""
    return block(text)


# --- JSON ------------------------------------------------------------------------------------------------------------


def document(value: object, indent: int = 2) -> str:
    """Spell plain data as a JSON document: text that reads as it is, except for characters that do not show.

    Those become JSON's own escapes, so that the value stays the same and a terminal is safe from it.
    """
    return _HIDDEN_IN_JSON.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=indent)) + "\n"


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


# --- logs ------------------------------------------------------------------------------------------------------------

_LOG_COMMAND = re.compile(r"^(?P<lead>\s*)::|(?P<hash>#)#(?=\w*\[)", re.MULTILINE)
"""What a runner would obey in a log: `::name::` at the start of a line, `##[name]` and `##vso[name]` anywhere."""


def log(text: str) -> str:
    """Break, in a finished text, what a runner that reads it as a log would take for a command."""
    return _LOG_COMMAND.sub(_unobeyed, text)


def _unobeyed(match: re.Match[str]) -> str:
    if match["hash"]:
        return "#" + ZERO_WIDTH_SPACE + "#"
    return match["lead"] + ":" + ZERO_WIDTH_SPACE + ":"


# --- code hosts ------------------------------------------------------------------------------------------------------


def command(text: str) -> str:
    """Escape the message of a workflow command (`::error::…`); newlines are carried as %0A."""
    return block(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Escape a property of a workflow command (`file=`, `title=`)."""
    return command(line(text)).replace(":", "%3A").replace(",", "%2C")


def plain(text: str) -> str:
    """Spell a message for a code host's list of problems: one line, its references broken."""
    return inert(line(text))


def comment(text: str) -> str:
    """Spell data as the rest of a shell comment."""
    return line(text)

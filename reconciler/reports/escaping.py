"""The one gate where data becomes text.

Names, values, file names, messages and answers of the API may hold anything: terminal escapes, right-to-left marks,
Markdown, HTML, workflow commands. Every reporter passes every piece of data through one of these functions, chosen by
where the piece will stand. All of them start with `line` or `block`, so that a character nobody could see is spelled
out (`\\x1b`, `\\u202e`) in every format alike.
"""

import json
import re

from markupsafe import Markup, escape

from reconciler.strings import HIDDEN_BESIDE_C0, escape_control

ZERO_WIDTH_SPACE = "\u200b"


def escape_line(text: str) -> str:
    """Spell `text` on one line, every character that does not show written as an escape. For terminals, and the base
    of everything else."""
    return escape_control(text)


def block(text: str) -> str:
    """Like `line`, but newlines stay newlines; a tab stays visible as its escape."""
    return "\n".join(escape_line(part) for part in text.split("\n"))


def quoted(text: str) -> str:
    """Spell a text value in double quotes, on one line, so that its ends show."""
    return '"' + escape_line(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


# --- Markdown ---------------------------------------------------------------------------------------------------------

_REFERENCE = re.compile(r"@|#(?=\d)|\bGH-(?=\d)|!(?=\d)|\]\(|://|\bwww\.", re.IGNORECASE)
"""What a code host turns into a mention, an issue, a merge request or a link."""


def neutralize_mentions(text: str) -> str:
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
    shown = neutralize_mentions(escape_line(text)) or " "
    shown = shown.replace("\\|", "\\" + ZERO_WIDTH_SPACE + "|").replace("|", "\\|") if "|" in shown else shown
    ticks = "`" * (_longest_run(shown, "`") + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fenced(text: str, info: str = "") -> str:
    """Spell a block of text as a fenced code block, its fence longer than any run of backticks inside.

    A code host makes no reference of what stands inside, so nothing is put between its characters: it can be copied.
    """
    shown = block(text)
    fence = "`" * max(3, _longest_run(shown, "`") + 1)
    return f"{fence}{info}\n{shown}\n{fence}"


def summary(text: str) -> str:
    """Spell data for an HTML element inside Markdown, as the line of a `<summary>`: one line, no tags, no Markdown."""
    return str(escape(neutralize_mentions(escape_line(text))))


def _longest_run(text: str, char: str) -> int:
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)


# --- HTML and XML -----------------------------------------------------------------------------------------------------


def html(value: object) -> object:
    """Escape data for HTML, text and quoted attributes alike. Jinja calls it on every value of the page's template."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return Markup(_unobeyed(str(escape(block(value)))))  # noqa: S704 - escaped a moment ago


def xml(text: str) -> str:
    """Spell data for an XML document: every character XML 1.0 forbids is written as an escape (tags are ET's work)."""
    return block(text)


def markup(text: str) -> str:
    """Spell a finished XML document so that no runner obeys a line of it; the values stay the same."""
    return _unobeyed(text)


def _unobeyed(text: str) -> str:
    return _LOG_COMMAND.sub("&#35;", text.replace("::", ":&#58;"))


# --- JSON ------------------------------------------------------------------------------------------------------------


def document(value: object, indent: int = 2) -> str:
    """Spell plain data as a JSON document: text that reads as it is, except for characters that do not show.

    Those become JSON's own escapes, so that the value stays the same and a terminal is safe from it.
    """
    return one_document(value, indent) + "\n"


def one_document(value: object, indent: int | None = None) -> str:
    """Spell plain data as JSON without a line break at its end; without an indent on one line."""
    text = HIDDEN_BESIDE_C0.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=indent))
    return _LOG_COMMAND.sub("\\\\u0023", text)


_LOG_COMMAND = re.compile(r"#(?=#\w*\[)")
"""What a runner obeys anywhere in a line: `##[name]`, `##vso[name]`. JSON's own escape keeps the value."""


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]


# --- code hosts ------------------------------------------------------------------------------------------------------


def command(text: str) -> str:
    """Escape the message of a workflow command (`::error::…`); newlines are carried as %0A."""
    return block(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Escape a property of a workflow command (`file=`, `title=`)."""
    return command(escape_line(text)).replace(":", "%3A").replace(",", "%2C")


def plain(text: str) -> str:
    """Spell a message for a code host's list of problems: one line, its references broken."""
    return neutralize_mentions(escape_line(text))


def comment(text: str) -> str:
    """Spell data as the rest of a shell comment."""
    return escape_line(text)

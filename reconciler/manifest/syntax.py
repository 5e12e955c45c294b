"""A parser's complaint in words that help, at the place a person edits."""

import re
from collections.abc import Callable

from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from reconciler.manifest.problem import error
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.source import Position

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\U0000[dD][89a-fA-F]")
_HINTS = (
    ("character '\\t'", "indent with spaces, never with tabs"),
    ("character '%'", "put the value in quotes"),
    ("character '@'", "put the value in quotes"),
    ("character '`'", "put the value in quotes"),
    ("mapping values are not allowed", "put a text that holds `: ` in quotes, or mind the indentation"),
    ("expected <block end>", "mind the indentation: this line does not fit the ones above"),
    ("could not find expected ':'", "a key needs `: ` behind it; put text of several lines in quotes or after `|`"),
    ("%TAG directives", "leave them out: tags are not allowed"),
    ("unknown escape", "in double quotes a backslash starts an escape: use single quotes"),
)


def explained(problem: Exception, text: str, where: Callable[[int, int], Position]) -> Diagnostic:
    """Return what a parser raised as a Diagnostic."""
    if isinstance(problem, MarkedYAMLError):
        return _marked(problem, text, where)
    if isinstance(problem, ReaderError):
        return error("E_YAML_SYNTAX", f"the file cannot be read as YAML: {problem.reason}", where(1, 1))
    if isinstance(problem, (YAMLError, ValueError)):
        return error("E_YAML_SYNTAX", "the file cannot be read as YAML", where(1, 1))
    return error("E_YAML_DEPTH", "too many levels stand inside each other", where(1, 1))


def _marked(problem: MarkedYAMLError, text: str, where: Callable[[int, int], Position]) -> Diagnostic:
    mark = problem.problem_mark or problem.context_mark
    place = where(mark.line + 1, mark.column + 1) if mark else where(1, 1)
    said = ", ".join(part for part in (problem.context, problem.problem) if part) or "it cannot be understood"
    if mark and _is_surrogate(text, mark.index):
        return error(
            "E_TEXT_SURROGATE",
            "an escape names half a character (a surrogate)",
            place,
            hint="write the character itself, or its eight-digit escape, as in \\U0001F600",
        )
    hint = next((hint for sign, hint in _HINTS if sign in said), "")
    if not hint and "\t" in _line(text, mark.index if mark else 0)[:1]:
        hint = _HINTS[0][1]
    return error("E_YAML_SYNTAX", f"this is no YAML: {said}", place, hint=hint)


def _is_surrogate(text: str, offset: int) -> bool:
    return any(found.start() <= offset <= found.end() for found in _SURROGATE.finditer(text, max(0, offset - 12)))


def _line(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    return text[start:].split("\n", 1)[0]

"""Resolves plain scalars before their field is known.

Only `true` and `false` are booleans, `~`, `null` and empty are null, integers in their shortest spelling are integers;
all three can be converted back to the typed text. Everything else is text, as typed.
"""

from collections.abc import Callable

from reconciler.errors import ProblemList, error, warning
from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml import characters
from reconciler.manifest.yaml.event_source import ParserMark
from reconciler.model.json_types import Json
from reconciler.model.source_map import Position

_INTEGER = late_pattern(r"(?:0|-?[1-9][0-9]{0,18})\Z")
_WORDS: dict[str, Json] = {"": None, "~": None, "null": None, "true": True, "false": False}
_DOUBTFUL = frozenset(
    word for base in ("yes", "no", "on", "off", "y", "n") for word in (base, base.capitalize(), base.upper())
)
_REMEMBERED = 64
"""Most characters of a cached scalar; longer ones are rarely repeated."""


class Scalars:
    """Resolves plain scalars, with a cache in `plain`."""

    def __init__(self, problems: ProblemList, where: Callable[[int, int], Position]) -> None:
        self.plain: dict[str, Json] = dict(_WORDS)
        self._problems = problems
        self._where = where

    def resolve(self, text: str, mark: ParserMark) -> Json:
        """Return the value of a plain scalar that is not cached."""
        if text in _DOUBTFUL:
            if self._problems.is_full:
                self.plain[text] = text
                return text
            place = self._where(mark.line + 1, mark.column + 1)
            self._problems.append(
                warning(
                    "W_YAML_BOOL",
                    f"`{text}` is text here, not a boolean",
                    place,
                    hint="quote it, or write true or false",
                )
            )
            return text
        if text == "-":
            place = self._where(mark.line + 1, mark.column + 1)
            self._problems.append(error("E_YAML_SYNTAX", "a dash alone is no text", place, hint="put it in quotes"))
        value = plain_value(text)
        if text not in _WORDS and len(text) < _REMEMBERED:
            self.plain[text] = value
        return value

    def check(self, text: str, mark: ParserMark) -> None:
        """Record a forbidden character, raw or escaped."""
        verdict = characters.forbidden_character(text)
        if verdict:
            self._problems.append(error(*verdict, self._where(mark.line + 1, mark.column + 1)))


def plain_value(text: str) -> Json:
    """Return the value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.match(text) else text


def is_doubtful(text: str) -> bool:
    """Tell whether a plain scalar has a problem."""
    return text in _DOUBTFUL or text == "-"


def typed(value: Json) -> str:
    """Return the typed text of a plain scalar that resolved to a boolean or an integer."""
    return str(value).lower()

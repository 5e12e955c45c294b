"""Sources of YAML events: libyaml, or PyYAML's own parser where libyaml is missing."""

import re
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any, Protocol

from reconciler.late_patterns import late_pattern
from reconciler.manifest.yaml import pyyaml

_HANDLE = late_pattern(r"(?:^|(?<=[\n\r]))%TAG[ \t]")
_MOST_HANDLES = 1_000
"""Most %TAG directives of a text: libyaml compares each with all before it, and tags are refused anyway."""


class ParserMark(Protocol):
    """Position of an event in its text, of either parser; line, column and index count from 0."""

    line: int
    column: int
    index: int


class EventSource(Protocol):
    """Source of YAML events without recursion, so that depth cannot exhaust the stack."""

    def get_event(self) -> Any:
        """Return the next event; raises YAMLError."""
        ...


@cache
def _pure() -> Callable[[str], EventSource]:
    """Return PyYAML's own parser, composed as in its loaders."""
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class Pure(Reader, Scanner, Parser):
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    return Pure


def parser_for(text: str, *, pure: bool = False) -> EventSource:
    """Return a parser of this text. Raises MarkedYAMLError for too many %TAG directives."""
    surplus = next(islice(_HANDLE.finditer(text), _MOST_HANDLES, None), None) if "%TAG" in text else None
    if surplus:
        line = len(re.findall("\r\n|\r|\n", text[: surplus.start()]))
        mark = pyyaml.Mark("", surplus.start(), line, 0, "", 0)
        raise pyyaml.MarkedYAMLError(problem=f"found more than {_MOST_HANDLES} %TAG directives", problem_mark=mark)
    if not pure:
        try:
            from yaml._yaml import CParser
        except ImportError:
            return _pure()(text)
        fast: EventSource = CParser(text)
        return fast
    return _pure()(text)

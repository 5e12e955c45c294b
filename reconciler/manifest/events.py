"""Where YAML events come from: libyaml, or PyYAML's own parser where libyaml is not there."""

from typing import Any, Protocol

from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner


class Events(Protocol):
    """A source of YAML events; it holds no recursion, so that depth cannot exhaust the stack."""

    def get_event(self) -> Any:
        """Return the next event; raises YAMLError."""
        ...


class _Pure(Reader, Scanner, Parser):
    """PyYAML's own parser, put together as its loaders do."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def parser_for(text: str, *, pure: bool = False) -> Events:
    """Return a parser of this text."""
    if not pure:
        try:
            from yaml._yaml import CParser
        except ImportError:
            return _Pure(text)
        fast: Events = CParser(text)
        return fast
    return _Pure(text)

"""Regular expressions that are compiled when they are first used: most commands use few of those that they import."""

import re
from typing import Any, cast


class _LatePattern:
    """Stands for a compiled expression; what is asked of it is kept, so that it is asked once."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


def late_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return an expression as `re.compile` does; one with an error raises re.error at its first use."""
    return cast(re.Pattern[str], _LatePattern(text, flags))

"""Exit codes of the process. Where several apply, the most severe counts: 1 > 4 > 3 > 5 > 2 > 0."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes for scripts; their meaning never changes."""

    FINE = 0
    ERROR = 1
    CHANGES = 2
    PARTIAL = 3
    LOCKED = 4
    BLOCKED = 5


_MOST_SEVERE_FIRST = (ExitCode.ERROR, ExitCode.LOCKED, ExitCode.PARTIAL, ExitCode.BLOCKED, ExitCode.CHANGES)


def most_severe(codes: Iterable[int]) -> ExitCode:
    """Return the most severe of several codes."""
    held = set(codes)
    return next((code for code in _MOST_SEVERE_FIRST if code in held), ExitCode.FINE)

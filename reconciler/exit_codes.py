"""What the process ends with. Where several hold, the gravest counts: 1 > 4 > 3 > 5 > 2 > 0."""

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes, for scripts: they never change their meaning."""

    FINE = 0
    ERROR = 1
    CHANGES = 2
    PARTIAL = 3
    LOCKED = 4
    BLOCKED = 5


_GRAVEST = (Exit.ERROR, Exit.LOCKED, Exit.PARTIAL, Exit.BLOCKED, Exit.CHANGES)


def gravest(codes: Iterable[int]) -> Exit:
    """Return the code that counts where several hold."""
    held = set(codes)
    return next((code for code in _GRAVEST if code in held), Exit.FINE)

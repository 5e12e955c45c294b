"""How much a Markdown report tells: each level leaves out more, never what is destroyed, in conflict or blocked."""

from enum import IntEnum


class Level(IntEnum):
    """From everything to the bare counts."""

    FULL = 0
    QUIET = 1
    SHORT = 2
    FIELDS = 3
    NAMES = 4
    COUNTS = 5
    BARE = 6


CUT = {
    Level.FULL: "",
    Level.QUIET: "the names of what is in step, unmanaged or suppressed",
    Level.SHORT: "the ends of long values",
    Level.FIELDS: "values",
    Level.NAMES: "values and field names",
    Level.COUNTS: "everything but what is destroyed, in conflict, blocked or held back",
    Level.BARE: "nearly everything",
}
"""What a level leaves out, in words for the reader."""

MOST_VALUE = {Level.FULL: 4_000, Level.QUIET: 4_000, Level.SHORT: 120}
"""Characters of a value that are shown; below SHORT none are."""

"""How much a Markdown report tells: each level leaves out more, never what is destroyed, in conflict or blocked."""

from enum import IntEnum


class DetailLevel(IntEnum):
    """From everything to the bare counts."""

    FULL = 0
    QUIET = 1
    SHORT = 2
    FIELDS = 3
    NAMES = 4
    COUNTS = 5
    BARE = 6


CUT = {
    DetailLevel.FULL: "",
    DetailLevel.QUIET: "the names of what is in step, unmanaged or suppressed",
    DetailLevel.SHORT: "the ends of long values",
    DetailLevel.FIELDS: "values",
    DetailLevel.NAMES: "values and field names",
    DetailLevel.COUNTS: "everything but what is destroyed, in conflict, blocked or held back",
    DetailLevel.BARE: "nearly everything",
}
"""What a level leaves out, in words for the reader."""

MOST_VALUE = {DetailLevel.FULL: 4_000, DetailLevel.QUIET: 4_000, DetailLevel.SHORT: 120}
"""Characters of a value that are shown; below SHORT none are."""

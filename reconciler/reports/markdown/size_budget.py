"""Detail levels of a Markdown report: each omits more, never deletes, conflicts or blocked changes."""

from enum import IntEnum


class DetailLevel(IntEnum):
    """Levels from the full report to the counts alone."""

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
"""Description of the omissions of a level."""

MOST_VALUE = {DetailLevel.FULL: 4_000, DetailLevel.QUIET: 4_000, DetailLevel.SHORT: 120}
"""Most characters of a value; below SHORT none are shown."""

"""Words of the tool's own formats: not redacted, so that a short secret cannot destroy a plan's structure."""

import re
from functools import lru_cache

from reconciler.late_patterns import late_pattern

_OWN_TEXT = late_pattern(r"[EWN]_[A-Z0-9_]+|(?:sha256:)?[0-9a-f]{64}")
_OWN_PATH = late_pattern(r"\w+(?:\.\w+|\[[^\[\]]*\])*|[A-Za-z]+/.*", re.ASCII | re.DOTALL)
_WORD = late_pattern(r"\w+", re.ASCII)
_STRUCTURE = frozenset(
    """
    action action_reason actions address addresses after after_missing after_sensitive after_unknown allow app_user_id
    applyable attribution base base_missing before before_missing before_sensitive blocks change code column columns
    complete config conflict create delete detail diagnostics digest done drift endpoint environment error errored
    fields file fingerprints foreign format format_version hidden hint id incomplete info kind kinds level line listed
    managed message mode name next none note notes objects op outcome outcomes owned path pending plans position
    problems project_id proof provider_name range reason reconciler related resource_changes resource_drift resources
    rows rule sensitive severity shown spec status step summary suppressed tables taken title tool_version total type
    unknown unmanaged untrusted update values version warning
    """.split()  # noqa: SIM905 - read as words
)
"""Words of the plan, snapshot and event formats."""


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """Return the words of the formats, and the names of every kind and field."""
    from reconciler.kinds.registry import all_kinds

    names = ({kind.name, *(field.name for field in kind.fields.values())} for kind in all_kinds().values())
    return _STRUCTURE.union(*names)


def is_own_word(text: str, begin: int, end: int) -> bool:
    """Tell whether a part of a text of plain data is a word of the formats, or of a kind or field."""
    if _OWN_TEXT.fullmatch(text):
        return True
    if not _OWN_PATH.fullmatch(text):
        return False
    if "/" in text:
        return end <= text.index("/") and text.partition("/")[0] in _vocabulary()
    words = (word for word in _WORD.finditer(text) if word.start() <= begin and end <= word.end())
    return any(word[0] in _vocabulary() and text[word.start() - 1 : word.start()] in ("", ".") for word in words)

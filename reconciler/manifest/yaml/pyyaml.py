"""PyYAML's errors and events, imported when one is first asked for: text of plain blocks needs no parser.

They are used as attributes of this module. A name imported from it would import PyYAML at once, as would an `except`
in a `with suppress(…)`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yaml.error import Mark, MarkedYAMLError, YAMLError
    from yaml.events import (
        AliasEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
        StreamEndEvent,
    )
    from yaml.reader import ReaderError

__all__ = [
    "AliasEvent",
    "MappingEndEvent",
    "MappingStartEvent",
    "Mark",
    "MarkedYAMLError",
    "ReaderError",
    "ScalarEvent",
    "SequenceEndEvent",
    "SequenceStartEvent",
    "StreamEndEvent",
    "YAMLError",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    import yaml

    found = globals()[name] = getattr(yaml.reader if name == "ReaderError" else yaml, name)
    return found

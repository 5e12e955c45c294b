"""httpcore and httpx, imported without the optional packages that they import wherever those are installed.

httpcore imports trio for its asynchronous side, and httpx its own command line with click and rich: this package uses
none of them. A program that needs them imports them itself, before or after. Each library is imported when it is first
asked for: the network is httpcore's alone.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpcore
    import httpx

__all__ = ["httpcore", "httpx"]

_UNUSED = {"httpcore": ("trio",), "httpx": ("httpx._main",)}
"""Libraries, with the modules that are not imported for them."""


def __getattr__(name: str) -> ModuleType:
    if name not in _UNUSED:
        raise AttributeError(name)
    with _hidden(_UNUSED[name]):
        return import_module(name)


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Make imports of modules that are not loaded yet fail as if they were not installed, for the time of a `with`."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is how Python marks what cannot be imported
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)

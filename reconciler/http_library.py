"""httpx and httpcore, imported without the optional packages that they import wherever those are installed.

httpcore imports trio for its asynchronous side, and httpx its own command line with click and rich: this package uses
neither. A program that needs them imports them itself, before or after.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_UNUSED = ("trio", "httpx._main")


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Make imports of modules that are not loaded yet fail as if they were not installed, for the time of a `with`."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how Python marks what cannot be imported
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


with _hidden(*_UNUSED):
    import httpcore
    import httpx

__all__ = ["httpcore", "httpx"]

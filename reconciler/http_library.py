"""httpx, imported without the optional packages that it imports wherever those are installed.

httpx imports its own command line with click and rich, and httpcore, which only a network needs, trio for its
asynchronous side: this package uses none of them. A program that needs them imports them itself, before or after.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Make imports of modules that are not loaded yet fail as if they were not installed, for the time of a `with`."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None is how Python marks what cannot be imported
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


with hidden("httpx._main"):
    import httpx

__all__ = ["hidden", "httpx"]

"""The three streams a process is born with, also where whoever started it had closed one."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_STREAMS = (("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"))
"""stdout is opened so that writing fails: a report that nobody gets must not end as if all were well."""


def settle() -> None:
    """Open the null device in place of each closed stream, so that no file of ours ever gets its number.

    A ledger opened as number 2 would have every message written into it.
    """
    for number, (name, flags, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            _occupy(number, flags)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it stays open


def _occupy(number: int, flags: int) -> None:
    handle = os.open(os.devnull, flags)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)


def deafen() -> None:
    """Take what is left to write to stdout away quietly, so that Python does not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_at_once(words: bytes) -> None:
    """Write fixed words to stderr from a signal handler, where no buffer may be touched."""
    os.write(2, words)


def moving(*, color: bool) -> "Console":
    """Return the terminal on stderr for what moves there; whoever shows texts on it escapes them."""
    from rich.console import Console

    return Console(stderr=True, no_color=not color)

"""The program's own help page, printed as `make generate` wrote it, so that asking for it loads no parser.

Where anything could change the page, it is left to the parser, and so is a stdout that cannot be written.
"""

import os
from collections.abc import Mapping, Sequence

from reconciler.cli.process import is_narrower, write_at_once

PAGE = os.path.join(os.path.dirname(__file__), "overview.txt")
"""What the parser prints on a terminal of WIDTH columns or more."""

WIDTH = 80

_ASKED_BY: tuple[list[str], ...] = ([], ["-h"], ["--help"], ["help"])


def print_overview(arguments: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Print the page if it is what these arguments ask for, and tell whether it was printed."""
    if list(arguments) not in _ASKED_BY or _is_changed(variables) or is_narrower(WIDTH):
        return False
    with open(PAGE, encoding="ascii") as page:
        return write_at_once(page.read())


def _is_changed(variables: Mapping[str, str]) -> bool:
    """Tell whether a variable may change the answer: the program's own, the shell's completion, the width."""
    return "COLUMNS" in os.environ or any("RECONCILER_" in name for name in variables)

"""The command line: one file a command, each flags, one call, one report, one exit code."""

import gc
import os
import sys
from collections.abc import Mapping, Sequence

from reconciler.cli.streams import settle

PATIENT = (200_000, 50, 50)
"""Collect garbage seldom: what a run makes lives until its end, and looking through it took a tenth of a large plan."""


def main(arguments: Sequence[str] | None = None, variables: Mapping[str, str] | None = None) -> int:
    """Run the command line and return the exit code; nothing escapes from here but the code."""
    settle()
    gc.set_threshold(*PATIENT)
    from reconciler.cli.app import run

    given = sys.argv[1:] if arguments is None else list(arguments)
    return run(given, dict(os.environ if variables is None else variables))

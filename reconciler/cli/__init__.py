"""The command line: one file a command, each flags, one call, one report, one exit code."""

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from reconciler.cli.process import Interrupted, Interrupting, handled, open_missing_streams
from reconciler.model.process_clock import REAL_TIME, ProcessClock

PATIENT = (200_000, 50, 50)
"""Collect garbage seldom: what a run makes lives until its end, and looking through it took a tenth of a large plan."""

_SIGNALLED = 128


def main(
    arguments: Sequence[str] | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    clock: ProcessClock = REAL_TIME,
) -> int:
    """Run the command line and return the exit code; nothing escapes from here but the code.

    Without arguments it is the process's own, and signals are taken. `clock` is what waiting for a service goes by.
    """
    given = dict(os.environ if variables is None else variables)
    if arguments is None:
        return _process(given)
    return _loaded()(list(arguments), given, clock)


def _process(variables: Mapping[str, str]) -> int:
    """Run the process's own command line. After an interruption no thread is waited for that still reads."""
    interrupting = Interrupting()
    with handled(interrupting):
        run = _loaded()
        try:
            interrupting.begin()
            code = run(sys.argv[1:], variables, REAL_TIME)
        except Interrupted as interrupted:
            code = interrupted.exit_code
        if code > _SIGNALLED:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(code)
    return code


def _loaded() -> Callable[[Sequence[str], Mapping[str, str], ProcessClock], int]:
    open_missing_streams()
    gc.set_threshold(*PATIENT)
    from reconciler.cli.app import run

    return run

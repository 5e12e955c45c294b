"""Command line: one module for each command, with its flags, one call, one report and one exit code."""

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from reconciler.cli.overview import print_overview
from reconciler.cli.process import Interrupted, Interrupting, end_process, handled, open_missing_streams
from reconciler.model.process_clock import REAL_TIME, ProcessClock

PATIENT = (1_000_000, 50, 50)
"""Thresholds of the garbage collector, raised since most objects live until the run ends."""

SWITCH_INTERVAL = 0.05
"""Seconds that a thread computes before another may take its place: longer than one page of a listing takes to decode.

Threads that wait for the network let others compute at once. With the interpreter's 0.005 s, threads that hold a whole
page each are exchanged in the middle of it.
"""

_SIGNALLED = 128


def process_main() -> int:
    """Run the process's own command line and end the process; only what cannot end it here returns the exit code."""
    code = main()
    end_process(code)
    return code


def main(
    arguments: Sequence[str] | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    clock: ProcessClock = REAL_TIME,
) -> int:
    """Run the command line and return the exit code; no exception leaves this function.

    Without arguments it runs the process's own command line and handles signals. `clock` times waiting for a service.
    """
    given = dict(os.environ if variables is None else variables)
    if arguments is None:
        return _process(given)
    open_missing_streams()
    if print_overview(arguments, given):
        return 0
    return _loaded()(list(arguments), given, clock)


def _process(variables: Mapping[str, str]) -> int:
    """Run the process's own command line. After an interruption, threads that still read are not joined."""
    interrupting = Interrupting()
    with handled(interrupting):
        open_missing_streams()
        if print_overview(sys.argv[1:], variables):
            return 0
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
    gc.freeze()  # where the interpreter ends the process, it need not look for cycles in what ends with it
    return code


def _loaded() -> Callable[[Sequence[str], Mapping[str, str], ProcessClock], int]:
    gc.set_threshold(*PATIENT)
    sys.setswitchinterval(SWITCH_INTERVAL)
    from reconciler.cli.app import run

    return run

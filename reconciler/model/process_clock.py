"""Clock of a process, as a value that tests replace."""

import time
from collections.abc import Callable

from reconciler.late_methods import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessClock:
    """`now` gives seconds since 1970, `monotonic` measures, `sleep` waits."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


REAL_TIME = ProcessClock()
"""Clock of this machine."""

"""How much time and memory a rendering child may have, and how much of its time is left."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

Left = Callable[[], float]
"""How many seconds are left to wait, asked again after each wait; 0.0 when there are none."""
GRACE = 0.25
"""Seconds of CPU time beyond its `fair` share after which a child that did not stop by itself is ended."""
GLANCE = 0.05
"""Seconds between looks at how much CPU time a file has had, once its time on the wall is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a child may have.

    `cpu` and `wall` are seconds for one file, `memory` bytes above its start, `output` characters a file. A file whose
    `wall` is over before the machine gave it `fair` seconds of CPU time waits on, up to `patience` seconds: a busy
    machine refuses no honest template.
    """

    cpu: float = 1.0
    wall: float = 1.5
    fair: float = 0.6
    patience: float = 10.0
    memory: int = 192 << 20
    output: int = 16 << 20


class Allowance:
    """The time that a child has from now on to come up with one result."""

    def __init__(self, pid: int, budget: Budget) -> None:
        self._pid = pid
        self._budget = budget
        self._began = time.monotonic()
        self._used = _cpu_of(pid)

    def __call__(self) -> float:
        """Return how many seconds are left to wait before asking again; 0.0 when there are none."""
        budget, gone = self._budget, time.monotonic() - self._began
        if gone < budget.wall:
            return budget.wall - gone
        if gone < budget.patience and _cpu_of(self._pid) - self._used < budget.fair + GRACE:
            return min(GLANCE, budget.patience - gone)
        return 0.0


def _cpu_of(pid: int) -> float:
    """Return the seconds of CPU time a process has used; infinitely many where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return math.inf

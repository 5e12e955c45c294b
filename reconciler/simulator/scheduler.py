"""Which faults a request meets: counted and drawn for each fault on its own, so that one seed is one schedule."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from reconciler.simulator.faults import Fault
from reconciler.simulator.message import Request


@dataclass(slots=True)
class Armed:
    """A fault with its count of matching requests, how often it struck, and its own dice."""

    fault: Fault
    dice: random.Random
    met: int = 0
    struck: int = 0


@dataclass(slots=True)
class Scheduler:
    """The faults in force."""

    armed: list[Armed] = field(default_factory=list)

    def arm(self, faults: Iterable[Fault]) -> None:
        """Put more faults in force."""
        self.armed += [Armed(fault=fault, dice=random.Random(f"fault {fault.seed}")) for fault in faults]  # noqa: S311 - a schedule that repeats

    def strike(self, request: Request, *, kind: str, operation: str, project: str) -> tuple[Armed, ...]:
        """Return the faults this request meets, in order."""
        place = {"method": request.method, "kind": kind, "operation": operation, "project": project}
        met = [armed for armed in self.armed if _matches(armed.fault, place, request.path)]
        return tuple(armed for armed in met if _strikes(armed))


def _matches(fault: Fault, place: dict[str, str], path: str) -> bool:
    wanted = fault.match
    exact = all(not getattr(wanted, name) or getattr(wanted, name) == found for name, found in place.items())
    return exact and (not wanted.path or fnmatchcase(path, wanted.path))


def _strikes(armed: Armed) -> bool:
    armed.met += 1
    when = armed.fault.when
    chance = when.probability >= 1.0 or armed.dice.random() < when.probability
    nth = not when.nth or armed.met in when.nth
    every = not when.every or armed.met % when.every == 0
    if not (chance and nth and every) or (when.times and armed.struck >= when.times):
        return False
    armed.struck += 1
    return True

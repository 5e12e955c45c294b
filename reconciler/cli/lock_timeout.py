"""`apply --lock-timeout`: waits for a lock that another run holds, then plans again and continues."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from reconciler.cli.output import one_line
from reconciler.errors import LockedError, UsageError
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern

Result = TypeVar("Result")

_DURATION = late_pattern(r"([0-9]{1,7})(s|m|h|)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_BETWEEN_LOOKS = 1.0
_BETWEEN_WORDS = 30.0


def seconds_of(text: str, flag: str = "--lock-timeout") -> int:
    """Parse a duration such as `90`, `30s`, `5m` or `1h`, given with a flag. Raises UsageError."""
    found = _DURATION.fullmatch(text.strip() or "0")
    if found is None:
        raise UsageError(f"{flag} {text!r} is not a duration", hint="write it as 30s, 5m or 1h")
    return int(found[1]) * _UNITS[found[2]]


@dataclass(slots=True, kw_only=True)
class LockWait:
    """Time to wait for the lock, over all attempts of one apply together.

    `say` reports the wait. `clock` counts seconds, `sleep` waits.
    """

    seconds: float
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def call(self, attempt: Callable[[], Result], lock: Callable[[], AbstractContextManager[object]]) -> Result:
        """Return the result of `attempt`; after a LockedError, wait for `lock` and call it again.

        Raises LockedError when time is over.
        """
        until = self.clock() + self.seconds
        while True:
            try:
                return attempt()
            except LockedError as refused:
                self._wait(refused, lock, until)

    def _wait(self, refused: LockedError, lock: Callable[[], AbstractContextManager[object]], until: float) -> None:
        """Return as soon as the lock is available."""
        told = float("-inf")
        while (left := until - self.clock()) > 0:
            if self.clock() - told >= _BETWEEN_WORDS:
                told = self.clock()
                self.say(f"Waiting up to {left:.0f} s for the lock: {one_line(refused.message)}")
            self.sleep(min(_BETWEEN_LOOKS, left))
            try:
                with lock():
                    return
            except LockedError as again:
                refused = again
        raise refused

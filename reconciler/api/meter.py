"""What reading and writing cost, counted by all threads together."""

import threading

from reconciler.model.reading import Usage


class Meter:
    """A running Usage."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usage = Usage()

    def add(self, more: Usage) -> None:
        """Count something."""
        with self._lock:
            self._usage += more

    @property
    def usage(self) -> Usage:
        """The sum so far."""
        return self._usage

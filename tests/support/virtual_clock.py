"""A clock that stands still until everybody sleeps: timing of many threads, tested exactly and in no time."""

import heapq
import threading
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any


class VirtualClock:
    """Time for `run`'s threads: it jumps to the next moment somebody wants to wake, once all of them sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self._changed = threading.Condition()
        self._alarms: list[tuple[float, int, threading.Event]] = []
        self._awake = 0
        self._tickets = count()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        rung = threading.Event()
        with self._changed:
            heapq.heappush(self._alarms, (self.now + seconds, next(self._tickets), rung))
            self._rest()
        assert rung.wait(timeout=60), "nobody woke this thread"

    def run(self, workers: int, work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        """Work the items off with some threads; return the results in the order they came to be."""
        todo, results = iter(list(items)), []
        lock = threading.Lock()

        def worker() -> None:
            try:
                while True:
                    with lock:
                        item = next(todo, None)
                    if item is None:
                        return
                    results.append(work(item))
            finally:
                with self._changed:
                    self._rest()

        self._awake = workers
        threads = [threading.Thread(target=worker, daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        return results

    def _rest(self) -> None:
        """Count one thread less awake; the last one lets time go on."""
        self._awake -= 1
        if self._awake == 0 and self._alarms:
            self.now = self._alarms[0][0]
            while self._alarms and self._alarms[0][0] <= self.now:
                heapq.heappop(self._alarms)[2].set()
                self._awake += 1

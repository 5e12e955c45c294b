"""Pages on their way are bounded by their bytes: any number of small ones, few large ones, and a huge one alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest

from reconciler.api.client import MOST_ON_THE_WAY, PageBudget

CALLS = 8


def most_at_once(size: int) -> int:
    """Return how many of eight threads were ever on their way together, each with a page of this size."""
    budget, lock, now, most = PageBudget(), Lock(), [0], [0]
    budget.came(size)

    def call(_: int) -> None:
        with budget.page():
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            budget.came(size)
            with lock:
                now[0] -= 1

    with ThreadPoolExecutor(CALLS) as pool:
        list(pool.map(call, range(CALLS * 50)))
    return most[0]


@pytest.mark.parametrize(("size", "most"), [(MOST_ON_THE_WAY // 3, 3), (MOST_ON_THE_WAY, 1), (9 * MOST_ON_THE_WAY, 1)])
def test_large_pages_wait_for_each_other(size, most):
    assert 1 <= most_at_once(size) <= most


@pytest.mark.parametrize("size", [0, MOST_ON_THE_WAY // CALLS])
def test_small_pages_are_on_their_way_together(size):
    budget, together = PageBudget(), Barrier(CALLS, timeout=20)
    budget.came(size)

    def call(_: int) -> None:
        with budget.page():
            together.wait()

    with ThreadPoolExecutor(CALLS) as pool:
        list(pool.map(call, range(CALLS)))


def test_a_page_that_fails_gives_its_place_back():
    budget = PageBudget()
    budget.came(MOST_ON_THE_WAY)
    for _ in range(3):
        with pytest.raises(OSError, match="gone"), budget.page():
            raise OSError("gone")
    with budget.page():
        pass

"""Which items of an ordered list moved: the fewest that explain the new order."""

from bisect import bisect_left
from collections.abc import Sequence


def moved(order: Sequence[int]) -> list[int]:
    """Return the places in `order` (old indexes in their new order, all different) of the items that moved.

    Those that stay are a longest increasing run, so that inserting or removing moves nothing; n log n.
    """
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, old in enumerate(order):
        at = bisect_left(tails, old)
        if at == len(tails):
            tails.append(old)
            ends.append(place)
        else:
            tails[at] = old
            ends[at] = place
        before.append(ends[at - 1] if at else -1)
    stay: set[int] = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        stay.add(place)
        place = before[place]
    return [place for place in range(len(order)) if place not in stay]

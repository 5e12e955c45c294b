"""Compares two lists item by item: the order has a meaning, and items have no keys."""

from reconciler.diff.compare.collector import ListComparison, Pair, put_pair
from reconciler.model.change import NoValue, PartialValue
from reconciler.model.field_path import printed
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField


def single_values(item: CompiledField, want: list[Json], have: list[Json], look: ListComparison) -> Pair | None:
    """Compare two lists of single values as wholes, with equivalent values replaced by one spelling."""
    if len(want) != len(have):
        return have, want
    if want == have and all(one.__class__ is other.__class__ for one, other in zip(want, have, strict=True)):
        return None
    spelled = list(have)
    different = False
    for index, (wanted, had) in enumerate(zip(want, have, strict=True)):
        if look.inner(item, wanted, had, look.step(index), look.found) is None:
            spelled[index] = wanted
        else:
            different = True
    return (spelled, want) if different else None


def by_index(item: CompiledField, want: list[Json], have: list[Json], look: ListComparison) -> Pair | None:
    """Compare item by item, after what is equal at both ends has been set aside."""
    start, tail = _ends(item, want, have, look)
    before: dict[str, PartialValue] = {}
    after: dict[str, PartialValue] = {}
    for index in range(start, max(len(want), len(have)) - tail):
        wanted, had = index < len(want) - tail, index < len(have) - tail
        pair: Pair | None = (have[index] if had else NoValue.ABSENT, want[index] if wanted else NoValue.ABSENT)
        if wanted and had:
            pair = look.inner(item, want[index], have[index], look.step(index), look.found)
        if wanted:
            look.found.record_index((*look.at, index), index)
        if pair is not None:
            put_pair(printed(index), pair, before, after)
    return (before, after) if before or after else None


def _ends(item: CompiledField, want: list[Json], have: list[Json], look: ListComparison) -> tuple[int, int]:
    """Count the equal items at the start, and those at the end if the lengths differ."""
    most = min(len(want), len(have))
    start = 0
    while start < most and _alike(item, want[start], have[start], start, look):
        start += 1
    tail = 0
    while len(want) != len(have) and tail < most - start:
        if not _alike(item, want[-1 - tail], have[-1 - tail], len(want) - 1 - tail, look):
            break
        tail += 1
    return start, tail


def _alike(item: CompiledField, want: Json, have: Json, step: int, look: ListComparison) -> bool:
    found = look.tries(item, want, have, step)
    if found is not None:
        look.found.take(found)
    return found is not None

"""Compares two lists without order and keys; duplicates count one by one."""

from collections import Counter, defaultdict
from collections.abc import Hashable

from reconciler.diff.compare.collector import DiffCollector, Inner, ListComparison, Pair
from reconciler.json_codec import sorted_json
from reconciler.model.change import SuppressionReason
from reconciler.model.field_path import ItemKey, printed
from reconciler.model.json_types import Json, as_object
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.defaults import fill_defaults
from reconciler.semantics.equality import equality_key

_MOST_TRIED = 64
"""Most remaining items that are compared by tolerance; beyond that only equal ones pair."""


def compare(item: CompiledField, want: list[Json], have: list[Json], look: ListComparison) -> Pair | None:
    """Compare two sets; each difference is keyed by its own value."""
    if _one_by_one(item, want, have, look):
        return None
    found = matched(item, want, have, look.inner)
    for index, other in found[0]:
        look.inner(item, want[index], have[other], look.step(index), look.found)
    had = [other for _, other in found[0]]
    if had != sorted(had):
        look.found.hide(look.at, SuppressionReason.ORDER)
    added, gone = left_steps(item, (want, have), found)
    if not added and not gone:
        return None
    for index, step in added.items():
        look.found.record_index((*look.at, step), index)
    before = {printed(step): have[other] for other, step in gone.items()}
    return before, {printed(step): want[index] for index, step in added.items()}


def _one_by_one(item: CompiledField, want: list[Json], have: list[Json], look: ListComparison) -> bool:
    """Tell whether two lists are equivalent in their order: the common, cheap case."""
    if len(want) != len(have):
        return False
    if len(want) == 1:  # the order cannot differ, so nothing is rolled back
        count = len(look.found.hidden)
        if look.inner(item, want[0], have[0], look.step(0), look.found) is None:
            return True
        del look.found.hidden[count:]
        return False
    scratch = look.found.scratch()
    for index, (wanted, had) in enumerate(zip(want, have, strict=True)):
        if look.inner(item, wanted, had, (*look.at, index), scratch) is not None:
            return False
    look.found.take(scratch)
    return True


def step_of(item: CompiledField, value: Json, seen: Counter[Hashable]) -> ItemKey:
    """Return the step of an item without keys; `seen` counts equal ones."""
    key = equality_key(item, value)
    seen[key] += 1
    return key_of_whole(item, value, seen[key])


def key_of_whole(item: CompiledField, value: Json, nth: int) -> ItemKey:
    """Return the step of an item without keys of its own: its values, in the table's order."""
    if isinstance(value, dict):
        spelled = as_object(fill_defaults(item, value))
        return ItemKey(tuple(_single(spelled.get(name)) for name in item.children), nth)
    return ItemKey((_single(value),), nth)


def _single(value: Json) -> Json:
    if value is None or isinstance(value, (str, int, float)):
        return value
    return sorted_json(value)


Matched = tuple[list[tuple[int, int]], list[int], list[int]]


def matched(item: CompiledField, want: list[Json], have: list[Json], inner: Inner) -> Matched:
    """Pair the items of two sets, duplicates one by one: pairs, only in the first, only in the second."""
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index in reversed(range(len(have))):
        places[equality_key(item, have[index])].append(index)
    pairs, added = [], []
    for index, value in enumerate(want):
        same = places.get(equality_key(item, value))
        if same:
            pairs.append((index, same.pop()))
        else:
            added.append(index)
    gone = sorted(index for rest in places.values() for index in rest)
    if added and gone and max(len(added), len(gone)) <= _MOST_TRIED:
        _try_all(item, (want, have), (pairs, added, gone), inner)
    return sorted(pairs), added, gone


def left_steps(
    item: CompiledField, lists: tuple[list[Json], list[Json]], found: Matched
) -> tuple[dict[int, ItemKey], dict[int, ItemKey]]:
    """Return the steps of items in one list only, by index: of the declared items, and of the live ones."""
    want, have = lists
    pairs, added, gone = found
    seen: Counter[Hashable] = Counter(equality_key(item, want[index]) for index, _ in pairs)
    steps = {index: step_of(item, want[index], seen) for index in added}
    return steps, {other: step_of(item, have[other], seen) for other in gone}


def _try_all(item: CompiledField, lists: tuple[list[Json], list[Json]], matched: Matched, inner: Inner) -> None:
    """Pair items that are equivalent though not equal: an undeclared field, an URL with another query."""
    want, have = lists
    pairs, added, gone = matched
    for index in tuple(added):
        other = next(
            (other for other in gone if inner(item, want[index], have[other], (), DiffCollector()) is None), None
        )
        if other is not None:
            pairs.append((index, other))
            added.remove(index)
            gone.remove(other)

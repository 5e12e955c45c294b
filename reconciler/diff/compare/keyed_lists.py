"""Compares two lists by their semantics: keyed and unordered, keyed and ordered, a set, or item by item.

A declared list is complete: live items that it does not name are removed. A missing or repeated key makes the list
atomic, with a note; live items that share a key do not: the first equal one pairs, the rest are removed.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.diff.compare import positional_lists, sets
from reconciler.diff.compare.collector import DiffCollector, Inner, ListComparison, Pair, put_pair
from reconciler.kinds.base.field import ListType
from reconciler.late_methods import dataclass
from reconciler.model.change import PartialValue, SuppressionReason
from reconciler.model.field_path import ItemKey, printed, spell
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.defaults import are_unchanged
from reconciler.semantics.list_keys import KeyValues, all_parts


def moved(order: Sequence[int]) -> list[int]:
    """Return the indexes in `order` (old indexes in their new order, all different) of the items that moved.

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


_LONGEST = 1_000
"""Lists of single values up to this length are aligned; longer ones are compared index by index, in linear time."""


@dataclass(frozen=True, slots=True)
class KeyedItems:
    """Items of one keyed list, with their keys."""

    items: list[Json]
    keys: list[KeyValues]


def listed(node: CompiledField, want: list[Json], have: list[Json], look: ListComparison) -> Pair | None:
    """Compare two lists; the result is keyed by printed step, or two lists of single values."""
    if node.mode is ListType.SET:
        return sets.compare(node.each, want, have, look)
    if node.mode in (ListType.MAP, ListType.ORDERED_MAP):
        if are_unchanged(node, want, have, look.found.known):
            return None
        sides = keyed_sides(node, want, have)
        if sides is not None:
            return _keyed(node, *sides, look)
        look.found.notes[_no_keys(node, want, look)] = None
    each = node.each
    short = each.plain and max(len(want), len(have)) <= _LONGEST
    pair = (positional_lists.single_values if short else positional_lists.by_index)(each, want, have, look)
    if pair is not None:
        look.found.series.add(tuple(map(printed, look.at)))
    return pair


def keyed_sides(node: CompiledField, want: list[Json], have: list[Json]) -> tuple[KeyedItems, KeyedItems] | None:
    """Return both lists with their keys; None where a key is missing, or repeated in what is declared."""
    wanted, had = all_parts(node, want), all_parts(node, have)
    if wanted is None or had is None or len(set(wanted)) != len(wanted):
        return None
    sides = KeyedItems(want, wanted), KeyedItems(have, had)
    return (sides[0], KeyedItems(have, _as_declared(node, *sides))) if node.refers else sides


def _as_declared(node: CompiledField, want: KeyedItems, have: KeyedItems) -> list[KeyValues]:
    """Return the live keys, each with the declared name of the object that its item refers to by id.

    A library that is renamed in the same plan stays the same library to rules that came from it.
    """
    keys = have.keys
    for index, id_name in node.refers:
        names = {item[id_name]: key[index] for item, key in _identified(want, id_name)}
        if all(names[item[id_name]] == key[index] for item, key in _identified(want, id_name)):
            keys = [_renamed(item, key, index, names, id_name) for item, key in zip(have.items, keys, strict=True)]
    return keys


def _identified(side: KeyedItems, id_name: str) -> Iterator[tuple[dict[str, Json], KeyValues]]:
    for item, key in zip(side.items, side.keys, strict=True):
        if isinstance(item, dict) and isinstance(item.get(id_name), str):
            yield item, key


def _renamed(item: Json, key: KeyValues, index: int, names: Mapping[Json, Json], id_name: str) -> KeyValues:
    given = item.get(id_name) if isinstance(item, dict) else None
    if not isinstance(given, str) or given not in names:
        return key
    return (*key[:index], names[given], *key[index + 1 :])


def _no_keys(node: CompiledField, want: list[Json], look: ListComparison) -> str:
    keys = ", ".join(".".join(path) for path in node.keys)
    wanted = all_parts(node, want)
    trouble = "is repeated" if wanted is not None and len(set(wanted)) < len(wanted) else "is missing in an item"
    return f"{spell(look.at)}: {keys} {trouble}, so the list is compared item by item"


def _keyed(node: CompiledField, want: KeyedItems, have: KeyedItems, look: ListComparison) -> Pair | None:
    pairs, gone = pair_items(node.each, want, have, look.inner)
    before: dict[str, PartialValue] = {}
    after: dict[str, PartialValue] = {}
    for index, (parts, other) in enumerate(zip(want.keys, pairs, strict=True)):
        key = ItemKey(parts)
        if other is None:
            after[printed(key)] = want.items[index]
            look.found.record_index((*look.at, key), index)
            continue
        quiet = len(look.found.secrets) + len(look.found.moves)
        pair = look.inner(node.each, want.items[index], have.items[other], look.step(key), look.found)
        if pair is not None or quiet < len(look.found.secrets) + len(look.found.moves):
            look.found.record_index((*look.at, key), index)
        if pair is not None:
            put_pair(printed(key), pair, before, after)
    for other, key in zip(gone, gone_steps(have, gone, set(want.keys)), strict=True):
        before[printed(key)] = have.items[other]
    _order(node, want.keys, pairs, look)
    return (before, after) if before or after else None


def gone_steps(have: KeyedItems, gone: Sequence[int], declared: set[KeyValues]) -> list[ItemKey]:
    """Return the steps of the live items that are removed; of several with one key the first is the one that paired."""
    seen: Counter[KeyValues] = Counter(declared)
    steps = []
    for other in gone:
        seen[have.keys[other]] += 1
        steps.append(ItemKey(have.keys[other], seen[have.keys[other]]))
    return steps


def pair_items(
    node: CompiledField, want: KeyedItems, have: KeyedItems, inner: Inner
) -> tuple[list[int | None], list[int]]:
    """Pair keyed items: for each declared one the index of its live one, and the remaining live ones."""
    if want.keys == have.keys:
        return list(range(len(want.keys))), []
    places: defaultdict[KeyValues, list[int]] = defaultdict(list)
    for index, parts in enumerate(have.keys):
        places[parts].append(index)
    pairs: list[int | None] = []
    for item, parts in zip(want.items, want.keys, strict=True):
        candidates = places.get(parts, [])
        best = _first_equal(node, item, have.items, candidates, inner)
        if best is not None:
            candidates.remove(best)
        pairs.append(best)
    return pairs, sorted(index for rest in places.values() for index in rest)


def _first_equal(node: CompiledField, want: Json, have: list[Json], candidates: list[int], inner: Inner) -> int | None:
    """Return the first equal one of live items with one key, else the first."""
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    equal = (index for index in candidates if inner(node, want, have[index], (), DiffCollector()) is None)
    return next(equal, candidates[0])


def _order(node: CompiledField, keys: Sequence[KeyValues], pairs: Sequence[int | None], look: ListComparison) -> None:
    """Record a changed order: nothing where it has no meaning, the fewest moves where it has."""
    kept = [(index, other) for index, other in enumerate(pairs) if other is not None]
    had = [other for _, other in kept]
    if had == sorted(had):
        return
    if node.mode is not ListType.ORDERED_MAP:
        look.found.hide(look.at, SuppressionReason.ORDER)
        return
    for place in moved(had):
        index, other = kept[place]
        step = (*look.at, ItemKey(keys[index]))
        look.found.record_index(step, index)
        look.found.moves.append((step, other, index))

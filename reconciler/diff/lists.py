"""Compares two lists as their rule says: keyed and unordered, keyed and ordered, a set, or item by item.

A declared list is complete: live items that it does not name are removals. A key that is missing or repeated makes the
list atomic, with a note; live items that share a key are no such case: the first equal one pairs, the rest go.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from reconciler.diff.found import Found, Inner, Pair
from reconciler.diff.keys import Parts, all_parts, key_of_whole, whole
from reconciler.diff.moves import moved
from reconciler.diff.nodes import Node
from reconciler.diff.paths import Key, Steps, printed, spell
from reconciler.kinds.table import ListType
from reconciler.model.change import Missing, Rule
from reconciler.model.resource import Json

_MOST_TOLERANT = 64
"""So many left-over items of a set are tried against each other; beyond that only equal ones pair."""

_LONGEST = 1_000
"""Lists of single values up to this length are aligned; longer ones are compared index by index, in linear time."""


def listed(node: Node, want: list[Json], have: list[Json], at: Steps, found: Found, inner: Inner) -> Pair | None:
    """Compare two lists; the result is keyed by printed step, or two lists of single values."""
    if node.item is None:
        return None if want == have else (have, want)
    if node.mode is ListType.SET:
        return _sets(node, want, have, at, found, inner)
    if node.mode in (ListType.MAP, ListType.ORDERED_MAP):
        wanted, had = all_parts(node, want), all_parts(node, have)
        if wanted is not None and had is not None and len(set(wanted)) == len(wanted):
            return _keyed(node, (want, wanted), (have, had), at, found, inner)
        found.notes[_no_keys(node, at, wanted)] = None
    if node.item.plain and max(len(want), len(have)) <= _LONGEST:
        return _plain(node.item, want, have, at, found, inner)
    return _by_index(node.item, want, have, at, found, inner)


def _no_keys(node: Node, at: Steps, wanted: list[Parts] | None) -> str:
    keys = ", ".join(".".join(path) for path in node.keys)
    trouble = "is repeated" if wanted is not None and len(set(wanted)) < len(wanted) else "is missing in an item"
    return f"{spell(at)}: {keys} {trouble}, so the list is compared item by item"


Sided = tuple[list[Json], list[Parts]]


def _keyed(node: Node, want: Sided, have: Sided, at: Steps, found: Found, inner: Inner) -> Pair | None:
    assert node.item is not None
    pairs, gone = paired(node.item, want, have, inner)
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    for index, other in enumerate(pairs):
        key = Key(want[1][index])
        if other is None:
            _put(found, after, (*at, key), index, want[0][index])
            continue
        pair = inner(node.item, want[0][index], have[0][other], (*at, key), found)
        if pair is not None:
            _both(found, before, after, (*at, key), index, pair)
        elif found.secrets or found.moves:
            found.place((*at, key), index)
    repeats: Counter[Parts] = Counter(want[1])
    for other in gone:
        repeats[have[1][other]] += 1
        nth = repeats[have[1][other]]
        before[printed(Key(have[1][other], nth))] = have[0][other]
    _order(node, [other for other in pairs if other is not None], want[1], pairs, at, found)
    return (before, after) if before or after else None


def _put(found: Found, side: dict[str, Json], at: Steps, index: int, value: Json) -> None:
    side[printed(at[-1])] = value
    found.place(at, index)


def _both(found: Found, before: dict[str, Json], after: dict[str, Json], at: Steps, index: int, pair: Pair) -> None:
    step = printed(at[-1])
    found.place(at, index)
    for side, value in zip((before, after), pair, strict=True):
        if value is not Missing.ABSENT:
            side[step] = value


def paired(node: Node, want: Sided, have: Sided, inner: Inner) -> tuple[list[int | None], list[int]]:
    """Pair keyed items: for each declared one the index of its live one, and the live ones that are left."""
    if want[1] == have[1]:
        return list(range(len(want[1]))), []
    places: defaultdict[Parts, list[int]] = defaultdict(list)
    for index, parts in enumerate(have[1]):
        places[parts].append(index)
    pairs: list[int | None] = []
    for index, parts in enumerate(want[1]):
        candidates = places.get(parts, [])
        best = _first_equal(node, want[0][index], have[0], candidates, inner)
        if best is not None:
            candidates.remove(best)
        pairs.append(best)
    return pairs, sorted(index for rest in places.values() for index in rest)


def _first_equal(node: Node, want: Json, have: list[Json], candidates: list[int], inner: Inner) -> int | None:
    """Of live items with one key the first equal one counts, else the first."""
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    equal = (index for index in candidates if inner(node, want, have[index], (), Found()) is None)
    return next(equal, candidates[0])


def _order(
    node: Node, had: list[int], keys: Sequence[Parts], pairs: Sequence[int | None], at: Steps, found: Found
) -> None:
    if had == sorted(had):
        return
    if node.mode is not ListType.ORDERED_MAP:
        found.hide(at, Rule.ORDER)
        return
    kept = [index for index, other in enumerate(pairs) if other is not None]
    for place in moved(had):
        index = kept[place]
        found.place((*at, Key(keys[index])), index)
        found.moves.append(((*at, Key(keys[index])), had[place], index))


def _sets(node: Node, want: list[Json], have: list[Json], at: Steps, found: Found, inner: Inner) -> Pair | None:
    item = node.item
    assert item is not None
    if _in_order(item, want, have, at, found, inner):
        return None
    pairs, added, gone = matched(item, want, have, inner)
    for index, other in pairs:
        inner(item, want[index], have[other], (*at, index), found)
    had = [other for _, other in pairs]
    if had != sorted(had):
        found.hide(at, Rule.ORDER)
    if not added and not gone:
        return None
    seen: Counter[str] = Counter(whole(item, want[index]) for index, _ in pairs)
    after = {}
    for index in added:
        step = _set_step(item, want[index], seen)
        after[printed(step)] = want[index]
        found.place((*at, step), index)
    before = {printed(_set_step(item, have[index], seen)): have[index] for index in gone}
    return before, after


def _in_order(item: Node, want: list[Json], have: list[Json], at: Steps, found: Found, inner: Inner) -> bool:
    """Tell whether two lists are alike one by one: the common case, and a cheap one."""
    if len(want) != len(have):
        return False
    scratch = found.scratch()
    for index, (wanted, had) in enumerate(zip(want, have, strict=True)):
        if inner(item, wanted, had, (*at, index), scratch) is not None:
            return False
    found.take(scratch)
    return True


def _set_step(node: Node, value: Json, seen: Counter[str]) -> Key:
    text = whole(node, value)
    seen[text] += 1
    return key_of_whole(node, value, seen[text])


def matched(
    node: Node, want: list[Json], have: list[Json], inner: Inner
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pair the items of two sets, duplicates one by one: pairs, what only the first has, what only the second has."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for index in range(len(have) - 1, -1, -1):
        places[whole(node, have[index])].append(index)
    pairs, added = [], []
    for index, value in enumerate(want):
        same = places.get(whole(node, value))
        if same:
            pairs.append((index, same.pop()))
        else:
            added.append(index)
    gone = sorted(index for rest in places.values() for index in rest)
    if not added or not gone or max(len(added), len(gone)) > _MOST_TOLERANT:
        return pairs, added, gone
    for index in tuple(added):
        other = next((other for other in gone if inner(node, want[index], have[other], (), Found()) is None), None)
        if other is not None:
            pairs.append((index, other))
            added.remove(index)
            gone.remove(other)
    return sorted(pairs), added, gone


def _plain(item: Node, want: list[Json], have: list[Json], at: Steps, found: Found, inner: Inner) -> Pair | None:
    """Compare two lists of single values as wholes, spelling alike what counts as alike."""
    if len(want) != len(have):
        return have, want
    scratch = found.scratch()
    spelled = list(have)
    different = False
    for index, (wanted, had) in enumerate(zip(want, have, strict=True)):
        if inner(item, wanted, had, (*at, index), scratch) is None:
            spelled[index] = wanted
        else:
            different = True
    found.take(scratch)
    return (spelled, want) if different else None


def _by_index(item: Node, want: list[Json], have: list[Json], at: Steps, found: Found, inner: Inner) -> Pair | None:
    """Compare item by item, after what is equal at both ends has been set aside."""
    start, tail = _ends(item, want, have, at, found, inner)
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    for index in range(start, max(len(want), len(have)) - tail):
        in_want, in_have = index < len(want) - tail, index < len(have) - tail
        if in_want and in_have:
            pair = inner(item, want[index], have[index], (*at, index), found)
            if pair is not None:
                _both(found, before, after, (*at, index), index, pair)
        elif in_want:
            _put(found, after, (*at, index), index, want[index])
        else:
            before[printed(index)] = have[index]
    return (before, after) if before or after else None


def _ends(item: Node, want: list[Json], have: list[Json], at: Steps, found: Found, inner: Inner) -> tuple[int, int]:
    """Count the equal items at the start, and those at the end if the lengths differ."""
    most = min(len(want), len(have))
    start = 0
    while start < most and _alike(item, want[start], have[start], (*at, start), found, inner):
        start += 1
    tail = 0
    if len(want) != len(have):
        while tail < most - start and _alike(
            item, want[-1 - tail], have[-1 - tail], (*at, len(want) - 1 - tail), found, inner
        ):
            tail += 1
    return start, tail


def _alike(item: Node, want: Json, have: Json, at: Steps, found: Found, inner: Inner) -> bool:
    scratch = found.scratch()
    if inner(item, want, have, at, scratch) is not None or scratch.secrets or scratch.moves:
        return False
    found.take(scratch)
    return True

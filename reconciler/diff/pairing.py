"""Which live item each declared item of a list is laid on: by key, else by equal managed part, else by index."""

from dataclasses import dataclass

from reconciler.diff.compare import items as compare_items
from reconciler.diff.found import Found
from reconciler.diff.lists import gone_steps, keyed_sides, paired
from reconciler.diff.paths import Key, Step
from reconciler.diff.sets import left_steps, matched
from reconciler.kinds.table import ListType
from reconciler.model.resource import Json
from reconciler.semantics.compiled_field import CompiledField


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """How two lists belong together, by index.

    `pairs` leads from declared to live items, `steps` names each declared item in a path, `left` the live ones that no
    declared one is. A `series` has no keys and no set's rule.
    """

    pairs: dict[int, int]
    steps: dict[int, Step]
    left: dict[int, Step]
    series: bool = False


def pairing(node: CompiledField, want: list[Json], have: list[Json]) -> Pairing:
    """Pair the items of a declared and a live list, with the steps that a comparison gives them."""
    if node.mode is ListType.SET:
        return _of_sets(node.each, want, have)
    sides = keyed_sides(node, want, have) if node.mode is not ListType.ATOMIC else None
    if sides is None:
        return _of_series(node.each, want, have)
    found, gone = paired(node.each, *sides, compare_items)
    return Pairing(
        pairs={index: other for index, other in enumerate(found) if other is not None},
        steps={index: Key(parts) for index, parts in enumerate(sides[0].keys)},
        left=dict(zip(gone, gone_steps(sides[1], gone, set(sides[0].keys)), strict=True)),
    )


def _of_sets(item: CompiledField, want: list[Json], have: list[Json]) -> Pairing:
    found = matched(item, want, have, compare_items)
    added, gone = left_steps(item, (want, have), found)
    return Pairing(pairs=dict(found[0]), steps={**{index: index for index, _ in found[0]}, **added}, left={**gone})


def _of_series(item: CompiledField, want: list[Json], have: list[Json]) -> Pairing:
    pairs = _by_value(item, want, have)
    steps: dict[int, Step] = dict(enumerate(range(len(want))))
    left: dict[int, Step] = {index: index for index in set(range(len(have))) - set(pairs.values())}
    return Pairing(pairs=pairs, steps=steps, left=left, series=True)


def _by_value(item: CompiledField, want: list[Json], have: list[Json]) -> dict[int, int]:
    same_place = min(len(want), len(have))
    if all(compare_items(item, want[at], have[at], (), Found()) is None for at in range(same_place)):
        return {at: at for at in range(same_place)}
    pairs = dict(matched(item, want, have, compare_items)[0])
    used = set(pairs.values())
    free = {index: index for index in range(same_place) if index not in pairs and index not in used}
    return {**pairs, **free}

"""Looks inside a pair that differs: DeepDiff on the two reduced sides, its answer in our own words.

DeepDiff sees only what is known to differ, keyed lists as mappings, never with `ignore_order` (which is quadratic and
pairs by likeness). It is imported here and nowhere else, when the first difference appears.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.diff.found import Pair
from reconciler.model.change import FieldOp, Missing, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference at printed steps; a number is an index in a list of single values."""

    steps: tuple[str | int, ...]
    op: FieldOp
    before: Value
    after: Value


_OPS = {
    "values_changed": FieldOp.REPLACE,
    "type_changes": FieldOp.REPLACE,
    "dictionary_item_added": FieldOp.ADD,
    "dictionary_item_removed": FieldOp.REMOVE,
    "iterable_item_added": FieldOp.ADD,
    "iterable_item_removed": FieldOp.REMOVE,
}


def differences(pair: Pair) -> list[Difference]:
    """Return every difference between two reduced sides, live first, in the order of their paths."""
    from deepdiff import DeepDiff

    tree = DeepDiff(*pair, view="tree", threshold_to_diff_deeper=0, verbose_level=2)
    found = [difference for name, levels in tree.items() for difference in _translated(name, levels)]
    return sorted(found, key=lambda one: [_rank(step) for step in one.steps])


def _rank(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)


def _translated(name: str, levels: Any) -> Iterator[Difference]:
    op = _OPS[name]
    for level in levels:
        steps = level.path(output_format="list", use_t2=op is not FieldOp.REMOVE)
        yield Difference(
            steps=tuple(steps),
            op=op,
            before=Missing.ABSENT if op is FieldOp.ADD else level.t1,
            after=Missing.ABSENT if op is FieldOp.REMOVE else level.t2,
        )

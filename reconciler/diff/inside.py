"""Looks inside a pair that differs: the two reduced sides, down to the single values and lists that are not alike.

Both sides hold only what is known to differ, keyed lists as mappings. Most differences are one single value for another
and are told here. DeepDiff is asked about the lists, which it aligns: never with `ignore_order` (which is quadratic and
pairs by likeness). It is imported here and nowhere else, when the first such list appears.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.diff.found import Pair, Tree
from reconciler.model.change import FieldOp, Missing, Value
from reconciler.semantics.equality import identical

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference at printed steps; a number is an index in a list of single values."""

    steps: Steps
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
    return sorted(_inside((), *pair), key=lambda one: [_rank(step) for step in one.steps])


def _inside(steps: Steps, before: Tree, after: Tree) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _inside((*steps, name), before.get(name, Missing.ABSENT), after.get(name, Missing.ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        at = _only_place(before, after)
        if at is None:
            yield from _aligned(steps, before, after)
        else:
            yield _one((*steps, at), before[at], after[at])
    elif not identical(before, after):
        yield _one(steps, before, after)


def _one(steps: Steps, before: Value, after: Value) -> Difference:
    op = FieldOp.ADD if before is Missing.ABSENT else FieldOp.REMOVE if after is Missing.ABSENT else FieldOp.REPLACE
    return Difference(steps=steps, op=op, before=before, after=after)


def _only_place(before: list[Any], after: list[Any]) -> int | None:
    """Return the one index at which two lists of single values differ; None where they have to be aligned."""
    if len(before) != len(after) or any(isinstance(item, (dict, list)) for item in (*before, *after)):
        return None
    places = [at for at, sides in enumerate(zip(before, after, strict=True)) if not identical(*sides)]
    return places[0] if len(places) == 1 else None


def _aligned(steps: Steps, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    from deepdiff import DeepDiff

    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, verbose_level=2)
    for name, levels in tree.items():
        yield from _translated(steps, name, levels)


def _rank(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)


def _translated(outer: Steps, name: str, levels: Any) -> Iterator[Difference]:
    op = _OPS[name]
    for level in levels:
        steps = level.path(output_format="list", use_t2=op is not FieldOp.REMOVE)
        yield Difference(
            steps=(*outer, *steps),
            op=op,
            before=Missing.ABSENT if op is FieldOp.ADD else level.t1,
            after=Missing.ABSENT if op is FieldOp.REMOVE else level.t2,
        )

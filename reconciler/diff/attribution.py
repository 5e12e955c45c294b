"""Attributes differences three-way: against what was last applied, a base commit, both, or neither.

With L the last applied value, B the base commit's, D the desired and V the live one, a difference D ≠ V is

    one base b:   b = V → config      b = D → drift      else → conflict
    both bases:   D = B: L = V → pending, L = B → drift, else conflict
                  D ≠ B: B = V or L = V → config, else conflict

and where D = V but b differs from both, `already`. "Not declared in base" is a value of its own: a newly declared
field is `config`. No base for the object: unattributed, never drift.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from enum import Enum

from reconciler.diff.compare.collector import DiffCollector
from reconciler.diff.compare.sets import step_of
from reconciler.diff.compare.walk import same, values
from reconciler.kinds.base.field import ListType
from reconciler.late_methods import dataclass
from reconciler.model.change import Attribution, NoValue, Value
from reconciler.model.field_path import ItemKey, printed
from reconciler.model.field_tree import child_at
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.equality import identical
from reconciler.semantics.list_keys import all_parts


class BaseUnmanaged(Enum):
    """The base has the object, but does not manage the field."""

    IN_BASE = "not declared in base"


BaseValue = Value | BaseUnmanaged
Alike = Callable[[BaseValue, Value], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionBases:
    """Bases of an object: from the ledger, and from a base commit; None where that does not have it."""

    applied: Mapping[str, Json] | None = None
    commit: Mapping[str, Json] | None = None

    @property
    def known(self) -> bool:
        """Whether there is any base for the object."""
        return self.applied is not None or self.commit is not None

    def declare(self, spec: Mapping[str, Json]) -> bool:
        """Tell whether each base there is has exactly this spec: then nothing moved, and nothing is dropped."""
        applied, commit = self.applied, self.commit
        return (applied is None or identical(spec, applied)) and (commit is None or identical(spec, commit))


NO_BASES = AttributionBases()
"""Bases of an object that neither the ledger nor a base commit has."""


def attribute_field(
    applied: BaseValue | None, commit: BaseValue | None, desired: Value, live: Value, equal: Alike
) -> Attribution | None:
    """Attribute one field; None as a base is "no base". Returns None where desired, live and base all agree."""
    if applied is None and commit is None:
        return None if equal(desired, live) else Attribution.UNATTRIBUTED
    if equal(desired, live):
        base = commit if commit is not None else applied
        return None if base is not None and equal(base, live) else Attribution.ALREADY
    if applied is None or commit is None:
        return _one_base(commit if applied is None else applied, desired, live, equal)
    if equal(commit, desired):
        if applied is BaseUnmanaged.IN_BASE or equal(applied, live):
            return Attribution.PENDING
        return Attribution.DRIFT if equal(applied, desired) else Attribution.CONFLICT
    if commit is BaseUnmanaged.IN_BASE or equal(commit, live) or equal(applied, live):
        return Attribution.CONFIG
    return Attribution.CONFLICT


def _one_base(base: BaseValue | None, desired: Value, live: Value, equal: Alike) -> Attribution:
    if base is BaseUnmanaged.IN_BASE or equal(base, live):
        return Attribution.CONFIG
    return Attribution.DRIFT if equal(base, desired) else Attribution.CONFLICT


def lookup(node: CompiledField, base: Mapping[str, Json] | None, steps: tuple[str | int, ...]) -> BaseValue | None:
    """Return the base's value at printed steps; None where there is no base."""
    if base is None:
        return None
    value: Json = base
    for at, step in enumerate(steps):
        node_below, value_below = _below(node, value, step)
        if isinstance(value_below, (BaseUnmanaged, NoValue)):
            return value_below
        if node_below is None:
            return value_below
        node, value = node_below, value_below
        if value is None and at + 1 < len(steps):
            return NoValue.ABSENT
    return NoValue.ABSENT if value is None else value


def reported_value(value: BaseValue | None) -> Value:
    """Return a base's value in the form for a report."""
    return NoValue.ABSENT if value is None or isinstance(value, BaseUnmanaged) else value


def _below(node: CompiledField, value: Json, step: str | int) -> tuple[CompiledField | None, BaseValue]:
    if isinstance(value, Mapping) and isinstance(step, str):
        return child_at(node, step), value.get(step, BaseUnmanaged.IN_BASE)
    if isinstance(value, list) and (item_field := child_at(node, 0)) is not None:
        for printed_step, item in steps_of(node, value):
            if printed_step == (step if isinstance(step, str) else printed(step)):
                return item_field, item
        return item_field, NoValue.ABSENT
    return None, BaseUnmanaged.IN_BASE


def steps_of(node: CompiledField, items: list[Json]) -> list[tuple[str, Json]]:
    """Return the items of a list by their printed steps, as the comparison names them."""
    if node.mode is ListType.SET:
        seen: Counter[Hashable] = Counter()
        return [(printed(step_of(node.each, item, seen)), item) for item in items]
    parts = all_parts(node, items) if node.mode is not ListType.ATOMIC else None
    if parts is None or len(set(parts)) != len(parts):
        return [(printed(index), item) for index, item in enumerate(items)]
    return [(printed(ItemKey(key)), item) for key, item in zip(parts, items, strict=True)]


def alike_at(node: CompiledField | None) -> Alike:
    """Return the equality of values of this field, as the plan uses it, absent and cleared included."""

    def equal(left: BaseValue, right: Value) -> bool:
        if left is BaseUnmanaged.IN_BASE or right is NoValue.UNKNOWN:
            return False
        one = None if isinstance(left, NoValue) else left
        other = None if isinstance(right, NoValue) else right
        if node is None:
            return bool(one == other)
        if node.sensitive:
            return (one is None) == (other is None)
        if one is None:
            return values(node, None, other, (), DiffCollector()) is None
        return same(node, one, other)

    return equal

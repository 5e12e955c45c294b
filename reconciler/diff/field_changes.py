"""Converts the differences of one object to field changes: path, values, attribution, reason, position."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.diff.attribution import (
    AttributionBases,
    alike_at,
    attribute_field,
    lookup,
    reported_value,
    steps_of,
)
from reconciler.diff.compare.collector import DiffCollector, Pair
from reconciler.late_methods import dataclass
from reconciler.model.change import (
    REDACTED,
    Attribution,
    FieldChange,
    FieldOp,
    NoValue,
    PartialValue,
    Value,
    without_unknown,
)
from reconciler.model.field_path import printed, spell
from reconciler.model.field_tree import field_at_printed
from reconciler.model.json_types import Json
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_map import DocumentPath, Position
from reconciler.redaction import holds_sensitive, redact_fields
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.equality import identical

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueDifference:
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


def differences(pair: Pair) -> list[ValueDifference]:
    """Return every difference between two reduced sides, live first, in the order of their paths."""
    return sorted(_inside((), *pair), key=lambda one: [_rank(step) for step in one.steps])


def _inside(steps: Steps, before: PartialValue, after: PartialValue) -> Iterator[ValueDifference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _inside((*steps, name), before.get(name, NoValue.ABSENT), after.get(name, NoValue.ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        at = _only_place(before, after)
        if at is None:
            yield from _aligned(steps, before, after)
        else:
            yield _one((*steps, at), before[at], after[at])
    elif isinstance(before, NoValue) or isinstance(after, NoValue):
        if before is not after:
            yield _one(steps, before, after)
    elif not identical(before, after):
        yield _one(steps, before, after)


def _one(steps: Steps, before: PartialValue, after: PartialValue) -> ValueDifference:
    op = FieldOp.ADD if before is NoValue.ABSENT else FieldOp.REMOVE if after is NoValue.ABSENT else FieldOp.REPLACE
    return ValueDifference(steps=steps, op=op, before=_known(before), after=_known(after))


def _known(side: PartialValue) -> Value:
    return without_unknown(side) if isinstance(side, (Mapping, list)) else side


def _only_place(before: Sequence[PartialValue], after: Sequence[PartialValue]) -> int | None:
    """Return the one index at which two lists of single values differ; None where they have to be aligned."""
    if len(before) != len(after) or any(isinstance(item, (dict, list)) for item in (*before, *after)):
        return None
    places = [at for at, sides in enumerate(zip(before, after, strict=True)) if not identical(*sides)]
    return places[0] if len(places) == 1 else None


def _aligned(steps: Steps, before: Sequence[PartialValue], after: Sequence[PartialValue]) -> Iterator[ValueDifference]:
    from deepdiff import DeepDiff

    tree = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, verbose_level=2)
    for name, levels in tree.items():
        yield from _translated(steps, name, levels)


def _rank(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)


def _translated(outer: Steps, name: str, levels: Any) -> Iterator[ValueDifference]:
    op = _OPS[name]
    for level in levels:
        steps = level.path(output_format="list", use_t2=op is not FieldOp.REMOVE)
        yield ValueDifference(
            steps=(*outer, *steps),
            op=op,
            before=NoValue.ABSENT if op is FieldOp.ADD else level.t1,
            after=NoValue.ABSENT if op is FieldOp.REMOVE else level.t2,
        )


Printed = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedObject:
    """Matched object while its change is built: table, both sides, bases, and the result of the comparison."""

    node: CompiledField
    name_field: str
    declared: DeclaredResource
    spec: Mapping[str, Json]
    live: Mapping[str, Json]
    bases: AttributionBases
    found: DiffCollector


def field_changes(subject: ComparedObject, pair: Pair | None) -> Iterator[tuple[Printed, FieldChange]]:
    """Return every difference with its printed steps, before ignore rules apply."""
    for difference in differences(pair) if pair is not None else ():
        yield difference.steps, _field(subject, difference)
    for at in subject.found.secrets:
        steps = tuple(map(printed, at))
        yield steps, _secret(subject, steps)
    for at, before, after in subject.found.moves:
        steps = tuple(map(printed, at))
        yield steps, _move(subject, steps, before, after)


def _field(subject: ComparedObject, difference: ValueDifference) -> FieldChange:
    steps = difference.steps
    node = field_at_printed(subject.node, steps)
    base = _base(subject, steps)
    sensitive = node is not None and holds_sensitive(node)
    return FieldChange(
        path=spell(steps),
        op=difference.op,
        before=_shown(node, difference.before),
        after=_shown(node, difference.after),
        base=_shown(node, base),
        attribution=attributed(subject, steps, difference.after, difference.before),
        reason=reason(subject, difference),
        position=position_of(subject, steps),
        sensitive=sensitive,
    )


def attributed(subject: ComparedObject, steps: Printed, desired: Value, live: Value) -> Attribution:
    """Attribute the difference at these steps; an item of a list of single values has its list's attribution."""
    whole = steps
    while whole and isinstance(whole[-1], int):
        whole = whole[:-1]
    node = field_at_printed(subject.node, whole)
    if whole != steps:
        desired, live = (reported_value(lookup(subject.node, side, whole)) for side in (subject.spec, subject.live))
    bases = subject.bases
    applied, commit = lookup(subject.node, bases.applied, whole), lookup(subject.node, bases.commit, whole)
    return attribute_field(applied, commit, desired, live, alike_at(node)) or Attribution.UNATTRIBUTED


def _base(subject: ComparedObject, steps: Printed) -> Value:
    bases = subject.bases
    side = bases.commit if bases.commit is not None else bases.applied
    return reported_value(lookup(subject.node, side, steps))


def _shown(node: CompiledField | None, value: Value) -> Value:
    return value if isinstance(value, NoValue) else redact_fields(node, value)


def _secret(subject: ComparedObject, steps: tuple[str, ...]) -> FieldChange:
    present = not isinstance(reported_value(lookup(subject.node, subject.live, steps)), NoValue)
    known = subject.bases.known
    return FieldChange(
        path=spell(steps),
        op=FieldOp.REPLACE if present else FieldOp.ADD,
        before=REDACTED if present else NoValue.ABSENT,
        after=REDACTED,
        attribution=Attribution.CONFIG if known else Attribution.UNATTRIBUTED,
        reason=subject.declared.locate.origin(("spec", *_declared_path(subject, steps))),
        position=position_of(subject, steps),
        sensitive=True,
    )


def _move(subject: ComparedObject, steps: tuple[str, ...], before: int, after: int) -> FieldChange:
    return FieldChange(
        path=spell(steps),
        op=FieldOp.MOVE,
        before=before,
        after=after,
        attribution=_moved(subject, steps[:-1]),
        reason=subject.declared.locate.origin(("spec", *_declared_path(subject, steps))),
        position=position_of(subject, steps),
    )


def _moved(subject: ComparedObject, steps: tuple[str, ...]) -> Attribution:
    """Attribute a changed order by the items that desired, live and base have in common."""
    node = field_at_printed(subject.node, steps)
    orders = [_order(subject, node, side, steps) for side in (subject.spec, subject.live)]
    bases = [_order(subject, node, side, steps) for side in (subject.bases.applied, subject.bases.commit)]
    found = [classify_order(base, orders[0], orders[1]) for base in bases if base is not None]
    return found[-1] if found else Attribution.UNATTRIBUTED


def _order(
    subject: ComparedObject, node: CompiledField | None, side: Mapping[str, Json] | None, steps: tuple[str, ...]
) -> list[str] | None:
    value = lookup(subject.node, side, steps)
    return [step for step, _ in steps_of(node, value)] if node is not None and isinstance(value, list) else None


def classify_order(base: list[str], desired: list[str] | None, live: list[str] | None) -> Attribution:
    """Attribute a changed order."""
    if not desired or not live:
        return Attribution.UNATTRIBUTED
    common = set(base) & set(desired) & set(live)
    was, want, have = ([step for step in side if step in common] for side in (base, desired, live))
    if was == have:
        return Attribution.CONFIG
    return Attribution.DRIFT if was == want else Attribution.CONFLICT


def reason(subject: ComparedObject, difference: ValueDifference) -> str:
    """Return the origin of the desired value."""
    steps = difference.steps
    if tuple(map(str, steps)) in subject.found.defaults:
        return "default"
    if difference.op is FieldOp.REMOVE:
        return "not declared"
    if steps == (subject.name_field,):
        return subject.declared.locate.origin(("metadata", "name"))
    return subject.declared.locate.origin(("spec", *_declared_path(subject, steps)))


def position_of(subject: ComparedObject, steps: Printed) -> Position:
    """Return the position of a difference, or the nearest one around it."""
    if steps == (subject.name_field,):
        return subject.declared.position
    return subject.declared.at(_declared_path(subject, steps))


def _declared_path(subject: ComparedObject, steps: Printed) -> DocumentPath:
    """Convert printed steps to a path of the manifest, as far as it has them."""
    path: list[str | int] = []
    for at, step in enumerate(steps):
        if isinstance(step, str) and step.startswith("["):
            index = subject.found.places.get(tuple(map(str, steps[: at + 1])))
            if index is None:
                break
            path.append(index)
        else:
            path.append(step)
    return tuple(path)

"""What must hold for any two states of an object, whatever they are."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.diff.attribution import AttributionBases
from reconciler.diff.change_builder import converged_fields, no_longer_managed
from reconciler.diff.compare.collector import DiffCollector
from reconciler.diff.compare.walk import objects
from reconciler.diff.field_changes import ComparedObject
from reconciler.diff.full_spec import full_spec
from reconciler.diff.request_body import BodyMerge, build_request_body, merge_spec
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import kind_named
from reconciler.model.change import Action, SuppressionReason
from reconciler.semantics.compiled_field import compiled
from reconciler.semantics.defaults import is_unchanged
from reconciler.semantics.equality import identical
from reconciler.semantics.known_parts import KnownParts
from tests.support.planning import GROUP, ROOM, World, declared, live, only
from tests.support.random_specs import Maker
from tests.support.raw_differences import raw_differences, top_of_series

KINDS = st.sampled_from([ROOM.name, GROUP.name])
SEEDS = st.integers(0, 2**32)

few = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))


def compared(kind: Kind, spec: dict[str, Any], raw: dict[str, Any]) -> Any:
    return only(World([declared(kind, "it", spec)], [live(kind, "it", spec=raw)]).plan())


def states(kind: Kind, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a declared spec and a live row: near each other half of the time."""
    maker = Maker(seed)
    spec = maker.declared(kind)
    return spec, maker.mutated(kind, spec) if seed % 2 else maker.raw(kind)


def nothing_to_do_between_equal_states(kind: Kind, seed: int) -> None:
    maker = Maker(seed, null=0)
    spec = maker.declared(kind)
    row = json.loads(json.dumps(spec))
    change = compared(kind, spec, row)
    assert change.action is Action.NONE, change.fields
    assert {one.rule for one in change.suppressed} <= {SuppressionReason.SECRET}


def what_is_applied_is_what_was_declared(kind: Kind, seed: int) -> None:
    """Applying the difference to the live row gives the declared one on managed paths, and leaves the rest."""
    spec, raw = states(kind, seed)
    thing = declared(kind, "it", spec)
    before = live(kind, "it", spec=raw)
    laid = build_request_body(kind, full_spec(kind, thing), before.spec)
    after = live(kind, "it", spec={**laid.body, kind.id_field: before.id})
    again = only(World([thing], [after]).plan())
    assert again.action is Action.NONE, [field.path for field in again.fields]
    for name in before.spec.keys() - spec.keys() - {kind.name_field}:
        child = kind.root.children.get(name)
        if child is None or (child.writable and not child.defaulted and not child.sensitive):
            assert laid.body[name] == _without_computed(child, before.spec[name])


def _without_computed(node: Any, value: Any) -> Any:
    if isinstance(value, dict) and node is not None:
        known = node.children
        return {
            name: _without_computed(known.get(name), part)
            for name, part in value.items()
            if (name not in known or known[name].in_update) and not _unsent(known.get(name), part)
        }
    if isinstance(value, list) and node is not None and node.item is not None:
        return [_without_computed(node.item, part) for part in value]
    return value


def _unsent(node: Any, value: Any) -> bool:
    return node is not None and node.sensitive and value in ("", "***", [], ["***"], [""])


def a_shuffle_of_what_has_no_order_is_no_difference(kind: Kind, seed: int) -> None:
    spec, raw = states(kind, seed)
    maker = Maker(seed + 1)
    ordered = compared(kind, spec, raw)
    shuffled = compared(kind, maker.shuffled(kind.root, spec), raw)
    paths = sorted(top_of_series(kind, field.path) for field in ordered.fields)
    assert sorted(top_of_series(kind, field.path) for field in shuffled.fields) == paths


def shown_and_suppressed_are_the_raw_differences(kind: Kind, seed: int) -> None:
    spec, raw = states(kind, seed)
    change = compared(kind, spec, raw)
    told = {top_of_series(kind, one.path) for one in (*change.fields, *change.suppressed)}
    whole = {kind.name_field: "it", **spec}
    assert told == raw_differences(kind, whole, {kind.name_field: "it", **raw})


def the_same_inputs_give_the_same_plan(kind: Kind, seed: int) -> None:
    spec, raw = states(kind, seed)
    assert compared(kind, spec, raw) == compared(kind, json.loads(json.dumps(spec)), json.loads(json.dumps(raw)))


def unchanged_at_once_is_no_raw_difference(kind: Kind, seed: int) -> None:
    """What leaves at once has nothing to show or suppress; a number of another class inside it does not leave."""
    maker, node, known = Maker(seed, null=0.2), compiled(kind), KnownParts()
    spec = {kind.name_field: "it", **maker.declared(kind)}
    spec = {name: part for name, part in spec.items() if name in node.exact_names or seed % 5 == 0}
    row = {**json.loads(json.dumps(spec)), "more": seed, **(maker.raw(kind) if seed % 3 == 0 else {})}
    if is_unchanged(node, spec, row, known):
        assert is_unchanged(node, spec, row, known)
        assert not raw_differences(kind, spec, row)
        found = DiffCollector()
        assert objects(node, spec, row, (), found) is None
        assert found.silent
        for other in _of_another_class(spec):
            assert not is_unchanged(node, other, row, known)


def bases_with_what_is_declared_tell_nothing(kind: Kind, seed: int) -> None:
    """Where the bases have exactly what is declared, nothing converged, and nothing is no longer managed."""
    maker, node = Maker(seed, null=0.2), compiled(kind)
    spec = {kind.name_field: "it", **maker.declared(kind)}
    row, base = maker.raw(kind), json.loads(json.dumps(dict(reversed(spec.items()))))
    for sides in ({"applied": base}, {"commit": base}, {"applied": base, "commit": base}):
        bases = AttributionBases(**sides)
        assert bases.declare(spec)
        subject = ComparedObject(
            node=node,
            name_field=kind.name_field,
            declared=declared(kind, "it", spec),
            spec=spec,
            live=row,
            bases=bases,
            found=DiffCollector(),
        )
        assert not list(converged_fields(subject))
        assert no_longer_managed(node, spec, bases) == ()
    for other in (*_of_another_class(spec), {**spec, "more": 1}, {**spec, kind.name_field: "other"}):
        assert not AttributionBases(applied=base, commit=other).declare(spec)
        assert not AttributionBases(applied=other).declare(spec)


def _of_another_class(value: Any) -> list[Any]:
    """Return the value once for each number or flag in it, with an equal one of another class in its place."""
    if isinstance(value, dict):
        return [{**value, name: other} for name, part in value.items() for other in _of_another_class(part)]
    if isinstance(value, list):
        return [
            [*value[:at], one, *value[at + 1 :]] for at, part in enumerate(value) for one in _of_another_class(part)
        ]
    if isinstance(value, bool):
        return [int(value)]
    return [float(value)] if isinstance(value, int) and value == float(value) else []


def what_is_equal_stays_as_it_was_read(kind: Kind, seed: int) -> None:
    """A merge leaves what is equal on both sides as it was read, the order of keys and items too; a null clears."""
    maker, node = Maker(seed, null=0.2), compiled(kind)
    spec = {kind.name_field: "it", **maker.declared(kind)}
    row = {**maker.shuffled(kind.root, json.loads(json.dumps(spec))), "more": [seed]}
    merged = merge_spec(node, spec, row, BodyMerge())
    assert merged["more"] == [seed]
    for name in spec.keys() & node.exact_names:
        text = json.dumps(row[name])
        if identical(spec[name], row[name]) and "null" not in text:
            assert json.dumps(merged[name]) == text
        elif spec[name] is not None:
            assert not any(part is None for part in _parts(merged.get(name)))


def _parts(value: Any) -> list[Any]:
    """Return what is in objects inside a value."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in (part, *_parts(part))]
    return [found for part in value for found in _parts(part)] if isinstance(value, list) else []


LAWS = [
    bases_with_what_is_declared_tell_nothing,
    what_is_equal_stays_as_it_was_read,
    unchanged_at_once_is_no_raw_difference,
    nothing_to_do_between_equal_states,
    what_is_applied_is_what_was_declared,
    a_shuffle_of_what_has_no_order_is_no_difference,
    shown_and_suppressed_are_the_raw_differences,
    the_same_inputs_give_the_same_plan,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@given(kind=KINDS, seed=SEEDS)
@few
def test_law(law: Any, kind: str, seed: int) -> None:
    law(kind_named(kind), seed)


@pytest.mark.deep
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@given(kind=KINDS, seed=SEEDS)
@many
def test_law_many_times(law: Any, kind: str, seed: int) -> None:
    law(kind_named(kind), seed)

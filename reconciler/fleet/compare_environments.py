"""Compares environments without ids: differences that their manifests declare are expected, others are not.

Each comparison is the planner's own: one side takes the role of the manifests, the other of the live side. A planner
ignores what is not declared, so it runs in both directions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from reconciler.diff.differ import diff
from reconciler.kinds.base.field import Field
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, FieldChange, NoValue, Value
from reconciler.model.desired_state import DesiredState
from reconciler.model.field_tree import Visit, is_undescribed, rewrite
from reconciler.model.json_types import Json, as_object
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.plan import Plan
from reconciler.model.read_result import ReadResult
from reconciler.model.resource import DeclaredResource, LiveResource, Resource
from reconciler.model.source_map import NO_SOURCE
from reconciler.semantics.compiled_field import id_beside
from reconciler.semantics.reference_paths import resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedEnvironment:
    """Side of a comparison: live objects, manifests, and what was not read.

    `live` is None where only manifests are compared.
    """

    name: str
    live: tuple[LiveResource, ...] | None
    declared: tuple[DeclaredResource, ...]
    incomplete: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentDifference:
    """One field (or, with an empty path, one object) that differs."""

    address: str
    path: str
    first: Value
    second: Value
    expected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """One field (or, with an empty path, one object) and its value in each environment, by name."""

    address: str
    path: str
    values: Mapping[str, Value]
    expected: bool


def compare(first: ComparedEnvironment, second: ComparedEnvironment) -> tuple[EnvironmentDifference, ...]:
    """Return every difference between two sides, and whether their manifests intend it.

    It is intended where both sides equal their own manifests. Between manifests alone all are intended.
    """
    meant = _both_ways(first.declared, second.declared)
    alone = first.live is None or second.live is None
    found = meant if alone else _both_ways(first.live or (), second.live or ())
    return tuple(
        EnvironmentDifference(
            address=key[0], path=key[1], first=values[0], second=values[1], expected=meant.get(key) == values
        )
        for key, values in sorted(found.items())
    )


def matrix(pairs: Mapping[tuple[str, str], Sequence[EnvironmentDifference]]) -> tuple[ComparisonRow, ...]:
    """Return one row for each difference between any two of many environments, unexpected ones first."""
    rows: dict[tuple[str, str], tuple[dict[str, Value], list[bool]]] = {}
    for (first, second), found in pairs.items():
        for one in found:
            values, expected = rows.setdefault((one.address, one.path), ({}, []))
            values.update({first: one.first, second: one.second})
            expected.append(one.expected)
    told = [
        ComparisonRow(address=key[0], path=key[1], values=row[0], expected=all(row[1])) for key, row in rows.items()
    ]
    return tuple(sorted(told, key=lambda row: (row.expected, row.address, row.path)))


_Found = dict[tuple[str, str], tuple[Value, Value]]


def _both_ways(ours: Sequence[Resource], theirs: Sequence[Resource]) -> _Found:
    """Return (address, path) → values on both sides."""
    back = {key: (values[1], values[0]) for key, values in _told(_between(theirs, ours)).items()}
    return {**back, **_told(_between(ours, theirs))}


def _told(plan: Plan) -> _Found:
    return {(address, path): (one, other) for address, path, one, other in _each(plan)}


def _each(plan: Plan) -> Iterator[tuple[str, str, Value, Value]]:
    for change in plan.changes:
        if change.action is Action.CREATE:
            yield change.address, "", THERE, NOT_THERE
        for one in _fields(change.action, change.fields):
            yield change.address, one.path, one.after, one.before
    for left in plan.unmanaged:
        if not left.foreign:
            yield left.address, "", NOT_THERE, THERE


THERE, NOT_THERE = "(there)", "(not there)"
"""Values of an object that only one side has."""


def _fields(action: Action, fields: Sequence[FieldChange]) -> Sequence[FieldChange]:
    return fields if action is Action.UPDATE else ()


def _between(ours: Sequence[Resource], theirs: Sequence[Resource]) -> Plan:
    """Plan as if one side were the manifests and the other the live side."""
    names = {(one.kind, one.id): one.name for one in ours if one.id}
    wanted = DesiredState(resources=tuple(_declared(one, names) for one in ours))
    seen = {
        name: ReadResult(kind=name, resources=tuple(_live(one) for one in theirs if one.kind == name))
        for name in all_kinds()
    }
    return diff(wanted, seen, LedgerState(), PlanOptions(environment=""))


def _declared(one: Resource, names: Mapping[tuple[str, str], str]) -> DeclaredResource:
    kind = all_kinds()[one.kind]
    spec = {name: value for name, value in as_object(_writable(kind.root, one.spec)).items() if value is not None}
    spec.pop(kind.name_field, None)
    named = resolved(kind, spec, _nowhere, lambda target, given: names.get((target, given)))
    return DeclaredResource(kind=one.kind, name=one.name, spec=_without_ids(kind, named), locate=NO_SOURCE)


def _nowhere(_target: str, _name: str) -> NoValue:
    return NoValue.ABSENT


def _without_ids(kind: Kind, spec: Mapping[str, Json]) -> dict[str, Json]:
    """Remove the id beside each name that refers to another object, since it differs between environments."""
    result = dict(spec)
    for path in kind.references:
        _drop(result, path.split("."))
    return result


def _drop(holder: dict[str, Json], path: Sequence[str]) -> None:
    name, rest = path[0].removesuffix("[]"), path[1:]
    inside = holder.get(name)
    if not rest:
        if isinstance(inside, str):
            holder.pop(id_beside(name), None)
        return
    copies = [
        dict(item) if isinstance(item, Mapping) else item for item in (inside if isinstance(inside, list) else [inside])
    ]
    for item in copies:
        if isinstance(item, dict):
            _drop(item, rest)
    if inside is not None:
        holder[name] = copies if isinstance(inside, list) else copies[0]


def _live(one: Resource) -> LiveResource:
    hidden = one.hidden if isinstance(one, LiveResource) else frozenset()
    spec = {all_kinds()[one.kind].name_field: one.name, **one.spec}
    return LiveResource(kind=one.kind, name=one.name, spec=spec, id=one.id or one.name, hidden=hidden, shown=True)


def _writable(known: Field, value: Json) -> Json:
    """Return the part of a value that a manifest could hold: no ids, times and states of the service."""

    def visit(field: Field | None, part: Json) -> Json | Visit:
        if field is None or not field.writable:
            return Visit.DROP
        return part if is_undescribed(field, part) else Visit.INTO

    return rewrite(known, value, visit)

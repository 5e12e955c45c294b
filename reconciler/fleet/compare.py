"""What differs between environments, ids apart: what their manifests say differently is expected, the rest is not.

Both comparisons are the planner's own: one side stands in for the manifests, the other for the live side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.diff import diff
from reconciler.kinds import all_kinds
from reconciler.kinds.table import Field
from reconciler.model.change import Action, FieldChange, Value
from reconciler.model.manifest import Manifest
from reconciler.model.past import Past
from reconciler.model.plan import Plan
from reconciler.model.reading import Reading
from reconciler.model.resource import Declared, Json, Live, Resource
from reconciler.model.settings import PlanSettings
from reconciler.model.source import Path, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One environment as it is compared: what is live there, what is declared for it, and what was not seen."""

    name: str
    live: tuple[Live, ...]
    declared: tuple[Declared, ...]
    incomplete: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field (or, with an empty path, one object) that is not alike on both sides."""

    address: str
    path: str
    first: Value
    second: Value
    expected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Nowhere:
    """The place of what was never written in a file."""

    name: str

    def at(self, path: Path, *, key: bool = False) -> Position:  # noqa: ARG002 - the Protocol's shape
        """Return the environment's name as a place."""
        return Position(self.name, 1, 1)

    def origin(self, path: Path) -> str:  # noqa: ARG002 - the Protocol's shape
        """Say which environment it is."""
        return self.name


def compare(first: Side, second: Side) -> tuple[Difference, ...]:
    """Return every difference between what is live on two sides, with whether their manifests meant it."""
    meant = set(_told(_between(first.name, first.declared, second.name, second.declared)))
    live, other = (first.live, second.live) if first.live or second.live else (first.declared, second.declared)
    found = _told(_between(first.name, live, second.name, other))
    return tuple(
        Difference(address=key[0], path=key[1], first=values[0], second=values[1], expected=key in meant)
        for key, values in found.items()
    )


_Key = tuple[str, str, str, str]


def _told(plan: Plan) -> dict[_Key, tuple[Value, Value]]:
    return {(address, path, repr(one), repr(other)): (one, other) for address, path, one, other in _each(plan)}


def _each(plan: Plan) -> Iterator[tuple[str, str, Value, Value]]:
    for change in plan.changes:
        if change.action is Action.CREATE:
            yield change.address, "", "there", "not there"
        for one in _fields(change.action, change.fields):
            yield change.address, one.path, one.after, one.before
    for left in plan.unmanaged:
        if not left.foreign:
            yield left.address, "", "not there", "there"


def _fields(action: Action, fields: Sequence[FieldChange]) -> Sequence[FieldChange]:
    return fields if action is Action.UPDATE else ()


def _between(first: str, ours: Sequence[Resource], second: str, theirs: Sequence[Resource]) -> Plan:
    """Plan as if one side were the manifests and the other what is live."""
    wanted = Manifest(resources=tuple(_declared(first, one) for one in ours))
    seen = {
        name: Reading(kind=name, resources=tuple(_live(one) for one in theirs if one.kind == name))
        for name in all_kinds()
    }
    return diff(wanted, seen, Past(), PlanSettings(environment=second))


def _declared(environment: str, one: Resource) -> Declared:
    root = all_kinds()[one.kind].root
    spec = {name: value for name, value in _writable(root, one.spec).items() if value is not None}
    spec.pop(all_kinds()[one.kind].name_field, None)
    return Declared(kind=one.kind, name=one.name, spec=spec, locate=Nowhere(name=environment))


def _live(one: Resource) -> Live:
    hidden = one.hidden if isinstance(one, Live) else frozenset()
    return Live(kind=one.kind, name=one.name, spec=one.spec, id=one.id or one.name, hidden=hidden, shown=True)


def _writable(known: Field, value: Json) -> Json:
    """Return the part of a value that a manifest could hold: no ids, times and states of the service."""
    if isinstance(value, Mapping) and known.children:
        inside = ((name, item, known.children.get(name)) for name, item in value.items())
        return {name: _writable(child, item) for name, item, child in inside if child is not None and child.writable}
    if isinstance(value, list) and known.item is not None:
        item = known.item
        return [_writable(item, one) for one in value]
    return value

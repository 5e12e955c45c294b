"""Plans made by hand: declared and live objects in a line each, and the differ called with the rest left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reconciler.diff.differ import diff
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import kind_named
from reconciler.model.change import Change
from reconciler.model.desired_state import Manifest
from reconciler.model.ledger_state import Past, Remembered
from reconciler.model.options import PlanSettings
from reconciler.model.plan import Plan
from reconciler.model.read_result import Reading
from reconciler.model.resource import Declared, IgnoreRule, Live, address
from reconciler.model.source_map import Path, Position

ROOM = kind_named("SmartLiveRoom")
GROUP = kind_named("InteractionRuleGroup")
OWNER = "shop/production"


@dataclass(frozen=True)
class Spot:
    """Places without a file: the line is the depth, so that a test can tell a leaf from its parents."""

    file: str = "m.yaml"

    def at(self, path: Path, *, key: bool = False) -> Position:
        return Position(self.file, 1 + len(path))

    def origin(self, path: Path) -> str:
        return f"{self.file}: {'.'.join(map(str, path))}"


def declared(kind: Kind, name: str, spec: Mapping[str, Any] | None = None, **more: Any) -> Declared:
    rules = tuple(IgnoreRule(path=one) if isinstance(one, str) else one for one in more.pop("ignore", ()))
    return Declared(kind=kind.name, name=name, spec=dict(spec or {}), locate=Spot(), ignore_changes=rules, **more)


def live(kind: Kind, name: str, object_id: str = "", spec: Mapping[str, Any] | None = None, **more: Any) -> Live:
    object_id = object_id or f"id-of-{name}"
    raw = {kind.id_field: object_id, kind.name_field: name, **(spec or {})}
    return Live(kind=kind.name, name=name, id=object_id, spec=raw, **more)


def remembered(kind: Kind, name: str, object_id: str = "", last: Any = None, **more: Any) -> Remembered:
    more = {"owner": OWNER, "address": address(kind.name, name), **more}
    return Remembered(kind=kind.name, id=object_id or f"id-of-{name}", name=name, last_applied=last, **more)


def ledger(*objects: Remembered, **more: Any) -> Past:
    return Past(present=True, owner=OWNER, objects={(one.kind, one.id): one for one in objects}, **more)


@dataclass
class World:
    """What a plan is made of; `plan()` makes it."""

    wanted: Iterable[Declared] = ()
    lives: Iterable[Live] = ()
    past: Past = field(default_factory=Past)
    incomplete: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] | None = None

    def plan(self, base: Manifest | None = None, unsure: Any = None, secret: Any = None, **settings: Any) -> Plan:
        settings = {"environment": "test", "today": date(2026, 11, 23), **settings}
        kinds = self.kinds or {kind.name: kind for kind in (GROUP, ROOM)}
        readings = {
            name: Reading(
                kind=name,
                resources=tuple(one for one in self.lives if one.kind == name),
                incomplete=self.incomplete.get(name, ""),
                code="E_READ_INCOMPLETE" if name in self.incomplete else "",
            )
            for name in kinds
        }
        return diff(
            Manifest(resources=tuple(self.wanted)),
            readings,
            self.past,
            PlanSettings(**settings),
            base=base,
            kinds=kinds,
            unsure=unsure,
            secret=secret,
        )


def only(plan: Plan) -> Change:
    """Return the plan's single change."""
    (change,) = plan.changes
    return change


def one_change(
    kind: Kind, spec: Mapping[str, Any], raw: Mapping[str, Any], *, hidden: frozenset[str] = frozenset(), **more: Any
) -> Change:
    """Compare one declared object with one live one."""
    world = World([declared(kind, "it", spec, **more)], [live(kind, "it", spec=raw, hidden=hidden)])
    return only(world.plan())


def codes(plan: Plan) -> list[str]:
    return [diagnostic.code for diagnostic in plan.diagnostics]

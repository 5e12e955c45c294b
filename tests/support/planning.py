"""Plans made by hand: declared and live objects in a line each, and the differ called with the rest left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reconciler.diff.differ import diff
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import kind_named
from reconciler.model.change import Change
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState, ObjectRecord
from reconciler.model.options import PlanOptions
from reconciler.model.plan import Plan
from reconciler.model.read_result import ReadResult
from reconciler.model.resource import DeclaredResource, IgnoreRule, LiveResource, address
from reconciler.model.source_map import DocumentPath, Position

ROOM = kind_named("SmartLiveRoom")
GROUP = kind_named("InteractionRuleGroup")
OWNER = "shop/production"


@dataclass(frozen=True)
class Spot:
    """Places without a file: the line is the depth, so that a test can tell a leaf from its parents."""

    file: str = "m.yaml"

    def at(self, path: DocumentPath, *, key: bool = False) -> Position:
        return Position(self.file, 1 + len(path))

    def origin(self, path: DocumentPath) -> str:
        return f"{self.file}: {'.'.join(map(str, path))}"


def declared(kind: Kind, name: str, spec: Mapping[str, Any] | None = None, **more: Any) -> DeclaredResource:
    rules = tuple(IgnoreRule(path=one) if isinstance(one, str) else one for one in more.pop("ignore", ()))
    return DeclaredResource(
        kind=kind.name, name=name, spec=dict(spec or {}), locate=Spot(), ignore_changes=rules, **more
    )


def live(
    kind: Kind, name: str, object_id: str = "", spec: Mapping[str, Any] | None = None, **more: Any
) -> LiveResource:
    object_id = object_id or f"id-of-{name}"
    raw = {kind.id_field: object_id, kind.name_field: name, **(spec or {})}
    return LiveResource(kind=kind.name, name=name, id=object_id, spec=raw, **more)


def remembered(kind: Kind, name: str, object_id: str = "", last: Any = None, **more: Any) -> ObjectRecord:
    more = {"owner": OWNER, "address": address(kind.name, name), **more}
    return ObjectRecord(kind=kind.name, id=object_id or f"id-of-{name}", name=name, last_applied=last, **more)


def ledger(*objects: ObjectRecord, **more: Any) -> LedgerState:
    return LedgerState(present=True, owner=OWNER, objects={(one.kind, one.id): one for one in objects}, **more)


@dataclass
class World:
    """What a plan is made of; `plan()` makes it."""

    wanted: Iterable[DeclaredResource] = ()
    lives: Iterable[LiveResource] = ()
    past: LedgerState = field(default_factory=LedgerState)
    incomplete: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] | None = None

    def plan(self, base: DesiredState | None = None, unsure: Any = None, secret: Any = None, **settings: Any) -> Plan:
        settings = {"environment": "test", "today": date(2026, 11, 23), **settings}
        kinds = self.kinds or {kind.name: kind for kind in (GROUP, ROOM)}
        readings = {
            name: ReadResult(
                kind=name,
                resources=tuple(one for one in self.lives if one.kind == name),
                incomplete=self.incomplete.get(name, ""),
                code="E_READ_INCOMPLETE" if name in self.incomplete else "",
            )
            for name in kinds
        }
        return diff(
            DesiredState(resources=tuple(self.wanted)),
            readings,
            self.past,
            PlanOptions(**settings),
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

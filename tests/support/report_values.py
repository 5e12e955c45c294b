"""Plans, changes and reports made by hand, for everything that turns them into text."""

from typing import Any

from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    FieldOp,
    GuardViolation,
    SuppressedDifference,
    SuppressionReason,
)
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.plan import DeferredChange, Plan, UnmanagedResource
from reconciler.model.report import Report, ReportOptions
from reconciler.model.resource import address
from reconciler.model.source_map import Position

GROUP = "InteractionRuleGroup"
ROOM = "SmartLiveRoom"
PLAIN = ReportOptions(budget=0)


def field(path: str = "group_name", before: Any = "old", after: Any = "new", **more: Any) -> FieldChange:
    more.setdefault("op", FieldOp.REPLACE)
    more.setdefault("attribution", Attribution.CONFIG)
    more.setdefault("position", Position("rule-groups/welcome.yaml", 9, 7))
    return FieldChange(path=path, before=before, after=after, **more)


def update(name: str = "Welcome", *fields: FieldChange, kind: str = GROUP, **more: Any) -> Change:
    more.setdefault("position", Position("rule-groups/welcome.yaml", 4, 9))
    more.setdefault("id", "26f06524-4f75-4b3a-a853-b649a21aaf66")
    return Change(
        action=Action.UPDATE,
        address=address(kind, name),
        kind=kind,
        name=name,
        before={"group_name": name},
        after={"group_name": name},
        fields=fields or (field(),),
        **more,
    )


def create(name: str = "New", *, kind: str = ROOM, after: Any = None, **more: Any) -> Change:
    more.setdefault("position", Position("rooms/new.yaml", 4, 9))
    body = {"room_name": name, "room_description": "A room"} if after is None else after
    return Change(action=Action.CREATE, address=address(kind, name), kind=kind, name=name, after=body, **more)


def delete(name: str = "Gone", *, kind: str = GROUP, **more: Any) -> Change:
    more.setdefault("id", "9c3d0a4e-0000-4b3a-a853-b649a21aaf66")
    more.setdefault("reason", "because it is not in the manifests")
    before = {"group_name": name, "interaction_rules": [{"rule_name": "price"}]}
    return Change(action=Action.DELETE, address=address(kind, name), kind=kind, name=name, before=before, **more)


def still(name: str = "Same", *, kind: str = GROUP, **more: Any) -> Change:
    return Change(action=Action.NONE, address=address(kind, name), kind=kind, name=name, **more)


def problem(message: str = "the key `group_nam` is not known", **more: Any) -> Diagnostic:
    more.setdefault("severity", Severity.ERROR)
    more.setdefault("code", "E_FIELD_UNKNOWN")
    return Diagnostic(message=message, **more)


def everything() -> Plan:
    """A plan in which everything a plan can say occurs once."""
    return Plan(
        environment="production",
        base="3f2a91c",
        changes=(
            update(
                "Welcome",
                field("interaction_rules[价格].trigger.time_window", 30, 60),
                field("interaction_rules[price].enabled", before=False, after=True, attribution=Attribution.DRIFT),
                field("group_description", "left", "right", base="middle", attribution=Attribution.CONFLICT),
                suppressed=(
                    SuppressedDifference(path="update_time", rule=SuppressionReason.SERVER),
                    SuppressedDifference(path="tags", rule=SuppressionReason.IGNORED, detail="set in the console"),
                ),
                notes=("the room is confirmed: this renews its script_version",),
            ),
            create("新品发布", attribution=Attribution.CONFIG),
            delete(
                "Gone",
                blocks=(GuardViolation(code="E_GUARD_DELETES", message="1 of 3 groups", allow="--allow-deletes 1"),),
                attribution=Attribution.CONFIG,
            ),
            still("Same"),
        ),
        unmanaged=(
            UnmanagedResource(address=address(ROOM, "Console"), kind=ROOM, name="Console", id="r-9"),
            UnmanagedResource(
                address=address(ROOM, "Other"), kind=ROOM, name="Other", id="r-8", foreign="of project p2"
            ),
        ),
        held=(
            DeferredChange(
                action=Action.CREATE, address=address(ROOM, "H"), kind=ROOM, name="H", reason="a page was blank"
            ),
        ),
        diagnostics=(
            problem(
                position=Position("rooms/new.yaml", 7, 3),
                hint="did you mean `group_name`?",
                related=(RelatedPosition(message="first written here", position=Position("rooms/new.yaml", 5, 3)),),
            ),
        ),
    )


def report_of(*plans: Plan, **more: Any) -> Report:
    more.setdefault("command", "plan")
    return Report(plans=plans, **more)

"""Decodes a plan's JSON, which is not trusted to be valid."""

from collections.abc import Mapping
from typing import Any

from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    FieldOp,
    GuardViolation,
    NoValue,
    SuppressedDifference,
    SuppressionReason,
    Value,
)
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.plan import FORMAT_VERSION, DeferredChange, Plan, UnmanagedResource
from reconciler.model.source_map import Position


def decode(data: Mapping[str, Any]) -> Plan:
    """Decode a plan. Raises ValueError for another major version or invalid data."""
    version = str(data.get("format_version", ""))
    major = FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != major:
        raise ValueError(f"format_version {version!r} is not {major}.x")
    try:
        return Plan(
            environment=data["environment"],
            changes=tuple(map(_change_of, data["resource_changes"])),
            unmanaged=tuple(map(_unmanaged_of, data["unmanaged"])),
            held=tuple(map(_held_of, data["held"])),
            diagnostics=tuple(map(_diagnostic_of, data["diagnostics"])),
            complete=data["complete"],
            untrusted=data["untrusted"],
            base=data["base"],
            unknown_counts=tuple(data.get("unknown_counts", ())),
            destroys=data.get("destroys", False) is True,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no plan: {error}") from None


def _change_of(data: Mapping[str, Any]) -> Change:
    return Change(
        action=Action(data["change"]["actions"][0]),
        address=data["address"],
        kind=data["type"],
        name=data["name"],
        id=data["id"],
        previous_address=data.get("previous_address", ""),
        before=data["change"]["before"],
        after=data["change"]["after"],
        unknown=tuple(data["unknown"]),
        fields=tuple(map(_field_of, data["fields"])),
        suppressed=tuple(map(_suppressed_of, data["suppressed"])),
        attribution=Attribution(data["attribution"]) if data["attribution"] else None,
        reason=data["action_reason"],
        position=_position_of(data["position"]),
        blocks=tuple(
            GuardViolation(code=one["code"], message=one["message"], allow=one["allow"]) for one in data["blocks"]
        ),
        notes=tuple(data["notes"]),
        before_fingerprint=data["fingerprints"]["before"],
        after_fingerprint=data["fingerprints"]["after"],
        level=data["level"],
        adopt=data.get("adopt", False),
        owner=data.get("owner", ""),
        defaults=tuple(data.get("defaults", ())),
    )


def _field_of(data: Mapping[str, Any]) -> FieldChange:
    def side(name: str) -> Value:
        return NoValue(data[f"{name}_missing"]) if f"{name}_missing" in data else data.get(name, NoValue.ABSENT)

    return FieldChange(
        path=data["path"],
        op=FieldOp(data["op"]),
        before=side("before"),
        after=side("after"),
        base=side("base"),
        attribution=Attribution(data["attribution"]),
        reason=data["reason"],
        position=_position_of(data["position"]),
        sensitive=data["sensitive"],
    )


def _suppressed_of(data: Mapping[str, Any]) -> SuppressedDifference:
    where = _position_of(data["position"])
    return SuppressedDifference(
        path=data["path"], rule=SuppressionReason(data["rule"]), detail=data["detail"], position=where
    )


def _unmanaged_of(data: Mapping[str, Any]) -> UnmanagedResource:
    return UnmanagedResource(
        address=data["address"],
        kind=data["type"],
        name=data["name"],
        id=data["id"],
        foreign=data["foreign"],
        owned=data["owned"],
        reason=data.get("reason", ""),
        values=data["values"],
    )


def _held_of(data: Mapping[str, Any]) -> DeferredChange:
    return DeferredChange(
        action=Action(data["action"]),
        address=data["address"],
        kind=data["type"],
        name=data["name"],
        reason=data["reason"],
    )


def _diagnostic_of(data: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        severity=Severity(data["severity"]),
        code=data["code"],
        message=data["summary"],
        position=_position_of(data["position"]),
        hint=data["detail"],
        address=data["address"],
        path=data["path"],
        related=tuple(_related_of(near) for near in data["related"]),
    )


def _related_of(data: Mapping[str, Any]) -> RelatedPosition:
    where = data["position"]
    return RelatedPosition(message=data["message"], position=Position(where["file"], where["line"], where["column"]))


def _position_of(data: Mapping[str, Any] | None) -> Position | None:
    return Position(data["file"], data["line"], data["column"]) if data else None

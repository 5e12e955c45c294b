"""The plan as JSON: Terraform's shape (`terraform show -json`) with our own keys beside it, there and back.

Same plan, same bytes: no clock, endpoint or counter stands in it. What Terraform's tools read is derived; what is
ours (positions, attribution, fingerprints, fields, suppressed, blocks, held, unmanaged) makes the way back exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.change import (
    MASK,
    Action,
    Attribution,
    Block,
    Change,
    FieldChange,
    FieldOp,
    Missing,
    Rule,
    Suppressed,
    Value,
)
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.plan import FORMAT_VERSION, Held, Plan, Unmanaged
from reconciler.model.plan_schema import plan_schema
from reconciler.model.resource import Json
from reconciler.model.source import Position

__all__ = ["decode", "encode", "plan_schema"]

_DRIFTED = (Attribution.DRIFT, Attribution.CONFLICT)


def encode(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain JSON."""
    summary = plan.summary()
    return {
        "format_version": FORMAT_VERSION,
        "environment": plan.environment,
        "complete": plan.complete,
        "errored": plan.errored,
        "applyable": bool(plan.pending) and not plan.errored and not plan.untrusted,
        "untrusted": plan.untrusted,
        "base": plan.base,
        "summary": {name: getattr(summary, name) for name in summary.__slots__},
        "resource_changes": [_change(change) for change in plan.changes],
        "resource_drift": list(_drift(plan)),
        "unmanaged": [_unmanaged(one) for one in plan.unmanaged],
        "held": [_held(one) for one in plan.held],
        "diagnostics": [_diagnostic(one) for one in plan.diagnostics],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        **_head(change.address, change.kind, change.name, change.id),
        **({"previous_address": change.previous_address} if change.previous_address else {}),
        "change": {
            "actions": [change.action.value],
            "before": change.before,
            "after": change.after,
            "after_unknown": _unknown(change.after, change.unknown),
            "before_sensitive": _sensitive(change.before),
            "after_sensitive": _sensitive(change.after),
        },
        "action_reason": change.reason,
        "level": change.level,
        "position": _position(change.position),
        "attribution": change.attribution.value if change.attribution else None,
        "fingerprints": {"before": change.before_fingerprint, "after": change.after_fingerprint},
        "unknown": list(change.unknown),
        "fields": [_field(field) for field in change.fields],
        "suppressed": [_suppressed(one) for one in change.suppressed],
        "blocks": [{"code": one.code, "message": one.message, "allow": one.allow} for one in change.blocks],
        "notes": list(change.notes),
    }


def _head(address: str, kind: str, name: str, object_id: str) -> dict[str, Any]:
    head = {"address": address, "mode": "managed", "type": kind, "name": name, "provider_name": "reconciler"}
    return {**head, "id": object_id}


def _field(field: FieldChange) -> dict[str, Any]:
    sides = {"before": field.before, "after": field.after, "base": field.base}
    return {
        "path": field.path,
        "op": field.op.value,
        **{name: value for name, value in sides.items() if not isinstance(value, Missing)},
        **{
            f"{name}_missing": value.value
            for name, value in sides.items()
            if isinstance(value, Missing) and value is not Missing.ABSENT
        },
        "attribution": field.attribution.value,
        "reason": field.reason,
        "position": _position(field.position),
        "sensitive": field.sensitive,
    }


def _suppressed(one: Suppressed) -> dict[str, Any]:
    return {"path": one.path, "rule": one.rule.value, "detail": one.detail, "position": _position(one.position)}


def _unmanaged(one: Unmanaged) -> dict[str, Any]:
    return {
        **_head(one.address, one.kind, one.name, one.id),
        "foreign": one.foreign,
        "owned": one.owned,
        "values": one.values,
    }


def _held(one: Held) -> dict[str, Any]:
    return {
        "action": one.action.value,
        "address": one.address,
        "type": one.kind,
        "name": one.name,
        "reason": one.reason,
    }


def _diagnostic(one: Diagnostic) -> dict[str, Any]:
    return {
        "severity": one.severity.value,
        "code": one.code,
        "summary": one.message,
        "detail": one.hint,
        "address": one.address,
        "path": one.path,
        "position": _position(one.position),
        "related": [{"message": near.message, "position": _position(near.position)} for near in one.related],
    }


def _position(where: Position | None) -> dict[str, Any] | None:
    return {"file": where.file, "line": where.line, "column": where.column} if where else None


def _sensitive(value: Json) -> Any:
    """Return a mask of the value's shape, true where it is hidden; False where nothing is."""
    if value == MASK:
        return True
    if isinstance(value, Mapping):
        marks = {name: mark for name, part in value.items() if (mark := _sensitive(part)) is not False}
        return marks or False
    if isinstance(value, list):
        listed = [_sensitive(part) for part in value]
        return listed if any(mark is not False for mark in listed) else False
    return False


def _unknown(value: Json, paths: Sequence[str]) -> Any:
    """Return a mask of the value's shape, true where it is known only after apply."""
    if not paths:
        return {} if isinstance(value, Mapping) else False
    if any(not path for path in paths):
        return True
    below: dict[str, list[str]] = {}
    for path in paths:
        step, rest = _first(path)
        below.setdefault(step, []).append(rest)
    if isinstance(value, list):
        return [_unknown(part, below[f"[{at}]"]) if f"[{at}]" in below else False for at, part in enumerate(value)]
    if isinstance(value, Mapping):
        return {name: _unknown(value.get(name), rest) for name, rest in below.items()}
    return False


def _first(path: str) -> tuple[str, str]:
    ends = [at for at in (path.find("."), path.find("[", 1)) if at > 0]
    end = path.index("]") + 1 if path.startswith("[") else min(ends, default=len(path))
    return path[:end], path[end:].removeprefix(".")


def _drift(plan: Plan) -> Iterator[dict[str, Any]]:
    """Tell what the live side did, as Terraform does: an object that changed, or that is gone."""
    for change in plan.changes:
        moved = [field for field in change.fields if field.attribution in _DRIFTED]
        gone = change.action is Action.CREATE and change.attribution in _DRIFTED
        if moved or gone:
            yield {
                **_head(change.address, change.kind, change.name, change.id),
                "change": {
                    "actions": ["delete" if gone else "update"],
                    "before": None if gone else {field.path: _plain(field.base) for field in moved},
                    "after": None if gone else {field.path: _plain(field.before) for field in moved},
                },
            }


def _plain(value: Value) -> Json:
    return None if isinstance(value, Missing) else value


def decode(data: Mapping[str, Any]) -> Plan:
    """Return the plan that was encoded; raises ValueError for another major version or what is no plan."""
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
        blocks=tuple(Block(code=one["code"], message=one["message"], allow=one["allow"]) for one in data["blocks"]),
        notes=tuple(data["notes"]),
        before_fingerprint=data["fingerprints"]["before"],
        after_fingerprint=data["fingerprints"]["after"],
        level=data["level"],
    )


def _field_of(data: Mapping[str, Any]) -> FieldChange:
    def side(name: str) -> Value:
        return Missing(data[f"{name}_missing"]) if f"{name}_missing" in data else data.get(name, Missing.ABSENT)

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


def _suppressed_of(data: Mapping[str, Any]) -> Suppressed:
    where = _position_of(data["position"])
    return Suppressed(path=data["path"], rule=Rule(data["rule"]), detail=data["detail"], position=where)


def _unmanaged_of(data: Mapping[str, Any]) -> Unmanaged:
    return Unmanaged(
        address=data["address"],
        kind=data["type"],
        name=data["name"],
        id=data["id"],
        foreign=data["foreign"],
        owned=data["owned"],
        values=data["values"],
    )


def _held_of(data: Mapping[str, Any]) -> Held:
    return Held(
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


def _related_of(data: Mapping[str, Any]) -> Related:
    where = data["position"]
    return Related(message=data["message"], position=Position(where["file"], where["line"], where["column"]))


def _position_of(data: Mapping[str, Any] | None) -> Position | None:
    return Position(data["file"], data["line"], data["column"]) if data else None

"""Encodes a plan as JSON: Terraform's shape (`terraform show -json`) with additional keys.

The same plan gives the same bytes: it holds no clock, endpoint or counter. Terraform's keys are derived; the additional
ones (positions, attribution, fingerprints, fields, suppressed, blocks, held, unmanaged) make decoding (decode.py)
exact.
"""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    NoValue,
    SuppressedDifference,
    Value,
)
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.json_types import Json
from reconciler.model.plan import FORMAT_VERSION, DeferredChange, Plan, UnmanagedResource
from reconciler.model.source_map import Position
from reconciler.redaction import redaction_shape

_DRIFTED = (Attribution.DRIFT, Attribution.CONFLICT)


def encode(plan: Plan) -> dict[str, Json]:
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
        "unknown_counts": list(plan.unknown_counts),
        **({"destroys": True} if plan.destroys else {}),
        "summary": {name: getattr(summary, name) for name in summary.__slots__},
        "resource_changes": [_change(change) for change in plan.changes],
        "resource_drift": list(_drift(plan)),
        "unmanaged": [_unmanaged(one) for one in plan.unmanaged],
        "held": [_held(one) for one in plan.held],
        "diagnostics": [encode_diagnostic(one) for one in plan.diagnostics],
    }


def _change(change: Change) -> dict[str, Json]:
    sensitive = redaction_shape(change.before)
    return {
        **_head(change.address, change.kind, change.name, change.id),
        **({"previous_address": change.previous_address} if change.previous_address else {}),
        **({"adopt": True, "owner": change.owner} if change.adopt else {}),
        "change": {
            "actions": [change.action.value],
            "before": change.before,
            "after": change.after,
            "after_unknown": _unknown(change.after, change.unknown),
            "before_sensitive": sensitive,
            "after_sensitive": sensitive if change.after is change.before else redaction_shape(change.after),
        },
        "action_reason": change.reason,
        "level": change.level,
        "position": _position(change.position),
        "attribution": change.attribution.value if change.attribution else None,
        "fingerprints": {"before": change.before_fingerprint, "after": change.after_fingerprint},
        "unknown": list(change.unknown),
        **({"defaults": list(change.defaults)} if change.defaults else {}),
        "fields": [_field(field) for field in change.fields],
        "suppressed": [_suppressed(one) for one in change.suppressed],
        "blocks": [{"code": one.code, "message": one.message, "allow": one.allow} for one in change.blocks],
        "notes": list(change.notes),
    }


def _head(address: str, kind: str, name: str, object_id: str) -> dict[str, Json]:
    head: dict[str, Json] = {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "reconciler",
    }
    return {**head, "id": object_id}


def _field(field: FieldChange) -> dict[str, Json]:
    sides = {"before": field.before, "after": field.after, "base": field.base}
    return {
        "path": field.path,
        "op": field.op.value,
        **{name: value for name, value in sides.items() if not isinstance(value, NoValue)},
        **{
            f"{name}_missing": value.value
            for name, value in sides.items()
            if isinstance(value, NoValue) and value is not NoValue.ABSENT
        },
        "attribution": field.attribution.value,
        "reason": field.reason,
        "position": _position(field.position),
        "sensitive": field.sensitive,
    }


def _suppressed(one: SuppressedDifference) -> dict[str, Json]:
    return {"path": one.path, "rule": one.rule.value, "detail": one.detail, "position": _position(one.position)}


def _unmanaged(one: UnmanagedResource) -> dict[str, Json]:
    return {
        **_head(one.address, one.kind, one.name, one.id),
        "foreign": one.foreign,
        "owned": one.owned,
        **({"reason": one.reason} if one.reason else {}),
        "values": one.values,
    }


def _held(one: DeferredChange) -> dict[str, Json]:
    return {
        "action": one.action.value,
        "address": one.address,
        "type": one.kind,
        "name": one.name,
        "reason": one.reason,
    }


def encode_diagnostic(one: Diagnostic) -> dict[str, Json]:
    """Return a diagnostic as plain JSON."""
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


def _position(where: Position | None) -> dict[str, Json] | None:
    return {"file": where.file, "line": where.line, "column": where.column} if where else None


def _unknown(value: Json, paths: Sequence[str]) -> Json:
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


def _drift(plan: Plan) -> Iterator[dict[str, Json]]:
    """Return a change of the live side as Terraform does: a changed or deleted object."""
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
    return None if isinstance(value, NoValue) else value

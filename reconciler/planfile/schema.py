"""JSON Schema of a plan (2020-12), for programs that read `plan --format json`."""

from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

from reconciler.model.change import Action, Attribution, FieldOp, NoValue, SuppressionReason
from reconciler.model.diagnostic import Severity
from reconciler.model.json_types import JsonObject

Schema: TypeAlias = JsonObject

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
ANY: Schema = {}
FINGERPRINT: Schema = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}


def plan_schema() -> Schema:
    """Return the schema; readers ignore unknown keys, so a minor version may add some."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:reconciler:schemas/plan.schema.json",
        "title": "A reconciler plan",
        "description": "What would be done to one environment, in the shape of Terraform's plan JSON.",
        **_object(_plan(), optional=("saved", "requests", "rates", "tables", "unknown_counts", "destroys")),
        "$defs": {
            "position": _position(),
            "resource_change": _object(_change(), optional=("previous_address", "adopt", "owner", "defaults")),
            "drift": _object({**_head(), "change": _object({"actions": _actions(), "before": ANY, "after": ANY})}),
            "field": _object(_field(), optional=("before", "after", "base", *_MISSING)),
            "suppressed": _object(
                {"path": TEXT, "rule": _one_of(SuppressionReason), "detail": TEXT, "position": _ref("position")}
            ),
            "block": _object(
                {"code": TEXT, "message": TEXT, "allow": _told(TEXT, "The flag that lifts it; empty where none does.")}
            ),
            "unmanaged": _object(_unmanaged(), optional=("reason",)),
            "held": _object({"action": _one_of(Action), "address": TEXT, "type": TEXT, "name": TEXT, "reason": TEXT}),
            "diagnostic": _object(_diagnostic()),
            "rate": _object(_rate()),
            "table": _object(
                {"title": TEXT, "columns": _texts(), "rows": {"type": "array", "items": _texts()}, "note": TEXT}
            ),
        },
    }


def _told(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _rows() -> Schema:
    return {"type": "array", "items": _texts()}


def _texts() -> Schema:
    return {"type": "array", "items": TEXT}


def _plan() -> Schema:
    return {
        "format_version": {"type": "string", "pattern": r"^1\.\d+$", "description": "Of this shape: major.minor."},
        "environment": _told(TEXT, "The environment that was planned."),
        "complete": _told(
            FLAG, "False where something was not read, or the plan is a part: creates and deletes are held."
        ),
        "errored": _told(FLAG, "True where the plan was not made; diagnostics say why."),
        "applyable": _told(FLAG, "True where an apply has something to do and may do it."),
        "untrusted": _told(FLAG, "True of a plan made with --untrusted, which is never applied."),
        "base": {**TEXT, "description": "What attribution was made against: ledger, a commit, both, or nothing."},
        "unknown_counts": {
            "type": "array",
            "items": {"enum": list(_COUNTS)},
            "description": "Counts of the summary that cannot be known: a zero among them is none.",
        },
        "destroys": {**FLAG, "description": "True of a plan of `destroy`, which deletes what is owned."},
        "summary": _object(dict.fromkeys((*_COUNTS, "adopt"), COUNT), optional=("adopt",)),
        "resource_changes": _told(
            _list("resource_change"), "Every declared object, unchanged ones too, and each delete."
        ),
        "resource_drift": _told(_list("drift"), "Objects that changed outside the manifests since the last apply."),
        "unmanaged": _told(_list("unmanaged"), "Live objects that no manifest declares; they stay."),
        "held": _told(_list("held"), "Changes that the read could not prove, so that they are not proposed."),
        "diagnostics": _told(_list("diagnostic"), "Problems, with the codes of docs/reference/diagnostics.md."),
        "saved": {"type": "object", "description": "The envelope of a saved plan."},
        "requests": {
            **_object({"made": COUNT, "least": COUNT}),
            "description": "With -v: requests of the read, and without how many it is not possible.",
        },
        "rates": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": {"$ref": "#/$defs/rate"}},
            "description": "With -v: rates of reads and writes by environment, where not their setting alone decided.",
        },
        "tables": {**_list("table"), "description": "What a replay of events would lead to; see plan --events."},
    }


_COUNTS = (
    "add",
    "change",
    "destroy",
    "unchanged",
    "unmanaged",
    "blocked",
    "held",
    "suppressed",
    *(one.value for one in Attribution),
)

_MISSING = ("before_missing", "after_missing", "base_missing")


def _head() -> Schema:
    return {
        "address": {**TEXT, "description": 'For instance SmartLiveRoom["The Legend of Nature"].'},
        "mode": {"const": "managed"},
        "type": {**TEXT, "description": "The kind."},
        "name": TEXT,
        "provider_name": {"const": "reconciler"},
        "id": {**TEXT, "description": "The live object's id; empty where there is none yet."},
    }


def _unmanaged() -> Schema:
    reason = {**TEXT, "description": "Of an owned object: why it stays, and what deletes it."}
    return {**_head(), "foreign": TEXT, "owned": FLAG, "reason": reason, "values": ANY}


def _change() -> Schema:
    return {
        **_head(),
        "previous_address": _told(TEXT, "Of a rename: the address under the earlier name."),
        "adopt": {**FLAG, "description": "Apply takes ownership of the object; left out where it does not."},
        "owner": {**TEXT, "description": "Present owner of an object to adopt; empty where it has none."},
        "change": _object(
            {
                "actions": _actions(),
                "before": {"description": "The live object as read; null where there is none. Secrets are masked."},
                "after": {"description": "What it would be; null where it goes."},
                "after_unknown": {"description": "True where a value is known only after apply; after's own shape."},
                "before_sensitive": ANY,
                "after_sensitive": ANY,
            }
        ),
        "action_reason": _told(TEXT, "Why the action is what it is."),
        "level": _told(COUNT, "Order of the changes: those of one level do not need each other."),
        "position": _ref("position"),
        "attribution": {
            "enum": [*(one.value for one in Attribution), None],
            "description": "Who moved: the most severe of its fields.",
        },
        "fingerprints": _told(
            _object({"before": FINGERPRINT, "after": FINGERPRINT}),
            "Digests of the normal form of the managed part; empty where there is no object.",
        ),
        "unknown": _told({"type": "array", "items": TEXT}, "Fields that were not read, and make no difference."),
        "defaults": _told(_texts(), "Paths of a new object's values that are documented defaults."),
        "fields": _told(_list("field"), "The fields that differ."),
        "suppressed": _told(_list("suppressed"), "Differences that a rule hides."),
        "blocks": _told(_list("block"), "Guards that block the change; apply refuses it."),
        "notes": _told({"type": "array", "items": TEXT}, "What the change does besides."),
    }


def _field() -> Schema:
    return {
        "path": {**TEXT, "description": "As plans print it: interaction_rules[price].trigger.time_window."},
        "op": _one_of(FieldOp),
        "before": {"description": "The live value; left out where there is none."},
        "after": {"description": "The desired value; left out where there is none."},
        "base": {"description": "What it was when both sides last agreed."},
        **{name: {"enum": [one.value for one in NoValue if one is not NoValue.ABSENT]} for name in _MISSING},
        "attribution": _one_of(Attribution),
        "reason": _told(TEXT, "Why the values count as different, where that is not plain."),
        "position": _ref("position"),
        "sensitive": _told(FLAG, "True where the values are masked."),
    }


def _diagnostic() -> Schema:
    return {
        "severity": _one_of(Severity),
        "code": TEXT,
        "summary": TEXT,
        "detail": TEXT,
        "address": TEXT,
        "path": TEXT,
        "position": _ref("position"),
        "related": {"type": "array", "items": _object({"message": TEXT, "position": _ref("position")})},
    }


def _rate() -> Schema:
    number: Schema = {"type": "number", "minimum": 0}
    return {
        "per_second": _told(number, "Calls a second at the end."),
        "setting": _told(number, "Most calls a second by the setting; 0 where it has no limit."),
        "started": _told(number, "Calls a second at first, as earlier runs learnt; 0 where there was no limit."),
        "refused": _told(COUNT, "Calls that the service refused for their rate."),
        "stated": {"type": ["number", "null"], "description": "Calls a second that the service states; null for none."},
    }


def _position() -> Schema:
    counted: Schema = {"type": "integer", "minimum": 1}
    return {"anyOf": [{"type": "null"}, _object({"file": TEXT, "line": counted, "column": counted})]}


def _actions() -> Schema:
    return {"type": "array", "items": _one_of(Action), "minItems": 1, "maxItems": 1}


def _one_of(words: Iterable[Enum]) -> Schema:
    return {"enum": [word.value for word in words]}


def _object(properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}

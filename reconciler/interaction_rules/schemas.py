"""JSON Schemas (2020-12) of rule tests, for editors, and of the output of `test` and `replay`, for programs."""

from typing import TypeAlias

from reconciler.interaction_rules.event import EVENT_TYPES
from reconciler.interaction_rules.replay import CLASSES
from reconciler.interaction_rules.settings import SETTINGS, UNDEFINED, defined_alternatives
from reconciler.model.json_types import JsonObject

Schema: TypeAlias = JsonObject

_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "minLength": 1}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_VERSION: Schema = {"type": "string", "pattern": r"^1\.\d+$"}
_SETTINGS: Schema = {
    "type": "array",
    "items": {"enum": list(SETTINGS)},
    "uniqueItems": True,
    "description": "The settings, not assumed, whose swap changes what fires or is said.",
}


def rule_schemas() -> dict[str, Schema]:
    """Return each schema by its file name."""
    return {
        "RuleTest.schema.json": _titled("RuleTest", "A test of interaction rules", _rule_test()),
        "rule-test-result.schema.json": _titled("rule-test-result", "What test --format json says", _test_result()),
        "replay.schema.json": _titled("replay", "What replay --format json says", _replay()),
    }


def semantics_schema() -> Schema:
    """Return the schema of a mapping of settings: `assume:` of a test, `semantics:` of a project."""
    names = {name: {"enum": [*defined_alternatives(name), UNDEFINED]} for name in SETTINGS}
    return {"type": "object", "properties": names, "additionalProperties": False}


def _titled(name: str, title: str, body: Schema) -> Schema:
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:reconciler:schemas/{name}.schema.json",
    }
    return {**head, "title": title, **body}


def _object(properties: Schema, *, optional: tuple[str, ...] = (), closed: bool = False) -> Schema:
    shape: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }
    return {**shape, "additionalProperties": False} if closed else shape


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _rule_test() -> Schema:
    document: Schema = {
        "apiVersion": {"const": "metastudio/v1"},
        "kind": {"const": "RuleTest"},
        "subject": {"anyOf": [_NAME, _list(_NAME, 1)], "description": "Addresses of rooms and libraries."},
        "assume": {**semantics_schema(), "description": "What this test may rely on; every other setting is swapped."},
        "cases": _list({"$ref": "#/$defs/case"}, 1),
    }
    case: Schema = {
        "name": _NAME,
        "events": _list({"$ref": "#/$defs/event"}, 1),
        "expect": {"$ref": "#/$defs/expect", "description": "Of the first event."},
        "scene": _TEXT,
    }
    return {
        **_object(document, optional=("assume",), closed=True),
        "$defs": {
            "case": _object(case, optional=("expect", "scene"), closed=True),
            "event": _event(),
            "expect": _expect(),
        },
    }


def _event() -> Schema:
    nothing: Schema = {"type": ["object", "null"], "maxProperties": 0}
    properties: Schema = {
        "at": {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$", "description": "Since the start."},
        "user": {"type": "object", "description": "By the wire's names: userId, name, level, badge, badgeLevel."},
        "comment": _TEXT,
        "join": nothing,
        "like": nothing,
        "gift": {"type": "object", "description": "By the wire's names: giftName, giftNum, totalValue, giftValue."},
        "script": _TEXT,
        "type": {"type": "integer", "minimum": 0, "maximum": 100},
        "content": {"type": ["object", "string"], "description": "With `type`: the content, or its JSON."},
        "expect": {"$ref": "#/$defs/expect"},
    }
    shapes = (*EVENT_TYPES, "type")
    return {
        **_object(properties, optional=tuple(name for name in properties if name != "at"), closed=True),
        "oneOf": [{"required": [name]} for name in shapes],
        "dependentRequired": {"content": ["type"]},
    }


def _expect() -> Schema:
    names = {"anyOf": [_TEXT, _list(_TEXT)]}
    properties = {"rule": _TEXT, "rules": names, "reply": _TEXT, "suppressed": names}
    mapping = {**_object(properties, optional=tuple(properties), closed=True), "minProperties": 1}
    return {"anyOf": [{"const": "nothing"}, {**mapping, "not": {"required": ["rule", "rules"]}}]}


def _test_result() -> Schema:
    case: Schema = {
        "file": _TEXT,
        "line": _COUNT,
        "name": _TEXT,
        "result": {"enum": ["passed", "failed", "undecided"]},
        "depends_on": _SETTINGS,
        "message": _TEXT,
    }
    problem = {
        "code": _TEXT,
        "severity": _TEXT,
        "message": _TEXT,
        "hint": _TEXT,
        "file": _TEXT,
        "line": _COUNT,
        "column": _COUNT,
    }
    properties: Schema = {
        "format_version": _VERSION,
        "cases": _list(_object(case)),
        "summary": _object({"passed": _COUNT, "failed": _COUNT, "undecided": _COUNT}),
        "coverage": _list(_object({"address": _TEXT, "rule": _TEXT, "fired": _COUNT})),
        "diagnostics": _list(_object(problem)),
    }
    return _object(properties, optional=("diagnostics",))


def _replay() -> Schema:
    result = {"$ref": "#/$defs/result"}
    event: Schema = {
        "subject": _TEXT,
        "index": _COUNT,
        "before": {"anyOf": [result, {"type": "null"}]},
        "after": result,
        "class": {"enum": [*CLASSES, None]},
        "direct": {"type": ["boolean", "null"]},
    }
    summary: Schema = {
        "events": _COUNT,
        **dict.fromkeys((*CLASSES, "direct"), _COUNT),
        "depends_on": {"type": "object", "additionalProperties": _COUNT},
        "undecidable": _COUNT,
    }
    outcome = {"fires": _list(_TEXT), "suppressed": _list(_TEXT), "replies": _list(_list(_TEXT))}
    outcomes: Schema = {
        "outcomes": _list(_object(outcome)),
        "depends_on": _SETTINGS,
        "undecidable": {"const": True, "description": "More outcomes than are followed; `outcomes` is empty then."},
    }
    return {
        **_object(
            {
                "format_version": _VERSION,
                "events": _list(_object(event, optional=("subject",))),
                "summary": _object(summary, optional=(*CLASSES, "direct")),
            }
        ),
        "$defs": {"result": _object(outcomes, optional=("undecidable",))},
    }

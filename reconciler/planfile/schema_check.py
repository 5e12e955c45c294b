"""Checks a decoded JSON value against the plan's JSON Schema before it is decoded as a plan."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.json_types import Json
from reconciler.planfile.schema import plan_schema

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def schema_problems(value: Json) -> Iterator[str]:
    """Yield the schema violations of a value, each with its JSON path; nothing for a valid plan."""
    schema = plan_schema()
    yield from _problems(schema, value, schema, "$")


def _problems(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any], at: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        if not any(not list(_problems(one, value, root, at)) for one in schema["anyOf"]):
            yield f"{at} is none of what it may be"
        return
    wrong = _wrong(schema, value)
    if wrong:
        yield f"{at} {wrong}"
    elif isinstance(value, dict):
        yield from _inside(schema, value, root, at)
    elif isinstance(value, list) and "items" in schema:
        for index, part in enumerate(value):
            yield from _problems(schema["items"], part, root, f"{at}[{index}]")


def _inside(schema: Mapping[str, Any], value: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, part in schema.get("properties", {}).items():
        if name in value:
            yield from _problems(part, value[name], root, f"{at}.{name}")
    yield from (f"{at} has no {name}" for name in schema.get("required", ()) if name not in value)


def _wrong(schema: Mapping[str, Any], value: Any) -> str:
    wanted = schema.get("type")
    if wanted and (not isinstance(value, _TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean")):
        return f"is no {wanted}"
    if "enum" in schema and not any(value == one and type(value) is type(one) for one in schema["enum"]):
        return "is none of its words"
    if "const" in schema and value != schema["const"]:
        return f"is not {schema['const']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return "is spelled wrong"
    if value is not None and "minimum" in schema and value < schema["minimum"]:
        return f"is less than {schema['minimum']}"
    if isinstance(value, list) and not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return "has the wrong number of items"
    return ""

"""Checks a decoded JSON value against the plan's JSON Schema before it is decoded as a plan."""

import re
from collections.abc import Iterator, Mapping

from reconciler.model.json_types import Json, JsonObject, as_list, as_object
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


def _problems(schema: JsonObject, value: Json, root: JsonObject, at: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = as_object(as_object(root["$defs"])[str(schema["$ref"]).rpartition("/")[2]])
    if "anyOf" in schema:
        choices = map(as_object, as_list(schema["anyOf"]))
        if not any(not list(_problems(one, value, root, at)) for one in choices):
            yield f"{at} is none of what it may be"
        return
    wrong = _wrong(schema, value)
    if wrong:
        yield f"{at} {wrong}"
    elif isinstance(value, dict):
        yield from _inside(schema, value, root, at)
    elif isinstance(value, list) and "items" in schema:
        for index, part in enumerate(value):
            yield from _problems(as_object(schema["items"]), part, root, f"{at}[{index}]")


def _inside(schema: JsonObject, value: JsonObject, root: JsonObject, at: str) -> Iterator[str]:
    for name, part in as_object(schema.get("properties")).items():
        if name in value:
            yield from _problems(as_object(part), value[name], root, f"{at}.{name}")
    yield from (f"{at} has no {name}" for name in as_list(schema.get("required")) if name not in value)


def _wrong(schema: JsonObject, value: Json) -> str:
    wanted = schema.get("type")
    if wanted and (not isinstance(value, _TYPES[str(wanted)]) or (isinstance(value, bool) and wanted != "boolean")):
        return f"is no {wanted}"
    if "enum" in schema and not any(value == one and type(value) is type(one) for one in as_list(schema["enum"])):
        return "is none of its words"
    if "const" in schema and value != schema["const"]:
        return f"is not {schema['const']}"
    if isinstance(value, str) and not re.search(str(schema.get("pattern", "")), value):
        return "is spelled wrong"
    least = schema.get("minimum")
    if isinstance(value, (int, float)) and isinstance(least, (int, float)) and value < least:
        return f"is less than {least}"
    if isinstance(value, list) and not _within(schema, len(value)):
        return "has the wrong number of items"
    return ""


def _within(schema: JsonObject, length: int) -> bool:
    least, most = schema.get("minItems"), schema.get("maxItems")
    return not (isinstance(least, int) and length < least) and not (isinstance(most, int) and length > most)

"""A plan that a less trusted job has made: checked against the plan's own schema before anything reads it.

A job on a stranger's pull request hands over JSON and nothing else. What passes here is data of the right shape; the
reporters take care of what it says.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import PlanError
from reconciler.model.plan import Plan
from reconciler.model.plan_read import decode
from reconciler.model.plan_schema import plan_schema

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
_MOST_PROBLEMS = 5

LARGEST = 64 * 2**20
"""A larger file is not read at all (bytes)."""


def checked_plans(data: bytes) -> tuple[Plan, ...]:
    """Return the plans in a JSON report; raises PlanError (E_PLAN_FORMAT) for anything that is not exactly that."""
    if len(data) > LARGEST:
        raise PlanError("the file is too large to be a plan", code="E_PLAN_FORMAT")
    try:
        whole = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PlanError("this is no plan: a plan is plain JSON", code="E_PLAN_FORMAT") from None
    several = whole.get("plans") if isinstance(whole, dict) else None
    plans = several if isinstance(several, list) and several else [whole]
    _check(plans)
    try:
        return tuple(map(decode, plans))
    except ValueError as error:
        raise PlanError(f"this is no plan: {error}", code="E_PLAN_FORMAT") from None


def _check(plans: list[Any]) -> None:
    schema = plan_schema()
    problems = [one for plan in plans for one in _problems(schema, plan, schema, "$")]
    if problems:
        shown = "; ".join(problems[:_MOST_PROBLEMS])
        raise PlanError(
            f"this is no plan: {shown}", code="E_PLAN_FORMAT", hint="hand over what `plan --format json` wrote"
        )


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

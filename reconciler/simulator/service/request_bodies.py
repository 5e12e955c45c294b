"""Processes a request body before it is stored: checks, dropped fields, normalization, defaults."""

import json
from collections.abc import Mapping
from copy import deepcopy
from urllib.parse import urlsplit, urlunsplit

from reconciler.kinds.base.field import Field, FieldType, ListType
from reconciler.kinds.registry import Kind
from reconciler.model.json_types import Json, as_object
from reconciler.simulator.messages import ServiceError
from reconciler.simulator.service.field_shape import FieldShape, rewritten_body

SIGNATURE = "sim-signature"
"""Query parameter of the simulator's signed material URLs; it is removed from URLs that are sent back."""

_PYTHON: Mapping[FieldType, tuple[type, ...]] = {
    FieldType.TEXT: (str,),
    FieldType.INTEGER: (int,),
    FieldType.NUMBER: (int, float),
    FieldType.BOOLEAN: (bool,),
    FieldType.OBJECT: (dict,),
    FieldType.LIST: (list,),
}


def decoded(body: bytes) -> dict[str, Json]:
    """Return the JSON object of a body, or refuse it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise ServiceError(400, "MSS.10000002", "The request body is not in JSON format.") from None
    if not isinstance(value, dict):
        raise ServiceError(400, "MSS.00000002", "Invalid request body.")
    return value


def check_name(kind: Kind, body: Mapping[str, Json]) -> str:
    """Return the name in a body, or refuse: it is the one field that both create and update require."""
    name = body.get(kind.name_field)
    described = kind.top_fields.get(kind.name_field)
    longest = (described.max_length if described else None) or 256
    if not isinstance(name, str) or not 1 <= len(name) <= longest:
        raise ServiceError(
            400, "MSS.10000003", f"Parameter check failed: {kind.name_field} takes 1 to {longest} characters."
        )
    return name


def _with_numbers(shape: FieldShape, body: dict[str, Json], choices: Mapping[str, str]) -> dict[str, Json]:
    """Accept integers as text, for a service that returns them as text."""
    if choices["numbers"] == "kept":
        return body
    return rewritten_body(shape, body, "number", lambda _field, value, _path: _as_number(value))


def _as_number(value: Json) -> Json:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value


def check_types(shape: FieldShape, body: Mapping[str, Json], choices: Mapping[str, str]) -> None:
    """Refuse a body with a value of another JSON type than its field's; null counts as absent."""
    if choices["validate"] == "types":
        _check(shape, _with_numbers(shape, dict(body), choices), "")


def _check(shape: FieldShape, value: Json, path: str) -> None:
    expected = shape.node.type
    if value is None:
        return
    if not isinstance(value, _PYTHON[expected]) or (expected is not FieldType.BOOLEAN and isinstance(value, bool)):
        raise ServiceError(
            400, "MSS.10000003", f"Parameter check failed: {path or 'body'} must be of type {expected.value}."
        )
    if isinstance(value, dict):
        for name, item in value.items():
            if name in shape.children:
                _check(shape.children[name], item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and shape.item is not None:
        for index, item in enumerate(value):
            _check(shape.item, item, f"{path}[{index}]")


def accepted(shape: FieldShape, body: Mapping[str, Json], choices: Mapping[str, str]) -> dict[str, Json]:
    """Return the stored part of a body: no nulls, nothing that the service assigns, unknown keys as chosen."""
    kept = _without_read_only(shape, body, choices["unknown_keys"], "")
    return normalised(shape, _with_numbers(shape, kept, choices), choices)


def normalised(shape: FieldShape, body: dict[str, Json], choices: Mapping[str, str]) -> dict[str, Json]:
    """Return a body as stored: texts and sets as chosen, defaults filled in, signatures removed."""
    if choices["whitespace"] == "trimmed" or choices["newlines"] == "lf":
        body = rewritten_body(shape, body, "text", lambda _field, value, _path: _text(value, choices))
    if choices["sets"] == "reordered":
        body = rewritten_body(shape, body, "list", lambda field, value, _path: _reordered(field, value))
    body = rewritten_body(shape, body, "volatile", lambda _field, value, _path: unsigned(value))
    if choices["overridable"] == "ignored":
        body = dict(as_object(without_overridable(shape, body)))
    if choices["defaults"] == "absent":
        return body
    if choices["defaults"] == "everywhere":
        body = {**_parents(shape), **body}
    return dict(as_object(filled(shape, body)))


def _without_read_only(shape: FieldShape, body: Mapping[str, Json], unknown: str, path: str) -> dict[str, Json]:
    kept: dict[str, Json] = {}
    for name, value in body.items():
        child = shape.children.get(name)
        if child is None:
            if unknown == "refuse":
                place = f"{path}.{name}" if path else name
                raise ServiceError(400, "MSS.10000003", f"Parameter check failed: {place} is not known.")
            if unknown == "keep":
                kept[name] = deepcopy(value)
        elif value is not None and "read_only" not in child.own:
            kept[name] = _value(child, value, unknown, f"{path}.{name}" if path else name)
    return kept


def _value(shape: FieldShape, value: Json, unknown: str, path: str) -> Json:
    if isinstance(value, dict) and shape.children:
        return _without_read_only(shape, value, unknown, path)
    if isinstance(value, list) and shape.item is not None:
        return [_value(shape.item, item, unknown, f"{path}[{index}]") for index, item in enumerate(value)]
    return deepcopy(value)


def filled(shape: FieldShape, value: Json) -> Json:
    """Return a value with documented defaults for absent fields of present objects."""
    if isinstance(value, dict):
        inner = [
            (name, child)
            for name, child in shape.marked.get("default", ())
            if isinstance(value.get(name), (dict, list))
        ]
        missing = {name: deepcopy(default) for name, default in shape.defaults if value.get(name) is None}
        return {**value, **missing, **{name: filled(child, value[name]) for name, child in inner}}
    if isinstance(value, list) and shape.item is not None and "default" in shape.item.marks:
        inner_shape = shape.item
        return [filled(inner_shape, item) for item in value]
    return value


def _parents(shape: FieldShape) -> dict[str, Json]:
    objects = (child for child in shape.children.values() if child.node.type is FieldType.OBJECT and child.defaults)
    bare = (child for child in objects if not any(inner.node.required for inner in child.children.values()))
    return {child.node.name: {} for child in bare if child.node.writable}


def _text(value: Json, choices: Mapping[str, str]) -> Json:
    if not isinstance(value, str):
        return value
    if choices["newlines"] == "lf":
        value = value.replace("\r\n", "\n")
    return value.strip() if choices["whitespace"] == "trimmed" else value


def _reordered(field: Field, value: Json) -> Json:
    free = field.list is not None and field.list.type in {ListType.SET, ListType.MAP}
    return list(reversed(value)) if free and isinstance(value, list) else value


def without_overridable(shape: FieldShape, value: Json) -> Json:
    """Return a value without the fields the service may decide itself."""
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if not _overridable(shape, name)}
        return {
            name: without_overridable(shape.children[name], item) if name in shape.children else item
            for name, item in kept.items()
        }
    if isinstance(value, list) and shape.item is not None:
        return [without_overridable(shape.item, item) for item in value]
    return value


def _overridable(shape: FieldShape, name: str) -> bool:
    return name in shape.children and "overridable" in shape.children[name].own


def unsigned(value: Json) -> Json:
    """Return a material URL without the signature an earlier read gave it."""
    if not isinstance(value, str) or SIGNATURE not in value:
        return value
    parts = urlsplit(value)
    query = "&".join(part for part in parts.query.split("&") if not part.startswith(f"{SIGNATURE}="))
    return urlunsplit(parts._replace(query=query))

"""JSON Schemas of manifests, for editors and for other validators.

Made from the kinds' tables and the models of the envelope, so that an editor reports the problems of `validate`, as far
as JSON Schema can express them: unique names, and limits that are warnings, are not included.

An editor reads YAML without field types: a plain `010` or `true` is a number or a boolean to it, though text in a text
field. Text fields therefore take numbers and booleans as well, and choices such as "25" take 25. The reverse is not
widened: a quoted "5" is not an integer for either. Templates are checked by `validate` only; an editor sees them before
they are rendered.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.kinds.base.field import Field, FieldType, ListType
from reconciler.kinds.base.field_builders import Secret
from reconciler.kinds.base.field_rules import FieldCondition, parse, span
from reconciler.kinds.base.kind import Kind
from reconciler.manifest.validation.envelope import Envelope
from reconciler.manifest.yaml.scalars import typed
from reconciler.model.json_types import JsonObject, is_blank

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = "urn:reconciler:schemas/"
"""Prefix of schema ids, which are names and not addresses; editors find the files by the modeline."""

Schema = dict[str, Any]

_TEXT = {"string": None, "number": "7", "boolean": "true"}
"""Types that YAML may give to a plain scalar of a text field, with an example of each."""

_LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
    "pattern": "pattern",
}


def schemas(kinds: Mapping[str, Kind], extra: Mapping[str, JsonObject] | None = None) -> dict[str, JsonObject]:
    """Return every schema by its file name: all kinds in one, one a kind, and the given ones."""
    files: dict[str, JsonObject] = {"manifest.schema.json": manifest_schema(kinds.values())}
    files |= {f"{kind.name}.schema.json": kind_schema(kind) for kind in kinds.values()}
    files |= extra or {}
    return dict(sorted(files.items()))


def written(schema: JsonObject) -> str:
    """Return the text of a schema file; the same tables give the same bytes."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def manifest_schema(kinds: Iterable[Kind]) -> Schema:
    """Return the schema of a manifest document of any kind."""
    known = sorted(kinds, key=lambda kind: kind.name)
    shared: Schema = {}
    branches = [_branch(kind, shared) for kind in known]
    return {
        "$schema": DIALECT,
        "$id": BASE + "manifest.schema.json",
        "title": "A manifest of reconciler",
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": [kind.name for kind in known], "description": "The kind of resource."}},
        "allOf": branches,
        "$defs": dict(sorted(shared.items())),
    }


def kind_schema(kind: Kind) -> Schema:
    """Return the schema of a manifest document of one kind."""
    shared: Schema = {}
    body = _document(kind, shared)
    head = {"$schema": DIALECT, "$id": f"{BASE}{kind.name}.schema.json", "title": kind.title or kind.name}
    return head | body | {"$defs": dict(sorted(shared.items()))}


def _branch(kind: Kind, shared: Schema) -> Schema:
    return {
        "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
        "then": _document(kind, shared),
    }


def _document(kind: Kind, shared: Schema) -> Schema:
    """Return the schema of a document: the envelope with this kind's name, spec and limits of the name."""
    document = _from_model(Envelope)
    parts = document["properties"]
    parts["kind"] = {"const": kind.name, "description": kind.root.doc}
    spec = _object(kind.root, shared)
    parts["spec"] = spec | {"type": ["object", "null"], "description": kind.root.doc}
    name = kind.fields[kind.name_field]
    parts["metadata"]["properties"]["name"] |= {**_limits(name), "minLength": name.min_length or 1}
    return document


def _value(field: Field, shared: Schema) -> Schema:
    """Return the schema of one field: null clears it, unless it is required."""
    schema = _bare(field, shared)
    return (schema if field.required else _or_null(schema)) | _described(field)


def _or_null(schema: Schema) -> Schema:
    if "type" in schema:
        return schema | {"type": [*_listed(schema["type"]), "null"]}
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {"anyOf": [schema, {"type": "null"}]}


def _listed(found: str | list[str]) -> list[str]:
    return [found] if isinstance(found, str) else found


def _bare(field: Field, shared: Schema) -> Schema:
    """Return the schema of a value other than null."""
    if field.type is FieldType.OBJECT:
        return _shared(field, shared)
    if field.item is not None:
        return {"type": "array", **_limits(field), "items": _bare(field.item, shared)}
    if field.sensitive:
        return _from_model(Secret) | {"examples": [{"secret": "STREAM_KEY"}]}
    if field.enum:
        choices = [value for value in field.enum if value not in field.refused]
        return {"enum": [spelling for value in choices for spelling in _spellings(value)]}
    return {"type": _texts(field.pattern) if field.type is FieldType.TEXT else field.type.value, **_limits(field)}


def _texts(pattern: str) -> list[str]:
    """Return the types a text may have in an editor; a pattern that no number matches permits no number."""
    return [name for name, text in _TEXT.items() if text is None or re.search(pattern, text)]


def _spellings(value: Any) -> Iterator[Any]:
    """Yield a choice, and the value of its unquoted spelling in an editor."""
    yield value
    if isinstance(value, str) and value.isdecimal() and typed(int(value)) == value:
        yield int(value)


def _shared(field: Field, shared: Schema) -> Schema:
    """Put an object under $defs by the API's name for it, once; a different one of the same name is inlined."""
    name = next(iter(field.children.values())).source.partition(".")[0]
    body = _object(field, shared)
    if shared.setdefault(name, body) != body:
        return body
    return {"$ref": f"#/$defs/{name}"}


def _object(field: Field, shared: Schema) -> Schema:
    writable = [child for child in field.children.values() if child.writable and not child.required_in]
    schema: Schema = {
        "type": "object",
        "properties": {child.name: _value(child, shared) for child in writable},
        "additionalProperties": False,
    }
    required = [child.name for child in writable if child.required]
    if required:
        schema["required"] = required
    conditions = [rule for child in writable for rule in _conditional(child, field)]
    if conditions:
        schema["allOf"] = conditions
    return schema


def _conditional(child: Field, parent: Field) -> Iterator[Schema]:
    """Yield the conditions of one field that depend on its neighbours alone."""
    if child.required_when and _enforced(parse(child.required_when), parent):
        met = _terms(parse(child.required_when))
        yield {"if": met, "then": {"required": [child.name], "properties": {child.name: {"not": {"type": "null"}}}}}
    if child.applies_when and child.type is FieldType.OBJECT and _enforced(parse(child.applies_when), parent):
        there = {"required": [child.name], "properties": {child.name: {"type": "object"}}}
        yield {"if": there, "then": _terms(parse(child.applies_when))}


def _enforced(condition: FieldCondition, parent: Field) -> bool:
    return not condition.inferred and all(name in parent.children for name, _ in condition.terms)


def _terms(condition: FieldCondition) -> Schema:
    names = [name for name, _ in condition.terms]
    return {"required": names, "properties": {name: {"const": value} for name, value in condition.terms}}


def _described(field: Field) -> Schema:
    schema: Schema = {"description": " ".join(_sentences(field))} if field.doc else {}
    if field.documented:
        schema["default"] = field.default
    if field.examples:
        schema["examples"] = list(field.examples)
    return schema


def _sentences(field: Field) -> Iterator[str]:
    yield field.doc
    if field.unit and field.unit not in field.doc.lower():
        yield f"In {field.unit}s." if field.unit.isalpha() else f"In {field.unit}."
    if field.list and field.list.type is not ListType.ATOMIC:
        pairs = f" Items pair by {', '.join(field.list.keys)}." if field.list.keys else ""
        yield f"Compared as {'an' if field.list.type is ListType.ORDERED_MAP else 'a'} {field.list.type}.{pairs}"
    if field.recommended_min is not None or field.recommended_max is not None:
        yield f"What works: {span(field.recommended_min, field.recommended_max)}."
    if field.recommended_max_items is not None:
        yield f"At most {field.recommended_max_items} are of use."
    if field.server_may_override:
        yield "The service may decide otherwise."


def _limits(field: Field) -> Schema:
    found = {theirs: getattr(field, ours) for ours, theirs in _LIMITS.items()}
    return {name: limit for name, limit in found.items() if not is_blank(limit)}


def _from_model(model: Any) -> Schema:
    """Return a small model's schema in the package's form: no references, texts widened, null as a type."""
    made = model.model_json_schema()
    return dict(_plain(made, made.get("$defs", {})))


def _plain(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = definitions[node["$ref"].rpartition("/")[2]] | {key: node[key] for key in node if key != "$ref"}
    if "anyOf" in node:
        value = _plain(next(each for each in node["anyOf"] if each.get("type") != "null"), definitions)
        return _or_null(value) | {"description": node["description"]}
    plain = {key: _plain(value, definitions) for key, value in node.items() if key not in ("title", "$defs")}
    is_text = plain.get("type") == "string" and "const" not in plain
    return plain | {"type": _texts(plain.get("pattern", ""))} if is_text else plain

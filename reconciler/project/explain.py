"""Explains a resource: for each field the origin of its value, and its comparison with live."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds.base.kind import Kind
from reconciler.model.change import REDACTED, Change
from reconciler.model.field_path import FieldPath, ItemKey, is_within, spell
from reconciler.model.resource import DeclaredResource, Json
from reconciler.model.source_map import DocumentPath
from reconciler.semantics.compiled_field import CompiledField, compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOrigin:
    """Field with its path as in plans, its value as text, the origin of the value, and its comparison with live."""

    path: str
    value: str
    origin: str
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaf:
    steps: FieldPath
    raw: DocumentPath
    value: Json
    field: CompiledField | None
    default: bool = False


def explained(
    declared: DeclaredResource, kind: Kind, change: Change | None, below: str = ""
) -> tuple[FieldOrigin, ...]:
    """Return every field of a resource, or those at and below one path; `change` is None where live was not read."""
    leaves = _walk(compiled(kind), declared.spec, (), ())
    rows = (_row(leaf, declared, change) for leaf in leaves)
    return tuple(row for row in rows if is_within(row.path, below))


def _row(leaf: _Leaf, declared: DeclaredResource, change: Change | None) -> FieldOrigin:
    path = spell(leaf.steps)
    origin = "default" if leaf.default else declared.locate.origin(("spec", *leaf.raw))
    sensitive = leaf.field is not None and leaf.field.sensitive
    value = REDACTED if sensitive else json.dumps(leaf.value, ensure_ascii=False)
    return FieldOrigin(path=path, value=value, origin=origin, standing=_standing(path, change))


def _standing(path: str, change: Change | None) -> str:
    if change is None:
        return ""
    for field in change.fields:
        if is_within(path, field.path):
            return f"differs ({field.attribution})"
    for one in change.suppressed:
        if is_within(path, one.path):
            return f"differs, hidden: {one.rule}{f' ({one.detail})' if one.detail else ''}"
    return "in step"


def _walk(field: CompiledField | None, value: Json, steps: FieldPath, raw: DocumentPath) -> Iterator[_Leaf]:
    if isinstance(value, Mapping) and field is not None and field.children:
        yield from _object(field, value, steps, raw)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _walk(field.item if field else None, item, (*steps, _step(field, index, item)), (*raw, index))
    else:
        yield _Leaf(steps=steps, raw=raw, value=value, field=field)


def _object(field: CompiledField, value: Mapping[str, Json], steps: FieldPath, raw: DocumentPath) -> Iterator[_Leaf]:
    for name, item in value.items():
        yield from _walk(field.children.get(name), item, (*steps, name), (*raw, name))
    for child in field.defaulted:
        name = child.name
        if name not in value:
            yield _Leaf(steps=(*steps, name), raw=(*raw, name), value=child.default, field=child, default=True)


def _step(field: CompiledField | None, index: int, item: Json) -> ItemKey | int:
    keys = field.field.list.keys if field and field.field.list else ()
    if keys and isinstance(item, Mapping) and all(key in item for key in keys):
        return ItemKey(tuple(item[key] for key in keys))
    return index

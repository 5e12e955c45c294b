"""Explains a resource: for each field the origin of its value, and its comparison with live."""

import json
from collections.abc import Iterator, Mapping

from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import REDACTED, Action, Change, NoValue, SuppressionReason, Value
from reconciler.model.field_path import FieldPath, ItemKey, is_within, spell
from reconciler.model.field_tree import child_at, is_undescribed
from reconciler.model.json_types import Json
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_map import DocumentPath
from reconciler.redaction import is_redacted
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.list_keys import parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOrigin:
    """Field with its path as in plans, its value as text, the origin of the value, and its comparison with live.

    `live` is the live value as text where it differs, else empty.
    """

    path: str
    value: str
    origin: str
    standing: str
    live: str = ""


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
    root = compiled(kind)
    rows = (_row(leaf, root, declared, change) for leaf in _walk(root, declared.spec, (), ()))
    return tuple(row for row in rows if is_within(row.path, below))


def _row(leaf: _Leaf, root: CompiledField, declared: DeclaredResource, change: Change | None) -> FieldOrigin:
    path = spell(leaf.steps)
    origin = "default" if leaf.default else declared.locate.origin(("spec", *leaf.raw))
    found = _live_value(root, change.before, leaf.steps) if change else NoValue.ABSENT
    standing = _standing(path, change, same=found == leaf.value)
    live = _spelled(found, leaf) if standing.startswith(_DIFFERS) else ""
    return FieldOrigin(
        path=path,
        value=_spelled(leaf.value, leaf),
        origin=origin,
        standing=f"{standing}; live: {live}" if live else standing,
        live=live,
    )


def _spelled(value: Value, leaf: _Leaf) -> str:
    if isinstance(value, NoValue):
        return "(not set)"
    sensitive = leaf.field is not None and leaf.field.sensitive
    return REDACTED if sensitive or is_redacted(value) else json.dumps(value, ensure_ascii=False)


_DIFFERS = "differs"

_UNREAD = frozenset({SuppressionReason.HIDDEN, SuppressionReason.SECRET})
_CHOSEN = frozenset({SuppressionReason.IGNORED, SuppressionReason.SERVER})
"""Rules that hide a difference; the others but these and _UNREAD say that two spellings mean the same."""


def _standing(path: str, change: Change | None, *, same: bool) -> str:
    """Return how a field compares with live; `same`: live has this very value."""
    if change is None:
        return ""
    if change.action is Action.CREATE:
        return "not live yet"
    for field in change.fields:
        if is_within(path, field.path):
            return f"{_DIFFERS} ({field.attribution})"
    for one in change.suppressed:
        if is_within(path, one.path) and not same:
            told = f"{one.rule}{f' ({one.detail})' if one.detail else ''}"
            if one.rule in _CHOSEN:
                return f"{_DIFFERS}, hidden: {told}"
            return f"unknown: {told}" if one.rule in _UNREAD else f"in step: {told}"
    return "in step"


def _live_value(field: CompiledField | None, value: Value, steps: FieldPath) -> Value:
    """Return the value at a path inside a live object."""
    for step in steps:
        if isinstance(step, str):
            value = value.get(step, NoValue.ABSENT) if isinstance(value, Mapping) else NoValue.ABSENT
            field = child_at(field, step)
        else:
            value = _live_item(field, value if isinstance(value, list) else [], step)
            field = child_at(field, step)
    return value


def _live_item(field: CompiledField | None, items: list[Json], step: ItemKey | int) -> Value:
    if isinstance(step, int):
        return items[step] if step < len(items) else NoValue.ABSENT
    same = [item for item in items if field is not None and parts_of(field, item) == step.parts]
    return same[step.nth - 1] if step.nth <= len(same) else NoValue.ABSENT


def _walk(field: CompiledField | None, value: Json, steps: FieldPath, raw: DocumentPath) -> Iterator[_Leaf]:
    if isinstance(value, Mapping) and field is not None and not is_undescribed(field, value):
        yield from _object(field, value, steps, raw)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _walk(child_at(field, index), item, (*steps, _step(field, index, item)), (*raw, index))
    else:
        yield _Leaf(steps=steps, raw=raw, value=value, field=field)


def _object(field: CompiledField, value: Mapping[str, Json], steps: FieldPath, raw: DocumentPath) -> Iterator[_Leaf]:
    for name, item in value.items():
        yield from _walk(child_at(field, name), item, (*steps, name), (*raw, name))
    for child in field.defaulted:
        name = child.name
        if name not in value:
            yield _Leaf(steps=(*steps, name), raw=(*raw, name), value=child.default, field=child, default=True)


def _step(field: CompiledField | None, index: int, item: Json) -> ItemKey | int:
    parts = parts_of(field, item) if field is not None and field.keys else None
    return index if parts is None else ItemKey(parts)

"""Writes of single items of an object's item collection: whether they are lossless, and the calls they take.

A call for one item accepts some of its fields and may reset the others (api.md §3); this is not probed, since a
disabled item must never be activated by accident. So every changed item must be one whose other fields cannot be lost.
"""

from collections.abc import Mapping

from reconciler.api.allowed_hosts import is_segment
from reconciler.kinds.base.field import Field
from reconciler.kinds.base.kind import ItemCollection, Kind
from reconciler.late_methods import dataclass
from reconciler.model.field_tree import Visit, child_at, is_undescribed, rewrite
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import is_default

AT_MOST = 5
"""Most changed items; more are written by one PUT of the whole object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWrites:
    """Calls for single items: ids to remove, (id, body) to change, bodies to add."""

    removed: tuple[str, ...] = ()
    changed: tuple[tuple[str, dict[str, Json]], ...] = ()
    added: tuple[dict[str, Json], ...] = ()


def item_calls(kind: Kind, raw: Mapping[str, Json], body: Mapping[str, Json]) -> ItemWrites | None:
    """Return the calls for single items that make `raw` into `body`, or None where only a PUT of all is lossless."""
    items = kind.item_collection
    if items is None or not _same_beside(items.field, raw, body):
        return None
    node = compiled(kind).children[items.field]
    if node.field.list is None:
        return None
    key = node.field.list.keys[0]
    before, after = _by_key(raw.get(items.field), key), _by_key(body.get(items.field), key)
    if before is None or after is None:
        return None
    return _calls(node.each, items, before, after)


def _calls(
    item: CompiledField,
    items: ItemCollection,
    before: Mapping[str, Mapping[str, Json]],
    after: Mapping[str, Mapping[str, Json]],
) -> ItemWrites | None:
    computed = {name for name, child in item.known.items() if not child.in_update}
    ids = {name: one.get(items.id_field) for name, one in before.items()}
    changed = [
        name for name in after if name in before and _sent(before[name], computed) != _sent(after[name], computed)
    ]
    added = [name for name in after if name not in before]
    removed = [name for name in before if name not in after]
    touched = [(before.get(name), after[name]) for name in (*changed, *added)]
    if not 0 < len(touched) + len(removed) <= AT_MOST:
        return None
    if not _unique([ids[name] for name in (*changed, *removed)], list(ids.values())):
        return None
    if not all(_lossless(item, items, was, will) for was, will in touched):
        return None
    return ItemWrites(
        removed=tuple(str(ids[name]) for name in removed),
        changed=tuple((str(ids[name]), _accepted(after[name], items.update_fields)) for name in changed),
        added=tuple(_accepted(after[name], items.create_fields) for name in added),
    )


def _unique(touched: list[Json], every: list[Json]) -> bool:
    """Tell whether each of the ids in calls is a valid id of exactly one item."""
    return all(isinstance(one, str) and is_segment(one) and every.count(one) == 1 for one in touched)


def _lossless(
    item: CompiledField, items: ItemCollection, was: Mapping[str, Json] | None, will: Mapping[str, Json]
) -> bool:
    """Tell whether the call for one item can carry all values to be kept."""
    if was is None:
        return _fits(item, will, items.create_fields)
    return all(_fits(item, side, items.update_fields) for side in (was, will))


def _fits(item: CompiledField, value: Mapping[str, Json], accepted: frozenset[str]) -> bool:
    for name, part in value.items():
        child = item.known.get(name)
        if child is None or not _known(child, part):
            return False
        if child.writable and name not in accepted and not _may_go(child_at(item, name), part):
            return False
    return True


def _may_go(field: CompiledField | None, value: Json) -> bool:
    """Tell whether a value may be left out of a call: it is null, or the field's default."""
    return value is None or (field is not None and is_default(field, value))


def _known(node: Field, value: Json) -> bool:
    """Tell whether the table has every key inside a value; of an object that it does not describe, any."""
    unknown: list[Json] = []

    def visit(field: Field | None, part: Json) -> Json | Visit:
        if field is None:
            unknown.append(part)
        return part if field is None or is_undescribed(field, part) else Visit.INTO

    rewrite(node, value, visit)
    return not unknown


def _accepted(item: Mapping[str, Json], fields: frozenset[str]) -> dict[str, Json]:
    return {name: value for name, value in item.items() if name in fields}


def _sent(item: Mapping[str, Json], computed: set[str]) -> dict[str, Json]:
    return {name: value for name, value in item.items() if name not in computed}


def _same_beside(field: str, raw: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    return all(raw.get(name) == value for name, value in body.items() if name != field)


def _by_key(items: Json, key: str) -> dict[str, Mapping[str, Json]] | None:
    """Return items by their key; None where keys are ambiguous."""
    if items is None:
        return {}
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        return None
    found = {item[key]: item for item in items if isinstance(item.get(key), str)}
    return found if len(found) == len(items) else None

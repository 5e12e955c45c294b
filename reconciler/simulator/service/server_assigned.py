"""Values that the service assigns, by the kind's table: ids, times, versions and states."""

from collections.abc import Mapping
from datetime import datetime

from reconciler.kinds.base.field import Field, FieldRole, ListSemantics
from reconciler.kinds.registry import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.simulator.clock import Ids, instant, milliseconds
from reconciler.simulator.service.field_shape import FieldShape, item_key


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteStamp:
    """One write: its object, its number, its time, and the source of ids."""

    object_id: str
    revision: int
    now: datetime
    ids: Ids
    keep_ids: bool = False


def identified(
    kind: Kind, shape: FieldShape, body: dict[str, Json], *, project: str, writing: WriteStamp
) -> dict[str, Json]:
    """Return a new object's body with id, owner, times, state and versions; values of a seed are kept."""
    whole: dict[str, Json] = {kind.id_field: writing.object_id}
    if "project_id" in shape.children:
        whole["project_id"] = project
    whole |= {name: _first(child.node, writing) for name, child in shape.marked.get("born", ()) if "born" in child.own}
    whole |= body
    return {**whole, **{name: _stamp(name, None, writing) for name in kind.version_fields if name not in whole}}


def restamped(kind: Kind, before: Mapping[str, Json], writing: WriteStamp) -> dict[str, Json]:
    """Return the version fields of an update, each different from before where its format permits."""
    return {name: _stamp(name, before.get(name), writing) for name in kind.version_fields}


def _stamp(name: str, before: Json, writing: WriteStamp) -> str:
    if name.endswith("_time"):
        return instant(writing.now)
    earlier = int(before) if isinstance(before, str) and before.isdigit() else 0
    return str(max(milliseconds(writing.now), earlier + 1))


def _first(field: Field, writing: WriteStamp) -> Json:
    """Return a field's value in a new object."""
    if field.name.endswith("_time"):
        return instant(writing.now)
    return field.enum[0] if field.enum else f"https://simulated.example/{writing.object_id}/{field.name}"


def body_with_items(
    shape: FieldShape, body: Mapping[str, Json], before: Mapping[str, Json], writing: WriteStamp
) -> dict[str, Json]:
    """Return the body of an object with the assigned values inside it."""
    whole = with_items(shape, body, before, writing)
    return whole if isinstance(whole, dict) else {}


def with_items(shape: FieldShape, value: Json, before: Json, writing: WriteStamp, path: str = "") -> Json:
    """Return a value with the assigned values inside it: rule ids, indexes, script ids, observed ones."""
    if "computed" not in shape.marks and "read_only" not in shape.marks:
        return value
    if isinstance(value, dict):
        old = before if isinstance(before, dict) else {}
        inner = {name: _within(shape, name, item, old, writing, path=f"{path}.{name}") for name, item in value.items()}
        return inner | {name: old[name] for name in old if name not in inner and _is_observed(shape, name)}
    if isinstance(value, list) and shape.item is not None:
        return _numbered(shape, value, before, writing, path)
    return value


def _within(
    shape: FieldShape, name: str, value: Json, before: Mapping[str, Json], writing: WriteStamp, *, path: str
) -> Json:
    child = shape.children.get(name)
    return value if child is None else with_items(child, value, before.get(name), writing, path)


def _is_observed(shape: FieldShape, name: str) -> bool:
    child = shape.children.get(name)
    return child is not None and child.node.role is FieldRole.OBSERVED


def _numbered(shape: FieldShape, items: list[Json], before: Json, writing: WriteStamp, path: str) -> list[Json]:
    assert shape.item is not None  # noqa: S101 - the caller has looked
    earlier = _by_key(shape.node.list, before) if writing.keep_ids else {}
    numbered = []
    for index, item in enumerate(items):
        old = earlier.get(item_key(shape.node.list, item)) or {}
        inner = with_items(shape.item, item, old, writing, f"{path}[{index}]")
        own = with_own(shape.item, inner, old, writing, path=path, index=index) if isinstance(inner, dict) else inner
        numbered.append(own)
    return numbered


def with_own(
    shape: FieldShape, item: dict[str, Json], old: Mapping[str, Json], writing: WriteStamp, *, path: str, index: int
) -> dict[str, Json]:
    """Return one list item with its computed fields; ids that a client sends are kept."""
    added = {}
    for name, child in shape.children.items():
        if child.node.role is FieldRole.COMPUTED and not item.get(name):
            added[name] = old.get(name) or _own(name, index, writing, path)
    return {**item, **added}


def _own(name: str, index: int, writing: WriteStamp, path: str) -> str:
    if name.endswith("_time"):
        return instant(writing.now)
    if name.endswith("_index"):
        return str(index + 1)
    return writing.ids(f"{writing.object_id}{path}[{index}].{name}@{writing.revision}")


def _by_key(rule: ListSemantics | None, items: Json) -> Mapping[str, Mapping[str, Json]]:
    if not isinstance(items, list):
        return {}
    return {item_key(rule, item): item for item in items if isinstance(item, dict)}


def derived(kind: Kind, body: dict[str, Json], choices: Mapping[str, str]) -> dict[str, Json]:
    """Return the body with the field that the service computes from others, where it does (api.md §4)."""
    rule = kind.simulation.derivation if kind.simulation else None
    return body if rule is None or choices.get(rule.field) == "kept" else rule.derive(body)

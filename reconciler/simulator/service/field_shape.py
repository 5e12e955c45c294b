"""Field tree of a kind, compiled for walking many objects: the marks below each field are precomputed."""

from collections.abc import Callable
from dataclasses import field
from functools import cache

from reconciler.kinds.base.field import Field, FieldRole, FieldType, ListSemantics
from reconciler.kinds.registry import Kind
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldShape:
    """One field with its children and the defaults the service fills in.

    `own` are its marks (sensitive, volatile, default, time …), `marks` those of everything from here down, and `marked`
    the children by each mark they or what is below them carry.
    """

    node: Field
    defaults: tuple[tuple[str, Json], ...] = ()
    children: dict[str, "FieldShape"] = field(default_factory=dict)
    item: "FieldShape | None" = None
    own: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    marked: dict[str, tuple[tuple[str, "FieldShape"], ...]] = field(default_factory=dict)


@cache
def shape_of(kind: Kind) -> FieldShape:
    """Return the shape of a kind's fields, made once."""
    return _shape(kind.root)


def _shape(node: Field) -> FieldShape:
    children = {name: _shape(child) for name, child in node.children.items()}
    item = _shape(node.item) if node.item is not None else None
    below = [*children.values(), *([item] if item else [])]
    own = _own_marks(node)
    marks = own.union(*(shape.marks for shape in below))
    return FieldShape(
        node=node,
        defaults=tuple(
            (name, child.node.documented_default) for name, child in children.items() if "default" in child.own
        ),
        children=children,
        item=item,
        own=own,
        marks=marks,
        marked={mark: tuple(pair for pair in children.items() if mark in pair[1].marks) for mark in marks},
    )


def _own_marks(node: Field) -> frozenset[str]:
    marks = {
        "sensitive": node.sensitive,
        "volatile": node.volatile_url,
        "default": node.documented and node.writable,
        "time": node.format.startswith("RFC 3339") or node.name.endswith("_time"),
        "number": node.type is FieldType.INTEGER,
        "text": node.type is FieldType.TEXT,
        "list": node.type is FieldType.LIST,
        "computed": node.role is FieldRole.COMPUTED,
        "read_only": not node.in_create,
        "overridable": node.server_may_override,
        "born": _is_born(node),
        "doubtful": node.update_undocumented,
    }
    return frozenset(name for name, is_set in marks.items() if is_set)


def _is_born(node: Field) -> bool:
    """Tell whether a new object has the field at once: shown everywhere, and a time, a state or a picture's address."""
    if node.type is not FieldType.TEXT or not (node.in_list and node.in_show):
        return False
    if node.role is FieldRole.COMPUTED:
        return bool(node.enum) or node.name.endswith("_time")
    return node.role is FieldRole.OBSERVED and node.name.endswith("_url")


Visit = Callable[[Field, Json, str], Json]


def rewritten_body(shape: FieldShape, body: dict[str, Json], mark: str, visit: Visit) -> dict[str, Json]:
    """Return the body of an object with the fields of a mark rewritten."""
    whole = rewritten(shape, body, mark, visit)
    return whole if isinstance(whole, dict) else {}


def rewritten(shape: FieldShape, value: Json, mark: str, visit: Visit, *, path: str = "") -> Json:
    """Return `value` with `visit(field, value, path)` in place of every value of a field with the mark.

    `path` names the place, list indexes included. Parts without the mark are shared with the original, not copied.
    """
    if mark in shape.own:
        value = visit(shape.node, value, path)
    if isinstance(value, dict) and shape.children:
        return _with_children(shape, value, mark, visit, path=path)
    if isinstance(value, list) and shape.item is not None and mark in shape.item.marks:
        inner = shape.item
        return [rewritten(inner, item, mark, visit, path=f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _with_children(shape: FieldShape, value: dict[str, Json], mark: str, visit: Visit, *, path: str) -> dict[str, Json]:
    found = [(name, child) for name, child in shape.marked.get(mark, ()) if name in value]
    if not found:
        return value
    changed = {
        name: rewritten(child, value[name], mark, visit, path=f"{path}.{name}" if path else name)
        for name, child in found
    }
    return {**value, **changed}


def leaves(shape: FieldShape | None, value: Json, path: str = "") -> dict[str, Json]:
    """Return every scalar (and every empty list or object) inside `value` by its path, but what the service assigns.

    Items of a list with keys are identified by them (`interaction_rules[price].enabled`), others by their place.
    """
    if isinstance(value, dict) and value:
        named = [(name, shape.children.get(name) if shape else None, item) for name, item in value.items()]
        pairs = [(f"{path}.{name}" if path else name, child, item) for name, child, item in named if _is_given(child)]
    elif isinstance(value, list) and value:
        inner = shape.item if shape else None
        pairs = [(f"{path}[{key}]", inner, item) for key, item in _keyed(shape, value)]
    else:
        return {path: value}
    return {place: leaf for start, child, item in pairs for place, leaf in leaves(child, item, start).items()}


def _is_given(shape: FieldShape | None) -> bool:
    return shape is None or not ({"computed", "read_only"} & shape.own)


def _keyed(shape: FieldShape | None, items: list[Json]) -> list[tuple[str, Json]]:
    rule = shape.node.list if shape else None
    keys = [item_key(rule, item) for item in items]
    if len(set(keys)) < len(keys) or "" in keys:
        return [(str(index), item) for index, item in enumerate(items)]
    return list(zip(keys, items, strict=True))


def item_key(rule: ListSemantics | None, item: Json) -> str:
    """Return the kind's keys of a list item as text, or "" where there are none."""
    if rule is None or not isinstance(item, dict):
        return ""
    return ",".join(str(item[name]) for name in rule.keys if item.get(name) is not None)

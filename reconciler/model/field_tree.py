"""Walks of a field tree: the one way from a field to the fields inside it, alone or along a value.

A tree is a kind's table (`kinds.base.field.Field`) or the table compiled for comparison
(`semantics.compiled_field.CompiledField`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Literal, Protocol, Self, TypeAlias, TypeVar

from reconciler.model.field_path import FieldStep
from reconciler.model.json_types import Json


class FieldNode(Protocol):
    """A field: its fields by name where it is an object, its item where it is a list."""

    @property
    def children(self) -> Mapping[str, Self]:
        """Fields of an object by name."""
        ...

    @property
    def item(self) -> Self | None:
        """Field of one item of a list."""
        ...


Node = TypeVar("Node", bound=FieldNode)


class Visit(Enum):
    """Answer of a visitor instead of a value: rewrite the parts inside it, or leave it out of its object or list."""

    INTO = "into"
    DROP = "drop"


Dropped: TypeAlias = Literal[Visit.DROP]
"""A part that its object or list is left without."""


def child_at(field: Node | None, step: FieldStep) -> Node | None:
    """Return the field of one step; None where the tree has none. A text is a name, any other step an item."""
    if field is None:
        return None
    return field.children.get(step) if isinstance(step, str) else field.item


def field_at(root: Node | None, path: Iterable[FieldStep]) -> Node | None:
    """Return the field at a path; None where the tree has none."""
    for step in path:
        root = child_at(root, step)
    return root


def field_at_printed(root: Node | None, path: Iterable[FieldStep]) -> Node | None:
    """Return the field at a path whose steps are printed: an item is in brackets."""
    return field_at(root, (0 if isinstance(step, str) and step.startswith("[") else step for step in path))


def walk_fields(field: Node) -> Iterator[Node]:
    """Yield every field inside one, a parent before its children; the item of a list is a field too."""
    for child in (*field.children.values(), *((field.item,) if field.item is not None else ())):
        yield child
        yield from walk_fields(child)


def is_undescribed(field: FieldNode, value: Json) -> bool:
    """Tell whether a value is an object whose fields the tree does not describe."""
    return isinstance(value, Mapping) and not field.children


def map_parts(field: Node, value: Json, change: Callable[[Node | None, Json], Json | Dropped]) -> Json:
    """Return a value with each part directly inside it changed; a value without parts is returned as it is.

    `change` gets the field of a part, None where the tree has none, and returns the new part or Visit.DROP.
    """
    if isinstance(value, Mapping):
        fields = field.children
        changed: dict[str, Json] = {}
        for name, part in value.items():
            new = change(fields.get(name), part)
            if new is not Visit.DROP:
                changed[name] = new
        return changed
    if isinstance(value, list) and field.item is not None:
        item = field.item
        return [kept for one in value if (kept := change(item, one)) is not Visit.DROP]
    return value


def rewrite(root: Node | None, value: Json, visit: Callable[[Node | None, Json], Json | Visit]) -> Json:
    """Return a value as a visitor changes it, from the outside in.

    `visit` gets each value with its field, None where the tree has none, and returns the new value, Visit.INTO for the
    same with its parts rewritten, or Visit.DROP: null, for the outermost value. A value without a field has no parts.
    """

    def changed(field: Node | None, part: Json) -> Json | Dropped:
        seen = visit(field, part)
        if seen is not Visit.INTO:
            return seen
        return part if field is None else map_parts(field, part, changed)

    result = changed(root, value)
    return None if result is Visit.DROP else result

"""Names inside a spec: what list items pair by is a name too, and judged as one."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from reconciler.kinds.kind import Kind
from reconciler.kinds.problem import Problem
from reconciler.kinds.table import Field, Role, Type
from reconciler.manifest import names
from reconciler.model.resource import Json
from reconciler.model.source import Path
from reconciler.strings import normalize_name


def problems(kind: Kind, spec: Mapping[str, Json]) -> Iterator[Problem]:
    """Yield what is wrong with the names of list items, such as the rules of a group; paths start in the spec."""
    for name, keys in _named_lists(kind).items():
        items = spec.get(name)
        if isinstance(items, list):
            for key in keys:
                yield from _of_items((name,), key, items)


@cache
def _named_lists(kind: Kind) -> Mapping[str, list[str]]:
    """Return the lists of a kind whose items have names, with the fields that are names."""
    return {field.name: keys for field in kind.root.children.values() if (keys := _name_keys(field))}


def _name_keys(field: Field) -> list[str]:
    """Return the fields of a list's items that are names."""
    if field.type is not Type.LIST or field.item is None or field.list is None:
        return []
    keys = set(field.list.keys) | {child.name for child in field.item.children.values() if child.role is Role.IDENTITY}
    return sorted(key for key in keys if key.endswith("_name") and key in field.item.children)


def _of_items(base: Path, key: str, items: Sequence[Json]) -> Iterator[Problem]:
    spelled: dict[str, str] = {}
    for number, item in enumerate(items):
        value = item.get(key) if isinstance(item, dict) else None
        if not isinstance(value, str) or not value or (value.isascii() and value.isprintable()):
            continue
        path = (*base, number, key)
        found = names.problem(value)
        if found:
            yield Problem(path, *found)
        if spelled.setdefault(normalize_name(value), value) != value:
            message = f"the name {value!r} is another one of this list, in another Unicode spelling"
            yield Problem(path, "E_NAME_DUPLICATE", message, "rename one, or spell both alike")

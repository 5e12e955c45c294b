"""An independent, slow and simple account of where a declared and a live object are not spelled alike.

It knows no tolerance at all: a default spelled out on one side only, a query, a time's spelling, an order without
meaning are raw differences like any other. The differ must show or suppress each of them, and nothing else.
"""

import re
import unicodedata
from collections import Counter
from typing import Any

from reconciler.kinds.base.field import Field, FieldType, ListType, NoDefault
from reconciler.kinds.base.kind import Kind
from reconciler.model.field_path import ItemKey, spell


def raw_differences(kind: Kind, want: dict[str, Any], have: dict[str, Any]) -> set[str]:
    """Return the printed paths; what is inside a list without keys counts as that list."""
    return {top_of_series(kind, spell(path)) for path in _objects(kind.root, want, have, ())}


def top_of_series(kind: Kind, path: str) -> str:
    """Return a path cut off at the first list whose items have no keys: how its items are told is a matter of taste."""
    node: Field | None = kind.root
    kept = ""
    for step in re.findall(r'\w+|\[(?:"(?:[^"\\]|\\.)*"|[^"\]])*\](?:#\d+)?', path):
        if node is None:
            return kept
        if step.startswith("["):
            if node.list is None or node.list.type in (ListType.ATOMIC, ListType.SET):
                return kept
            node = node.item
            kept += step
        else:
            node = node.children.get(step)
            kept += f".{step}" if kept else step
    return kept


def _objects(node: Field, want: Any, have: Any, at: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    found = []
    for name, child in node.children.items():
        if not child.writable:
            continue
        if name in want:
            found += _values(child, want[name], have.get(name), (*at, name))
        elif child.defaulted and have.get(name) is not None:
            found.append((*at, name))
    return found


def _values(node: Field, want: Any, have: Any, at: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    empty = have in (None, "", [], {})
    if node.sensitive:
        return [at] if (want not in (None, "", [])) or not empty else []
    if want is None and node.type is FieldType.LIST and not empty:
        return _lists(node, [], have, at)
    if want is None:
        return [] if have is None or (empty and node.default is NoDefault.NONE) else [at]
    if node.type is FieldType.OBJECT:
        if have is None:
            return _against_nothing(node, want, at)
        return _objects(node, want, have, at) if isinstance(have, dict) else [at]
    if have is None:
        return [at]
    if node.type is FieldType.LIST and isinstance(have, list):
        return _lists(node, want, have, at)
    return [] if _spelled_alike(want, have) else [at]


def _against_nothing(node: Field, want: dict[str, Any], at: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """A declared object against none: what it says besides defaults is one addition of the whole."""
    inside = _objects(node, want, {}, at)
    return [at] if _says_something(node, want) else inside


def _says_something(node: Field, want: dict[str, Any]) -> bool:
    for name, value in want.items():
        child = node.children[name]
        if value is None:
            continue
        if child.sensitive:
            if value not in ("", [], {}):
                return True
            continue
        if child.type is FieldType.OBJECT:
            if _says_something(child, value):
                return True
        elif child.default is not NoDefault.NONE:
            if not _spelled_alike(value, child.default):
                return True
        elif value not in ("", [], {}):
            return True
    return False


def _lists(node: Field, want: list[Any], have: list[Any], at: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    rule = node.list.type if node.list else ListType.ATOMIC
    if rule in (ListType.ATOMIC, ListType.SET):
        return [at] if not _same_series(node.item, want, have) else []
    assert node.list is not None
    assert node.item is not None
    wanted, had = (dict(zip(_keys(node, side), side, strict=True)) for side in (want, have))
    found = [(*at, ItemKey(key)) for key in wanted.keys() ^ had.keys()]
    for key in wanted.keys() & had.keys():
        found += _objects(node.item, wanted[key], had[key], (*at, ItemKey(key)))
    common = [key for key in wanted if key in had]
    order = [list(had).index(key) for key in common]
    if order != sorted(order):
        found += [at] if rule is ListType.MAP else [(*at, ItemKey(common[place])) for place in _movers(order)]
    return found


def _keys(node: Field, items: list[Any]) -> list[tuple[Any, ...]]:
    assert node.list is not None
    absent = dict.fromkeys(node.list.optional)
    return [tuple(_dig(item, key) or absent.get(key, _dig(item, key)) for key in node.list.keys) for item in items]


def _dig(item: Any, key: str) -> Any:
    for name in key.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return unicodedata.normalize("NFC", item) if isinstance(item, str) else item


def _movers(order: list[int]) -> list[int]:
    """Return the places outside one longest increasing run, the one the differ takes too; quadratic and plain."""
    from reconciler.diff.compare.keyed_lists import moved

    best = max(_run_ending(order, place) for place in range(len(order)))
    movers = moved(order)
    assert len(movers) == len(order) - best
    return movers


def _run_ending(order: list[int], place: int) -> int:
    return 1 + max((_run_ending(order, near) for near in range(place) if order[near] < order[place]), default=0)


def _same_series(item: Field | None, want: list[Any], have: list[Any]) -> bool:
    """Whether two lists without keys are spelled alike on what is managed, one by one."""
    if len(want) != len(have) or item is None:
        return False
    return all(
        not _objects(item, one, other, ()) if isinstance(one, dict) and isinstance(other, dict)
        else _spelled_alike(one, other)
        for one, other in zip(want, have, strict=True)
    )  # fmt: skip


def _spelled_alike(want: Any, have: Any) -> bool:
    return type(want) is type(have) and bool(want == have)


def multiset(items: list[str]) -> Counter[str]:
    """Count equal items."""
    return Counter(items)

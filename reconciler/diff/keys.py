"""How the items of a list are told apart: by their keys, or as whole values."""

import json
import re
from collections.abc import Sequence

from reconciler.diff.alike import nfc
from reconciler.diff.nodes import Node, as_object
from reconciler.diff.paths import Key
from reconciler.kinds.table import Type
from reconciler.model.resource import Json

Parts = tuple[Json, ...]
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)


def parts_of(node: Node, item: Json) -> Parts | None:
    """Return the keys of a keyed list's item; None where one that must be there is missing or no single value.

    An optional key that is absent, cleared or empty is one and the same.
    """
    if not isinstance(item, dict):
        return None
    parts: list[Json] = []
    for index, path in enumerate(node.keys):
        value: Json = item
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value in (None, "") and index in node.optional:
            value = None
        elif isinstance(value, str):
            value = _spelled(node, path, value)
        elif not isinstance(value, (int, float)):
            return None
        parts.append(value)
    return tuple(parts)


def _spelled(node: Node, path: Sequence[str], text: str) -> Json:
    """Return a key's text as names are matched; where the key is a whole number, as that number."""
    if not _INTEGER.fullmatch(text):
        return nfc(text)
    field = node.item
    for name in path:
        field = field.children.get(name) if field is not None else None
    return int(text) if field is not None and field.type is Type.INTEGER else text


def all_parts(node: Node, items: Sequence[Json]) -> list[Parts] | None:
    """Return the keys of every item; None where any item has none."""
    found: list[Parts] = []
    for item in items:
        parts = parts_of(node, item)
        if parts is None:
            return None
        found.append(parts)
    return found


def whole(node: Node, value: Json) -> str:
    """Spell a value as a text that only equal values share: defaults filled in, what the service computes left out."""
    return json.dumps(filled(node, value), ensure_ascii=False, sort_keys=True)


def filled(node: Node, value: Json) -> Json:
    """Return the writable part of a value with documented defaults filled in and nothing that is empty."""
    if node.type is Type.OBJECT and isinstance(value, dict):
        given = {
            name: filled(child, value[name]) for name, child in node.children.items() if value.get(name) is not None
        }
        return {**{child.name: child.default for child in node.defaulted}, **given}
    if node.type is Type.LIST and isinstance(value, list) and node.item is not None:
        return [filled(node.item, part) for part in value]
    return value


def key_of_whole(node: Node, value: Json, nth: int) -> Key:
    """Return the step that stands for an item that has no keys of its own: its values, in the table's order."""
    if isinstance(value, dict):
        spelled = as_object(filled(node, value))
        return Key(tuple(_single(spelled.get(name)) for name in node.children), nth)
    return Key((_single(value),), nth)


def _single(value: Json) -> Json:
    if value is None or isinstance(value, (str, int, float)):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)

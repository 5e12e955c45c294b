"""The one normal form of an object's managed part, and its fingerprint.

Two reads of one state, by whatever depth, order or spelling, have one fingerprint; so have a snapshot and the live
side. Secrets take no part: they are masked before anything else.
"""

import hashlib
import json
from collections.abc import Mapping

from reconciler.diff.alike import instant, nfc, without_query
from reconciler.diff.keys import parts_of
from reconciler.diff.nodes import EMPTY, Node, as_object
from reconciler.kinds.table import ListType, Type
from reconciler.model.change import MASK, Missing
from reconciler.model.resource import Json


def fingerprint(value: Json) -> str:
    """Return the digest of a normal form."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(node: Node, value: Json, like: Json = None) -> Json:
    """Return the normal form of a value; with `like`, a declared value, of the part that this one manages."""
    if node.sensitive:
        return None if value is None or value in EMPTY else MASK
    if isinstance(value, Missing):
        return value.value
    if value is None:
        return node.default if node.documented else None
    if node.type is Type.OBJECT and isinstance(value, Mapping):
        return _object(node, value, like)
    if node.type is Type.LIST and isinstance(value, list) and node.item is not None:
        return _list(node, value, like if isinstance(like, list) else None)
    return _single(node, value)


def _object(node: Node, value: Mapping[str, Json], like: Json) -> Json:
    names = set(node.children)
    if isinstance(like, Mapping):
        names &= like.keys() | {child.name for child in node.defaulted}
    parts = {}
    for name in names:
        part = canonical(node.children[name], value.get(name), as_object(like).get(name))
        if part is not None and part not in EMPTY:
            parts[name] = part
    return parts


def _list(node: Node, value: list[Json], like: list[Json] | None) -> Json:
    item = node.each
    if node.mode in (ListType.MAP, ListType.ORDERED_MAP):
        models = {parts_of(node, part): part for part in like or ()}
        parts = [canonical(item, part, models.get(parts_of(node, part))) for part in value]
    else:
        models_at = dict(enumerate(like or ()))
        parts = [canonical(item, part, models_at.get(at)) for at, part in enumerate(value)]
    if node.mode in (ListType.MAP, ListType.SET):
        return sorted(parts, key=lambda part: json.dumps(part, sort_keys=True))
    return parts


def _single(node: Node, value: Json) -> Json:
    if isinstance(value, str):
        if node.url:
            return without_query(value)
        moment = instant(value) if node.time else None
        return moment.isoformat() if moment else nfc(value) if node.named else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value

"""Walks a declared and a live value together and keeps of both only what differs.

Equal parts cost one look each and vanish here; what is left is one comparable shape on both sides (objects and keyed
lists as mappings, defaults filled in, ids resolved) for `inside` to look into. None means: no difference. What counts
as absent, cleared and empty is the manual's table "What a field says".
"""

from collections.abc import Mapping

from reconciler.diff import lists
from reconciler.diff.alike import equal, tolerance
from reconciler.diff.found import Found, Look, Pair, Verdict, keep
from reconciler.diff.nodes import EMPTY, Node
from reconciler.diff.paths import Steps
from reconciler.kinds.table import Type
from reconciler.model.change import MASK, Missing, Rule
from reconciler.model.resource import Json

_DEFAULT = "the documented default, spelled out on one side only"
_EMPTY = "empty on one side, absent on the other"
_UNSEEN = "a secret cannot be compared"


def objects(node: Node, want: Mapping[str, Json], have: Mapping[str, Json], at: Steps, found: Found) -> Pair | None:
    """Compare two objects on what the declared one manages."""
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    children = node.children
    for name, wanted in want.items():
        child = children.get(name)
        if child is None:
            continue
        had = have.get(name)
        if wanted is not None and child.plain and wanted.__class__ is had.__class__ and wanted == had:
            continue
        pair = values(child, wanted, had, (*at, name), found)
        if pair is not None:
            keep(name, pair, before, after)
    for child in node.defaulted:
        if child.name not in want and have.get(child.name) is not None:
            pair = _by_default(child, have[child.name], (*at, child.name), found)
            if pair is not None:
                keep(child.name, pair, before, after)
    return (before, after) if before or after else None


def values(node: Node, want: Json, have: Json, at: Steps, found: Found) -> Pair | None:
    """Compare a declared value with the live one; None live is a field that is not there."""
    if node.sensitive:
        _secret(want, have, at, found)
        return None
    if want is None:
        return _cleared(node, have, at, found)
    if have is None:
        return _missing(node, want, at, found)
    if node.type is Type.OBJECT and isinstance(want, dict) and isinstance(have, dict):
        return objects(node, want, have, at, found)
    if node.type is Type.LIST and isinstance(want, list) and isinstance(have, list):
        return lists.listed(node, want, have, Look(at, found, items))
    return _single(node, want, have, at, found)


def items(node: Node, want: Json, have: Json, at: Steps, found: Found) -> Pair | None:
    """Compare two items of a list; None is an item like any other."""
    if isinstance(want, dict) and isinstance(have, dict):
        return objects(node, want, have, at, found)
    return _single(node, want, have, at, found)


def _single(node: Node, want: Json, have: Json, at: Steps, found: Found) -> Pair | None:
    if equal(want, have):
        return None
    rule = tolerance(node, want, have) if node.plain else None
    if rule is None:
        return have, want
    found.hide(at, rule)
    return None


def _by_default(node: Node, have: Json, at: Steps, found: Found) -> Pair | None:
    """Compare a live value with the default that an absent declaration means."""
    if equal(node.default, have) or (node.plain and tolerance(node, node.default, have)):
        found.hide(at, Rule.DEFAULT, _DEFAULT)
        return None
    found.default(at)
    return have, node.default


def _cleared(node: Node, have: Json, at: Steps, found: Found) -> Pair | None:
    if node.documented:
        return None if have is None else _by_default(node, have, at, found)
    if have is None or have in EMPTY:
        return None
    if node.type is Type.LIST and isinstance(have, list):
        return lists.listed(node, [], have, Look(at, found, items))
    return have, cleared(node)


def cleared(node: Node) -> Json | Missing:
    """Return what a cleared field is sent as; ABSENT where it is left out."""
    if node.documented:
        return node.default
    return {Type.TEXT: "", Type.LIST: []}.get(node.type, Missing.ABSENT)


def _missing(node: Node, want: Json, at: Steps, found: Found) -> Pair | None:
    """Compare with a live object that does not have the field: that is its default, or nothing."""
    if node.type is Type.OBJECT and isinstance(want, dict):
        scratch = found.scratch()
        if objects(node, want, {}, at, scratch) is not None or scratch.secrets:
            return Missing.ABSENT, want
        found.take(scratch)
        return None
    if node.documented and equal(want, node.default):
        found.hide(at, Rule.DEFAULT, _DEFAULT)
        return None
    if not node.documented and want in EMPTY:
        found.hide(at, Rule.DEFAULT, _EMPTY)
        return None
    return Missing.ABSENT, want


def _secret(want: Json, have: Json, at: Steps, found: Found) -> None:
    """A secret is never looked at: a named one is judged by its digest, an empty wish by the presence of a value."""
    if want is None or want in EMPTY:
        if have is not None and have not in EMPTY:
            found.secrets.append(at)
        return
    verdict = found.judge(at, want)
    if verdict is Verdict.CHANGED:
        found.secrets.append(at)
    elif verdict is Verdict.UNKNOWN:
        found.hide(at, Rule.SECRET, _UNSEEN)


def masked(node: Node, value: Json) -> Json:
    """Return a value with every sensitive text in it masked; the same object where there is none."""
    if not node.holds_secrets or value is None:
        return value
    if node.sensitive:
        return _mask(value)
    if isinstance(value, dict):
        held = node.secret_names & value.keys()
        return {**value, **{name: masked(node.children[name], value[name]) for name in held}} if held else value
    if isinstance(value, list) and node.item is not None:
        return [masked(node.item, part) for part in value]
    return value


def _mask(value: Json) -> Json:
    if value in EMPTY:
        return value
    return [_mask(part) for part in value] if isinstance(value, list) else MASK


def same(node: Node, want: Json, have: Json, found: Found | None = None) -> bool:
    """Tell whether two values mean the same; None on either side is a field that is not there."""
    scratch = found.scratch() if found else Found()
    return values(node, want, have, (), scratch) is None and not scratch.secrets and not scratch.moves

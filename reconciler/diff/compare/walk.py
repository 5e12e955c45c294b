"""Walks a declared and a live value together and keeps of both only what differs.

Equal parts are removed; the rest has one comparable shape on both sides (objects and keyed lists as mappings, defaults
filled in, ids resolved) for `field_changes`. None means: no difference. The manual's table "What a field says" defines
absent, cleared and empty.
"""

from collections.abc import Mapping

from reconciler.diff.compare import keyed_lists
from reconciler.diff.compare.collector import DiffCollector, ListComparison, Pair, SecretStatus, put_pair
from reconciler.kinds.base.field import FieldType
from reconciler.model.change import NoValue, PartialValue, SuppressionReason
from reconciler.model.field_path import FieldPath
from reconciler.model.json_types import Json
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.defaults import cleared_value, effective, holds_secret, is_default, is_unchanged
from reconciler.semantics.equality import equivalent, equivalent_items, identical, is_empty, suppression_reason

_PARTED = (dict, list)
_DEFAULT = "the documented default, spelled out on one side only"
_EMPTY = "empty on one side, absent on the other"
_UNSEEN = "a secret cannot be compared"


def objects(
    node: CompiledField, want: Mapping[str, Json], have: Mapping[str, Json], at: FieldPath, found: DiffCollector
) -> Pair | None:
    """Compare two objects in the fields that the declared one manages."""
    before: dict[str, PartialValue] = {}
    after: dict[str, PartialValue] = {}
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
            put_pair(name, pair, before, after)
    for child in node.defaulted:
        had = have.get(child.name)
        if had is not None and child.name not in want and effective(child, NoValue.ABSENT) is not NoValue.ABSENT:
            pair = _by_default(child, had, (*at, child.name), found)
            if pair is not None:
                put_pair(child.name, pair, before, after)
    return (before, after) if before or after else None


def values(node: CompiledField, want: Json, have: Json, at: FieldPath, found: DiffCollector) -> Pair | None:
    """Compare a declared value with the live one; a live None is an absent field."""
    if node.sensitive:
        _secret(want, have, at, found)
        return None
    if want is None:
        return _cleared(node, have, at, found)
    if have is None:
        return _missing(node, want, at, found)
    if node.exact and want.__class__ in _PARTED and found.known.identical(want, have):
        return None
    if node.type is FieldType.OBJECT and isinstance(want, dict) and isinstance(have, dict):
        return objects(node, want, have, at, found)
    if node.type is FieldType.LIST and isinstance(want, list) and isinstance(have, list):
        return keyed_lists.listed(node, want, have, ListComparison(at, found, items))
    return _single(node, want, have, at, found)


def items(node: CompiledField, want: Json, have: Json, at: FieldPath, found: DiffCollector) -> Pair | None:
    """Compare two items of a list; a null or empty item is an item of its own."""
    if isinstance(want, dict) and isinstance(have, dict):
        return None if is_unchanged(node, want, have, found.known) else objects(node, want, have, at, found)
    if is_empty(want) and is_empty(have):
        return None if equivalent_items(node, want, have) else (have, want)
    return (have, want) if want is None or have is None else _single(node, want, have, at, found)


def _single(node: CompiledField, want: Json, have: Json, at: FieldPath, found: DiffCollector) -> Pair | None:
    if identical(want, have):
        return None
    rule = suppression_reason(node, want, have)
    if rule is None:
        return have, want
    found.hide(at, rule)
    return None


def _by_default(node: CompiledField, have: Json, at: FieldPath, found: DiffCollector) -> Pair | None:
    """Compare a live value with the default that an absent declaration means."""
    if is_default(node, have):
        found.hide(at, SuppressionReason.DEFAULT, _DEFAULT)
        return None
    found.default(at)
    return have, node.default


def _cleared(node: CompiledField, have: Json, at: FieldPath, found: DiffCollector) -> Pair | None:
    if node.documented:
        return None if have is None else _by_default(node, have, at, found)
    if is_empty(have):
        return None
    if equivalent(node, None, have):
        found.hide(at, SuppressionReason.DEFAULT, _EMPTY)
        return None
    if node.type is FieldType.LIST and isinstance(have, list):
        return keyed_lists.listed(node, [], have, ListComparison(at, found, items))
    return have, cleared_value(node)


def _missing(node: CompiledField, want: Json, at: FieldPath, found: DiffCollector) -> Pair | None:
    """Compare with a live object without the field: its value is the default, or absent."""
    if node.type is FieldType.OBJECT and isinstance(want, dict):
        scratch = found.scratch()
        if objects(node, want, {}, at, scratch) is not None or scratch.secrets:
            return NoValue.ABSENT, want
        found.take(scratch)
        return None
    rule = suppression_reason(node, want, None)
    if rule is None:
        return NoValue.ABSENT, want
    found.hide(at, rule, _DEFAULT if node.documented else _EMPTY)
    return None


def _secret(want: Json, have: Json, at: FieldPath, found: DiffCollector) -> None:
    """Compare a secret by presence, then by its digest.

    One that live does not have is a change. Where a secret is recorded as applied, an empty live text may be the
    service's redaction (api.md §4), so that the digest decides.
    """
    if not holds_secret(want):
        if holds_secret(have):
            found.secrets.append(at)
        elif not is_empty(have):
            found.hide(at, SuppressionReason.DEFAULT, _EMPTY)
        return
    verdict = found.judge(at, want) if _count(want) == _count(have) else SecretStatus.CHANGED
    if verdict is SecretStatus.CHANGED or (verdict is SecretStatus.NO_BASE and not holds_secret(have)):
        found.secrets.append(at)
    elif verdict is not SecretStatus.SAME:
        found.hide(at, SuppressionReason.SECRET, _UNSEEN)


def _count(value: Json) -> int:
    """Return how many texts a sensitive field has, empty ones included."""
    return sum(map(_count, value)) if isinstance(value, list) else int(value is not None and value != {})


def same(node: CompiledField, want: Json, have: Json, found: DiffCollector | None = None) -> bool:
    """Tell whether two values are equivalent; None on either side is an absent field."""
    scratch = found.scratch() if found else DiffCollector()
    return values(node, want, have, (), scratch) is None and not scratch.secrets and not scratch.moves

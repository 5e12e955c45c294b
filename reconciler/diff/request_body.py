"""Merges a declared spec into the raw JSON of a live object: the body of a PUT, and `after` in a plan.

Only managed paths change. All other values are sent as they were read, unknown keys at any depth too; computed fields
are left out of a request (api.md §4), ignored paths stay as read, and a secret that was read redacted or empty is never
sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from reconciler.diff.compare.collector import DiffCollector
from reconciler.diff.compare.keyed_lists import gone_steps, keyed_sides, pair_items
from reconciler.diff.compare.sets import left_steps, matched
from reconciler.diff.compare.walk import items as compare_items
from reconciler.diff.ignore_rules import matches, matches_items
from reconciler.kinds.base.field import Field, FieldType, ListType
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import NoValue
from reconciler.model.field_path import FieldPath, FieldStep, ItemKey, parse, spell
from reconciler.model.field_tree import child_at
from reconciler.model.json_types import Json, as_object
from reconciler.redaction import reads_masked
from reconciler.semantics.compiled_field import CompiledField, compiled
from reconciler.semantics.defaults import cleared_value, is_default
from reconciler.semantics.equality import identical, is_empty
from reconciler.semantics.reference_paths import resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPairing:
    """Pairing of two lists, by index.

    `pairs` maps declared to live items, `steps` names each declared item in a path, `left` holds the other live ones. A
    `series` has neither keys nor set semantics.
    """

    pairs: dict[int, int]
    steps: dict[int, FieldStep]
    left: dict[int, FieldStep]
    series: bool = False


def pairing(node: CompiledField, want: list[Json], have: list[Json]) -> ListPairing:
    """Pair the items of a declared and a live list, with the steps of the comparison."""
    if node.mode is ListType.SET:
        return _of_sets(node.each, want, have)
    sides = keyed_sides(node, want, have) if node.mode is not ListType.ATOMIC else None
    if sides is None:
        return _of_series(node.each, want, have)
    found, gone = pair_items(node.each, *sides, compare_items)
    return ListPairing(
        pairs={index: other for index, other in enumerate(found) if other is not None},
        steps={index: ItemKey(parts) for index, parts in enumerate(sides[0].keys)},
        left=dict(zip(gone, gone_steps(sides[1], gone, set(sides[0].keys)), strict=True)),
    )


def _of_sets(item: CompiledField, want: list[Json], have: list[Json]) -> ListPairing:
    found = matched(item, want, have, compare_items)
    added, gone = left_steps(item, (want, have), found)
    return ListPairing(pairs=dict(found[0]), steps={**{index: index for index, _ in found[0]}, **added}, left={**gone})


def _of_series(item: CompiledField, want: list[Json], have: list[Json]) -> ListPairing:
    pairs = _by_value(item, want, have)
    steps: dict[int, FieldStep] = dict(enumerate(range(len(want))))
    left: dict[int, FieldStep] = {index: index for index in set(range(len(have))) - set(pairs.values())}
    return ListPairing(pairs=pairs, steps=steps, left=left, series=True)


def _by_value(item: CompiledField, want: list[Json], have: list[Json]) -> dict[int, int]:
    same_place = min(len(want), len(have))
    if all(compare_items(item, want[at], have[at], (), DiffCollector()) is None for at in range(same_place)):
        return {at: at for at in range(same_place)}
    pairs = dict(matched(item, want, have, compare_items)[0])
    used = set(pairs.values())
    free = {index: index for index in range(same_place) if index not in pairs and index not in used}
    return {**pairs, **free}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """Body of a request, and warnings about what could not be preserved."""

    body: dict[str, Json]
    warnings: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class BodyMerge:
    """State of one merge: the paths that stay as read, and the warnings so far."""

    ignored: Sequence[tuple[str, ...]] = ()
    warnings: list[str] = field(default_factory=list)


def build_request_body(
    kind: Kind,
    desired_spec: Mapping[str, Json],
    raw: Mapping[str, Json],
    *,
    ignored: Sequence[str] = (),
    references: Mapping[str, str] | None = None,
) -> RequestBody:
    """Return the body that changes the live object `raw` to `desired_spec`; `raw` is empty for a create.

    `desired_spec` holds the name too (`full_spec`); its secrets are already the values to send. `references` maps
    "kind/name" to the id of an object it refers to.
    """
    ids = references or {}
    spec = resolved(kind, desired_spec, lambda other, name: ids.get(f"{other}/{name}", NoValue.ABSENT))
    laying = BodyMerge(ignored=tuple(map(parse, ignored)))
    node = compiled(kind)
    merged = merge_spec(node, spec, raw, laying)
    body = _sendable(node, merged, spec, create=not raw, laying=laying, at=())
    return RequestBody(body=body, warnings=tuple(laying.warnings))


def merge_spec(
    node: CompiledField, spec: Mapping[str, Json], raw: Mapping[str, Json], laying: BodyMerge
) -> dict[str, Json]:
    """Merge a whole spec; computed fields are kept."""
    return _object(node, spec, raw, (), laying, new=not raw)


def _object(
    node: CompiledField,
    want: Mapping[str, Json],
    have: Mapping[str, Json],
    at: FieldPath,
    laying: BodyMerge,
    *,
    new: bool,
) -> dict[str, Json]:
    result: dict[str, Any] = dict(have)  # in a plan, the id of an object that is new is NoValue.UNKNOWN
    for name, wanted in want.items():
        child = child_at(node, name)
        if child is None or (not new and matches(laying.ignored, (*at, name))):
            continue
        value = _value(child, wanted, have.get(name), (*at, name), laying)
        if value is NoValue.ABSENT:
            result.pop(name, None)
        else:
            result[name] = value
    for child in node.defaulted:
        had = have.get(child.name)
        if child.name not in want and had is not None and not matches(laying.ignored, (*at, child.name)):
            result[child.name] = had if is_default(child, had) else child.default
    return result


def _value(node: CompiledField, want: Json, have: Json, at: FieldPath, laying: BodyMerge) -> Json | NoValue:
    if want is None:
        return cleared_value(node)
    if node.sensitive:
        return want
    if node.exact and isinstance(have, (dict, list)) and identical(want, have) and not _clears(want):
        return have
    if node.type is FieldType.OBJECT and isinstance(want, Mapping):
        return _object(node, want, as_object(have), at, laying, new=not isinstance(have, Mapping))
    if node.type is FieldType.LIST and isinstance(want, list) and node.item is not None:
        return _list(node, want, have, at, laying)
    return want


def _clears(want: Json) -> bool:
    """Tell whether a declared value clears a field somewhere inside it."""
    parts = want.values() if isinstance(want, dict) else want if isinstance(want, list) else ()
    return any(part is None or _clears(part) for part in parts)


def _list(node: CompiledField, want: list[Json], had: Json, at: FieldPath, laying: BodyMerge) -> list[Json]:
    """Merge declared items into live ones; unordered lists keep the live order, ignored items are not changed."""
    have = had if isinstance(had, list) else []
    found = pairing(node, want, have)
    if found.series and have and matches_items(laying.ignored, at):
        return list(have)
    stay = [other for other, step in found.left.items() if matches(laying.ignored, (*at, step))]
    laid = {
        index: _item(node.each, wanted, _pair_items(found, index, have), (*at, found.steps[index]), laying)
        if isinstance(wanted, Mapping)
        else wanted
        for index, wanted in enumerate(want)
        if index in found.pairs or had is None or not matches(laying.ignored, (*at, found.steps[index]))
    }
    _tell_lost(node.each, {step: have[other] for other, step in found.left.items() if other not in stay}, at, laying)
    if node.mode in (ListType.MAP, ListType.SET):
        kept = {other: laid[index] for index, other in found.pairs.items()} | {other: have[other] for other in stay}
        return [*(kept[other] for other in sorted(kept)), *(laid[at] for at in laid if at not in found.pairs)]
    return [*laid.values(), *(have[other] for other in stay)]


def _pair_items(found: ListPairing, index: int, have: list[Json]) -> Json:
    return have[found.pairs[index]] if index in found.pairs else None


def _item(node: CompiledField, want: Mapping[str, Json], had: Json, at: FieldPath, laying: BodyMerge) -> Json:
    return _object(node, want, as_object(had), at, laying, new=not isinstance(had, Mapping))


def _tell_lost(node: CompiledField, gone: Mapping[FieldStep, Json], at: FieldPath, laying: BodyMerge) -> None:
    for step, item in gone.items():
        unknown = sorted(as_object(item).keys() - node.known.keys())
        if unknown:
            names = ", ".join(unknown)
            laying.warnings.append(f"{spell((*at, step))}: goes, and with it what this tool does not know: {names}")


def _sendable(
    node: CompiledField, value: Mapping[str, Json], want: Json, *, create: bool, laying: BodyMerge, at: FieldPath
) -> dict[str, Json]:
    """Remove what no request may hold: computed fields, and secrets that were read back redacted."""
    result = {}
    for name, part in value.items():
        known = node.known.get(name)
        if known is not None and not (known.in_create if create else known.in_update):
            continue
        child = child_at(node, name)
        declared = as_object(want).get(name)
        if child is not None and child.sensitive and name not in as_object(want) and unreadable(part):
            _tell_unsent(part, (*at, name), laying)
            continue
        result[name] = _inside(child or known, part, declared, create=create, laying=laying, at=(*at, name))
    return result


def _inside(
    node: CompiledField | Field | None, value: Json, want: Json, *, create: bool, laying: BodyMerge, at: FieldPath
) -> Json:
    if not isinstance(node, CompiledField) or node.sensitive:
        return value
    if isinstance(value, Mapping):
        return _sendable(node, value, want, create=create, laying=laying, at=at)
    if isinstance(value, list) and node.item is not None:
        item = node.item
        return [
            _inside(item, part, None, create=create, laying=laying, at=(*at, place)) for place, part in enumerate(value)
        ]
    return value


def unreadable(value: Json) -> bool:
    """Tell whether a secret was read back empty or redacted."""
    if isinstance(value, list):
        return not value or any(map(unreadable, value))
    return is_empty(value) or reads_masked(value)


def _tell_unsent(value: Json, at: FieldPath, laying: BodyMerge) -> None:
    if not is_empty(value):
        laying.warnings.append(f"{spell(at)}: reads back masked, so it is not sent; declare it to keep it")

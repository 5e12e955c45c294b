"""Builds the Change of one object: create, update, delete, or none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.diff.attribution import NO_BASES, AttributionBases, BaseUnmanaged, alike_at, lookup, reported_value
from reconciler.diff.compare.collector import DiffCollector, Pair, SecretJudge, nothing_known
from reconciler.diff.compare.walk import objects
from reconciler.diff.field_changes import ComparedObject, field_changes
from reconciler.diff.full_spec import live_state
from reconciler.diff.ignore_rules import ActiveIgnoreRules
from reconciler.diff.rejected_fields import relabelled, unkept_notes
from reconciler.diff.request_body import BodyMerge, merge_spec
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import (
    Action,
    Attribution,
    Change,
    FieldChange,
    SuppressedDifference,
    SuppressionReason,
    most_severe,
    without_unknown,
)
from reconciler.model.field_path import printed, spell
from reconciler.model.field_tree import child_at, field_at_printed
from reconciler.model.json_types import Json, as_object
from reconciler.model.ledger_state import ObjectRecord
from reconciler.model.resource import DeclaredResource, LiveResource, address
from reconciler.redaction import redact_fields
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.defaults import fill_defaults, is_unchanged
from reconciler.semantics.fingerprint import fingerprint, live_fingerprint
from reconciler.semantics.known_parts import KnownParts
from reconciler.semantics.reference_paths import unknown_ids


def converged_fields(subject: ComparedObject) -> Iterator[FieldChange]:
    """Return the fields that both sides changed to the same value since the base; `before` equals `after`."""
    bases = subject.bases
    base = bases.commit if bases.commit is not None else bases.applied
    if not base:
        return
    moved = objects(subject.node, subject.spec, base, (), subject.found)
    if moved is None and not subject.found.secrets and not subject.found.moves:
        return
    then = replace(subject, live=base, bases=NO_BASES)
    for steps, change in field_changes(then, moved):
        now = reported_value(lookup(subject.node, subject.live, steps))
        plain = not change.sensitive and not isinstance(steps[-1], int)
        if _looked_up(subject, steps):
            continue
        if plain and alike_at(field_at_printed(subject.node, steps))(change.after, now):
            yield replace(change, before=change.after, base=change.before, attribution=Attribution.ALREADY)


def _looked_up(subject: ComparedObject, steps: tuple[str | int, ...]) -> bool:
    """Tell whether an id comes from a name look-up: it is not declared, so no change of it is attributed."""
    by_hand = lookup(subject.node, subject.declared.spec, steps)
    return str(steps[-1]).endswith("_id") and by_hand is BaseUnmanaged.IN_BASE


def no_longer_managed(node: CompiledField, spec: Mapping[str, Json], bases: AttributionBases) -> tuple[str, ...]:
    """Name the fields that the base declares and the manifest does not; they keep their live values."""
    base = bases.applied if bases.applied is not None else bases.commit
    return tuple(f"{path} is no longer managed" for path in _dropped(node, spec, base or {}, ""))


def _dropped(node: CompiledField, spec: Mapping[str, Json], base: Mapping[str, Json], at: str) -> Iterator[str]:
    for name, was in base.items():
        child = child_at(node, name)
        if child is None:
            continue
        path = f"{at}.{name}" if at else name
        now = spec.get(name)
        if name not in spec:
            if not child.field.defaulted:
                yield path
        elif isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from _dropped(child, now, was, path)


_GONE = "applied before, and gone from the live side"
_MOVED = {
    Attribution.CONFIG: "the manifest changed",
    Attribution.DRIFT: "changed outside the manifests",
    Attribution.CONFLICT: "both sides changed",
    Attribution.PENDING: "merged before, not applied yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedKind:
    """What is the same for all objects of a kind: its table, its level, and the parts that this plan met before."""

    kind: Kind
    node: CompiledField
    level: int
    known: KnownParts


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedState:
    """State of one object in ledger and base commit: bases, judge of secrets, and its record where it is owned.

    `adopt`: apply takes ownership of the live object, from `owner` (empty where it had none).
    """

    bases: AttributionBases = NO_BASES
    judge: SecretJudge = nothing_known
    remembered: ObjectRecord | None = None
    adopt: bool = False
    owner: str = ""


@dataclass(slots=True)
class ChangeInput:
    """Declared object with its spec, its ignore rules, and what is recorded of it."""

    compared_kind: ComparedKind
    declared: DeclaredResource
    spec: Mapping[str, Json]
    ignoring: ActiveIgnoreRules
    recorded: RecordedState


def build_create(wish: ChangeInput, attribution: Attribution) -> Change:
    """Return the change that creates a declared object."""
    after = _stated(fill_defaults(wish.compared_kind.node, wish.spec, creating=True))
    shown, unknown = _shown(wish, after)
    declared = wish.declared
    return Change(
        action=Action.CREATE,
        address=declared.address,
        kind=declared.kind,
        name=declared.name,
        position=declared.position,
        level=wish.compared_kind.level,
        after=shown,
        unknown=unknown,
        defaults=tuple(_not_declared(after, wish.spec, ())),
        attribution=attribution,
        reason=_GONE if attribution is Attribution.DRIFT else "declared, not live yet",
    ).fingerprinted_by(lambda: ("", fingerprint(wish.compared_kind.node, wish.spec)))


def _stated(value: Json) -> Json:
    """Remove fields that are to be cleared: a new object has nothing to clear."""
    if isinstance(value, Mapping):
        return {name: _stated(item) for name, item in value.items() if item is not None}
    return [_stated(item) for item in value] if isinstance(value, list) else value


def _not_declared(value: Json, spec: Json, at: tuple[str | int, ...]) -> Iterator[str]:
    """Return the index paths of values that the spec does not hold, or clears to their default."""
    if isinstance(value, Mapping) and isinstance(spec, Mapping):
        for name, part in value.items():
            if spec.get(name) is None:
                yield spell((*at, name))
            else:
                yield from _not_declared(part, spec[name], (*at, name))
    elif isinstance(value, list) and isinstance(spec, list):
        for index, (part, declared) in enumerate(zip(value, spec, strict=True)):
            yield from _not_declared(part, declared, (*at, index))


def build_update(wish: ChangeInput, live: LiveResource) -> Change:
    """Compare a declared object with its live one."""
    missed, bases, known = _missed(wish, live), wish.recorded.bases, wish.compared_kind.known
    settled = not missed and bases.declare(wish.spec)
    if settled and is_unchanged(wish.compared_kind.node, wish.spec, live.spec, known):
        return _unchanged(wish, live)
    node, spec = _seen(wish, missed) if missed else (wish.compared_kind.node, wish.spec)
    found = DiffCollector(judge=wish.recorded.judge, known=known)
    pair = objects(node, spec, live.spec, (), found)
    if settled and pair is None and found.silent:
        return _unchanged(wish, live)
    differing, ignored = _kept(wish, _object(wish, node, spec, live, found), pair)
    fields = relabelled(differing, wish.recorded.remembered)
    unseen = [
        SuppressedDifference(path=name, rule=SuppressionReason.HIDDEN, detail="not seen by this read")
        for name in sorted(missed)
    ]
    converged = converged_fields(_object(wish, node, spec, live, DiffCollector())) if bases.known else ()
    dropped = no_longer_managed(wish.compared_kind.node, wish.spec, bases) if bases.known else ()
    change = replace(
        _unchanged(wish, live),
        position=None,
        fields=(*fields, *converged),
        suppressed=(*unseen, *ignored, *_suppressed(found)),
        notes=(*found.notes, *dropped),
    ).positioned_at(wish.declared)
    return _updated(wish, change, spec, live, missed) if fields else change


def _missed(wish: ChangeInput, live: LiveResource) -> list[str]:
    """Return the managed fields that the read of a live object did not return."""
    hidden, always = live.hidden, wish.compared_kind.node.default_names
    if not hidden or (hidden.isdisjoint(wish.spec) and hidden.isdisjoint(always)):
        return []
    return [name for name in hidden if name in wish.spec or name in always]


def _unchanged(wish: ChangeInput, live: LiveResource) -> Change:
    """Return the change of a live object that stays as it is: its own result."""
    declared, recorded, before = wish.declared, wish.recorded, redact_fields(wish.compared_kind.node, live.spec)
    return Change(
        action=Action.NONE,
        address=declared.address,
        kind=declared.kind,
        name=declared.name,
        id=live.id,
        before=before,
        after=before,
        level=wish.compared_kind.level,
        adopt=recorded.adopt,
        owner=recorded.owner,
    ).positioned_at(declared)


def _seen(wish: ChangeInput, missed: Sequence[str]) -> tuple[CompiledField, Mapping[str, Json]]:
    """Return the table and the spec without the managed fields that this read did not return."""
    children = {name: child for name, child in wish.compared_kind.node.children.items() if name not in missed}
    spec = {name: value for name, value in wish.spec.items() if name not in missed}
    return replace(wish.compared_kind.node, children=children), spec


def _object(
    wish: ChangeInput, node: CompiledField, spec: Mapping[str, Json], live: LiveResource, found: DiffCollector
) -> ComparedObject:
    return ComparedObject(
        node=node,
        name_field=wish.compared_kind.kind.name_field,
        declared=wish.declared,
        spec=spec,
        live=live.spec,
        bases=wish.recorded.bases,
        found=found,
    )


def _kept(
    wish: ChangeInput, subject: ComparedObject, pair: Pair | None
) -> tuple[list[FieldChange], list[SuppressedDifference]]:
    """Split differences by the ignore rules: kept, or suppressed."""
    kept: list[FieldChange] = []
    ignored: list[SuppressedDifference] = []
    if pair is None and not subject.found.secrets and not subject.found.moves:
        return kept, ignored
    for steps, change in field_changes(subject, pair):
        rule = wish.ignoring.rule_for(tuple(map(printed, steps)), subject.found.series)
        if rule is None:
            kept.append(change)
        else:
            why = rule.reason or rule.path
            ignored.append(
                SuppressedDifference(
                    path=change.path, rule=SuppressionReason.IGNORED, detail=why, position=rule.position
                )
            )
    return kept, ignored


def _suppressed(found: DiffCollector) -> Iterable[SuppressedDifference]:
    return (SuppressedDifference(path=spell(at), rule=rule, detail=detail) for at, rule, detail in found.hidden)


def _updated(
    wish: ChangeInput, change: Change, spec: Mapping[str, Json], live: LiveResource, unseen: Sequence[str]
) -> Change:
    """Complete an update: the result, its effects, and the fingerprints of both sides."""
    laying = BodyMerge(ignored=wish.ignoring.patterns)
    moved = most_severe(field.attribution for field in change.fields)
    after = merge_spec(wish.compared_kind.node, spec, live.spec, laying)
    told = [field for field in change.fields if field.attribution is not Attribution.ALREADY]
    unkept = tuple(unkept_notes(told, wish.recorded.remembered))
    only_unkept = unkept and len(unkept) == len(told)
    warnings = (
        *laying.warnings,
        *_doubts(wish.compared_kind.node, change.fields),
        *wish.compared_kind.kind.update_effects(live.spec),
    )
    shown, unknown = _shown(wish, after)
    return replace(
        change,
        action=Action.UPDATE,
        previous_address=address(change.kind, live.name) if live.name != change.name else "",
        after=shown,
        unknown=unknown,
        attribution=moved,
        reason=(unkept[0].partition(": ")[2] if only_unkept else _MOVED.get(moved, "")) if moved else "",
        notes=(*change.notes, *unkept, *warnings),
    ).fingerprinted_by(
        lambda: (
            live_state(wish.compared_kind.kind, wish.declared, live, unseen),
            fingerprint(wish.compared_kind.node, spec),
        )
    )


def _doubts(node: CompiledField, fields: Iterable[FieldChange]) -> Iterable[str]:
    for change in fields:
        child = child_at(node, change.path)
        if child is not None and child.field.update_undocumented and change.attribution is not Attribution.ALREADY:
            yield f"{change.path}: what this change does to an object that exists is not documented"


def build_delete(kind: Kind, node: CompiledField, live: LiveResource, attribution: Attribution, level: int) -> Change:
    """Return the change that deletes an owned object that no manifest declares."""
    return Change(
        action=Action.DELETE,
        address=live.address,
        kind=kind.name,
        name=live.name,
        id=live.id,
        before=redact_fields(node, live.spec),
        attribution=attribution,
        reason="ours, and no manifest declares it any more",
        level=level,
        before_fingerprint=live_fingerprint(
            node, live.spec, (name for name in node.children if _always_listed(node, name))
        ),
    )


def _always_listed(node: CompiledField, name: str) -> bool:
    """Whether every depth of reading returns a field, so that its fingerprint is the same for all."""
    known = node.known.get(name)
    return known is not None and known.in_list and not known.list_may_hide


def _shown(wish: ChangeInput, after: Json) -> tuple[Json, tuple[str, ...]]:
    """Return a result redacted, with null for the ids that are known only after apply, and the paths of these."""
    unknown = tuple(map(spell, unknown_ids(wish.compared_kind.kind, as_object(after))))
    shown = redact_fields(wish.compared_kind.node, after)
    return without_unknown(shown) if unknown else shown, unknown

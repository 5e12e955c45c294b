"""Makes the Change of one object: a create, an update, a delete, or nothing to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.diff.attribute import Bases, gravest, lookup
from reconciler.diff.canonical import canonical, fingerprint
from reconciler.diff.compare import masked, objects, same
from reconciler.diff.fields import Object, field_changes
from reconciler.diff.found import Found, SecretJudge, nothing_known
from reconciler.diff.ignore import Ignoring
from reconciler.diff.nodes import Node, as_object
from reconciler.diff.overlay import Laying, laid
from reconciler.diff.paths import printed, spell
from reconciler.diff.spec import with_defaults, without_unknown
from reconciler.kinds.kind import Kind
from reconciler.model.change import Action, Attribution, Change, FieldChange, Missing, Rule, Suppressed
from reconciler.model.resource import Declared, Json, Live, address


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """A declared object and what belongs to it: its whole spec, its live object, its bases, its ignore rules."""

    kind: Kind
    node: Node
    declared: Declared
    spec: Mapping[str, Json]
    bases: Bases
    ignoring: Ignoring
    live: Live | None = None
    judge: SecretJudge = nothing_known
    anew: Attribution = Attribution.UNATTRIBUTED
    notes: tuple[str, ...] = field(default=())


def created(both: Both) -> Change:
    """Return the change that makes a declared object."""
    declared = both.declared
    after = with_defaults(both.node, both.spec, new=True)
    return Change(
        action=Action.CREATE,
        address=declared.address,
        kind=declared.kind,
        name=declared.name,
        after=without_unknown(masked(both.node, after)),
        unknown=tuple(_unknown(after, ())),
        attribution=both.anew,
        reason="declared, and no live object is it",
        position=declared.position,
        notes=both.notes,
        after_fingerprint=fingerprint(canonical(both.node, both.spec, both.spec)),
    )


def compared(both: Both) -> Change:
    """Compare a declared object with its live one."""
    live = both.live
    assert live is not None
    found = Found(judge=both.judge)
    hidden = both.spec.keys() & live.hidden
    spec = {name: value for name, value in both.spec.items() if name not in hidden} if hidden else both.spec
    node = _seen(both.node, live.hidden)
    pair = objects(node, spec, live.spec, (), found)
    fields: list[FieldChange] = []
    suppressed = [
        Suppressed(path=name, rule=Rule.HIDDEN, detail="this read could not see it") for name in sorted(hidden)
    ]
    if pair is not None or found.secrets or found.moves:
        subject = Object(
            node=node,
            name_field=both.kind.name_field,
            declared=both.declared,
            spec=spec,
            live=live.spec,
            bases=both.bases,
            found=found,
        )
        fields = _kept(both, subject, pair, suppressed)
    suppressed += [Suppressed(path=spell(at), rule=rule, detail=detail) for at, rule, detail in found.hidden]
    notes = (*both.notes, *found.notes, *no_longer_managed(both))
    if not fields:
        return _unchanged(both, live, tuple(suppressed), notes)
    return _updated(both, live, spec, tuple(fields), tuple(suppressed), notes)


def _seen(node: Node, hidden: frozenset[str]) -> Node:
    """Return the table without the fields that this read could not see."""
    if not hidden & node.children.keys():
        return node
    return replace(node, children={name: child for name, child in node.children.items() if name not in hidden})


def _kept(both: Both, subject: Object, pair: object, suppressed: list[Suppressed]) -> list[FieldChange]:
    """Ask the ignore rules of each difference: kept, or suppressed."""
    kept = []
    for steps, change in field_changes(subject, pair):  # type: ignore[arg-type]
        rule = both.ignoring.rule_for(tuple(map(printed, steps)))
        if rule is None:
            kept.append(change)
        else:
            detail = rule.reason or rule.path
            suppressed.append(Suppressed(path=change.path, rule=Rule.IGNORED, detail=detail, position=rule.position))
    return kept


def _unchanged(both: Both, live: Live, suppressed: tuple[Suppressed, ...], notes: tuple[str, ...]) -> Change:
    seen = masked(both.node, live.spec)
    return Change(
        action=Action.NONE,
        address=both.declared.address,
        kind=both.declared.kind,
        name=both.declared.name,
        id=live.id,
        before=seen,
        after=seen,
        fields=already(both),
        suppressed=suppressed,
        position=both.declared.position,
        notes=notes,
    )


def _updated(
    both: Both,
    live: Live,
    spec: Mapping[str, Json],
    fields: tuple[FieldChange, ...],
    suppressed: tuple[Suppressed, ...],
    notes: tuple[str, ...],
) -> Change:
    laying = Laying(ignored=both.ignoring.patterns)
    after = laid(both.node, spec, live.spec, laying)
    fields = (*fields, *already(both))
    declared = both.declared
    return Change(
        action=Action.UPDATE,
        address=declared.address,
        kind=declared.kind,
        name=declared.name,
        id=live.id,
        previous_address=address(declared.kind, live.name) if live.name != declared.name else "",
        before=masked(both.node, live.spec),
        after=without_unknown(masked(both.node, after)),
        unknown=tuple(_unknown(after, ())),
        fields=fields,
        suppressed=suppressed,
        attribution=gravest(change.attribution for change in fields),
        reason="the live object differs from the manifest",
        position=declared.position,
        notes=(*notes, *laying.warnings, *_doubts(both.node, fields)),
        before_fingerprint=fingerprint(canonical(both.node, live.spec, spec)),
        after_fingerprint=fingerprint(canonical(both.node, spec, spec)),
    )


def removed(kind: Kind, node: Node, live: Live, reason: str, attribution: Attribution) -> Change:
    """Return the change that deletes an owned object that no manifest declares."""
    listed = {name: value for name, value in live.spec.items() if _always_listed(node, name)}
    return Change(
        action=Action.DELETE,
        address=live.address,
        kind=kind.name,
        name=live.name,
        id=live.id,
        before=masked(node, live.spec),
        attribution=attribution,
        reason=reason,
        before_fingerprint=fingerprint(canonical(node, listed)),
    )


def _always_listed(node: Node, name: str) -> bool:
    """Whether every depth of reading sees a field, so that its fingerprint is the same for all."""
    known = node.known.get(name)
    return known is not None and known.in_list and not known.list_may_hide


def _doubts(node: Node, fields: Iterable[FieldChange]) -> Iterable[str]:
    for change in fields:
        child = node.children.get(change.path)
        if child is not None and child.field.doubtful_change:
            yield f"{change.path}: what this change does to an object that exists is not documented"


def already(both: Both) -> tuple[FieldChange, ...]:
    """Return the fields that moved on both sides alike since the base."""
    base = both.bases.commit if both.bases.commit is not None else both.bases.applied
    live = both.live
    if base is None or live is None:
        return ()
    found = Found()
    moved = objects(both.node, both.spec, base, (), found)
    if moved is None:
        return ()
    return tuple(_already(both, live, base, moved, found))


def _already(both: Both, live: Live, base: Mapping[str, Json], moved: object, found: Found) -> Iterable[FieldChange]:
    subject = Object(
        node=both.node,
        name_field=both.kind.name_field,
        declared=both.declared,
        spec=both.spec,
        live=base,
        bases=Bases(),
        found=found,
    )
    for steps, change in field_changes(subject, moved):  # type: ignore[arg-type]
        top = steps[0]
        value = lookup(both.node, live.spec, steps)
        now = Missing.ABSENT if value is None or not _is_value(value) else value
        if top in live.hidden or change.sensitive or isinstance(steps[-1], int):
            continue
        if _same_at(both.node, steps, change.after, now):
            yield replace(change, before=change.after, base=change.before, attribution=Attribution.ALREADY)


def _is_value(value: object) -> bool:
    return not isinstance(value, Missing) and value.__class__.__name__ != "NotDeclared"


def _same_at(node: Node, steps: tuple[str | int, ...], desired: object, live: object) -> bool:
    from reconciler.diff.attribute import alike_at, node_at

    return alike_at(node_at(node, steps))(desired, live)  # type: ignore[arg-type]


def no_longer_managed(both: Both) -> Iterable[str]:
    """Name what the base declared and the manifest does not: it is left as it is from now on."""
    base = both.bases.applied if both.bases.applied is not None else both.bases.commit
    if base is None:
        return ()
    return tuple(f"{path} is no longer managed" for path in _dropped(both.node, both.spec, base, ""))


def _dropped(node: Node, spec: Mapping[str, Json], base: Mapping[str, Json], at: str) -> Iterable[str]:
    for name, was in base.items():
        child = node.children.get(name)
        if child is None:
            continue
        path = f"{at}.{name}" if at else name
        if name not in spec:
            if not child.field.defaulted:
                yield path
        elif isinstance(was, Mapping) and isinstance(spec[name], Mapping):
            yield from _dropped(child, as_object(spec[name]), was, path)


def _unknown(value: object, at: tuple[str | int, ...]) -> Iterable[str]:
    """Return the paths of what is known only after apply, by index."""
    if value is Missing.UNKNOWN:
        yield spell(at)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _unknown(part, (*at, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _unknown(part, (*at, index))


__all__ = ["Both", "compared", "created", "removed", "same"]

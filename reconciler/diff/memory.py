"""What the base still tells of fields that do not differ: moves made on both sides, and fields let go of."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.diff.attribute import Bases, NotDeclared, alike_at, lookup, node_at, shown
from reconciler.diff.compare import objects
from reconciler.diff.fields import Object, field_changes
from reconciler.model.change import Attribution, FieldChange
from reconciler.model.resource import Json
from reconciler.semantics.compiled_field import CompiledField


def already(subject: Object) -> Iterator[FieldChange]:
    """Return the fields that moved since the base, on both sides alike; `before` and `after` are the same there."""
    bases = subject.bases
    base = bases.commit if bases.commit is not None else bases.applied
    if not base:
        return
    moved = objects(subject.node, subject.spec, base, (), subject.found)
    then = replace(subject, live=base, bases=Bases())
    for steps, change in field_changes(then, moved):
        now = shown(lookup(subject.node, subject.live, steps))
        plain = not change.sensitive and not isinstance(steps[-1], int)
        if _looked_up(subject, steps):
            continue
        if plain and alike_at(node_at(subject.node, steps))(change.after, now):
            yield replace(change, before=change.after, base=change.before, attribution=Attribution.ALREADY)


def _looked_up(subject: Object, steps: tuple[str | int, ...]) -> bool:
    """Tell whether an id stands there because a name was looked up: nobody declared it, so nobody moved it."""
    by_hand = lookup(subject.node, subject.declared.spec, steps)
    return str(steps[-1]).endswith("_id") and by_hand is NotDeclared.IN_BASE


def no_longer_managed(node: CompiledField, spec: Mapping[str, Json], bases: Bases) -> tuple[str, ...]:
    """Name what the base declared and the manifest does not: it is left as it is from now on."""
    base = bases.applied if bases.applied is not None else bases.commit
    return tuple(f"{path} is no longer managed" for path in _dropped(node, spec, base or {}, ""))


def _dropped(node: CompiledField, spec: Mapping[str, Json], base: Mapping[str, Json], at: str) -> Iterator[str]:
    for name, was in base.items():
        child = node.children.get(name)
        if child is None:
            continue
        path = f"{at}.{name}" if at else name
        now = spec.get(name)
        if name not in spec:
            if not child.field.defaulted:
                yield path
        elif isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from _dropped(child, now, was, path)

"""What a manifest says of one object, made whole: its name, the ids its references mean, the defaults it leaves out."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from reconciler.diff.found import Tree
from reconciler.diff.nodes import Node, compiled, id_beside
from reconciler.kinds.kind import Kind
from reconciler.kinds.table import Type
from reconciler.model.change import Missing
from reconciler.model.resource import Declared, Json

Resolve = Callable[[str, str], Json | Missing]
"""Leads from (kind, name) to the id of exactly that object: UNKNOWN where it is new, ABSENT where there is none."""

NameOf = Callable[[str, str], str | None]
"""Leads from (kind, id) to the name of that object, if it is known."""

Digest = Callable[[str], str]
"""Leads from a secret's name to the keyed digest of its value."""


def spec_of(kind: Kind, declared: Declared) -> dict[str, Json]:
    """Return the declared spec with the object's name in it, as a request needs it."""
    return {kind.name_field: declared.name, **declared.spec}


def resolved(
    kind: Kind,
    spec: Mapping[str, Json],
    resolve: Resolve,
    name_of: NameOf = lambda target, given: None,  # noqa: ARG005
) -> dict[str, Json]:
    """Return the spec with the id beside each name that refers to another object, and the name beside a lone id."""
    result = dict(spec)
    for path, target in _relevant(kind, spec):
        _resolve_in(result, path.split("."), partial(_fill, target, resolve, name_of))
    return result


def _relevant(kind: Kind, spec: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Return the references that this spec can hold at all."""
    return (
        (path, target) for path, target in kind.references.items() if path.replace("[", ".").partition(".")[0] in spec
    )


def _resolve_in(holder: dict[str, Any], path: list[str], fill: Callable[[dict[str, Any], str], None]) -> None:
    name, rest = path[0].removesuffix("[]"), path[1:]
    inside = holder.get(name)
    if not rest:
        fill(holder, name)
    elif isinstance(inside, list):
        copies = [dict(item) if isinstance(item, Mapping) else item for item in inside]
        holder[name] = copies
        for item in copies:
            if isinstance(item, dict):
                _resolve_in(item, rest, fill)
    elif isinstance(inside, Mapping):
        holder[name] = dict(inside)
        _resolve_in(holder[name], rest, fill)


def _fill(target: str, resolve: Resolve, name_of: NameOf, holder: dict[str, Any], name: str) -> None:
    given, beside = holder.get(name), id_beside(name)
    if isinstance(given, str) and holder.get(beside) is None:
        found = resolve(target, given)
        if found is not Missing.ABSENT:
            holder[beside] = found
    elif given is None and isinstance(holder.get(beside), str):
        known = name_of(target, holder[beside])
        if known is not None:
            holder[name] = known


def referred(kind: Kind, spec: Mapping[str, Json]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Return every reference in a spec that is made by name alone: its path, the kind it means, the name."""
    for path, target in _relevant(kind, spec):
        yield from _referred(spec, path.split("."), (), target)


def _referred(value: Json, path: list[str], at: tuple[str | int, ...], target: str) -> Iterator[Any]:
    if not isinstance(value, Mapping):
        return
    name = path[0].removesuffix("[]")
    inside = value.get(name)
    if len(path) == 1:
        if isinstance(inside, str):
            yield (*at, name), target, inside
    elif isinstance(inside, list):
        for index, item in enumerate(inside):
            yield from _referred(item, path[1:], (*at, name, index), target)
    else:
        yield from _referred(inside, path[1:], (*at, name), target)


def managed(kind: Kind, spec: Mapping[str, Json], *, digest: Digest | None = None) -> dict[str, Json]:
    """Return what a manifest manages of an object: its fields, with the defaults it leaves out (the ledger's memory).

    A cleared field stays None unless it has a default. A secret keeps its name; with `digest` its keyed digest stands
    beside it: `{"secret": NAME, "digest": …}`. Never its value.
    """
    return dict(with_defaults(compiled(kind), spec, digest=digest))


def with_defaults(node: Node, value: Json, *, digest: Digest | None = None, new: bool = False) -> Json:
    """Fill in documented defaults wherever the parent is declared; `new` adds those that count on create only."""
    if node.sensitive:
        return _digested(value, digest)
    if value is None:
        return node.default if node.documented else None
    if node.type is Type.OBJECT and isinstance(value, Mapping):
        absent = node.creation_defaults if new else node.defaulted
        given = {
            name: with_defaults(node.children[name], part, digest=digest, new=new)
            for name, part in value.items()
            if name in node.children
        }
        return {**given, **{child.name: child.default for child in absent if child.name not in value}}
    if node.type is Type.LIST and isinstance(value, list) and node.item is not None:
        return [with_defaults(node.item, part, digest=digest, new=new) for part in value]
    return value


def _digested(value: Json, digest: Digest | None) -> Json:
    if isinstance(value, list):
        return [_digested(part, digest) for part in value]
    if isinstance(value, Mapping) and isinstance(value.get("secret"), str):
        name = value["secret"]
        return {"secret": name, "digest": digest(name)} if digest else {"secret": name}
    return value if value in ("", None) else {"secret": ""}


def without_unknown(value: Tree) -> Json:
    """Return plain JSON: what is known only after apply, or not at all, becomes null."""
    if isinstance(value, Missing):
        return None
    if isinstance(value, Mapping):
        return {name: without_unknown(part) for name, part in value.items()}
    return [without_unknown(part) for part in value] if isinstance(value, list) else value

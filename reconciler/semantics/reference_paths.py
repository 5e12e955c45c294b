"""References by name: the fields of a spec that name other objects, and the ids beside them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, TypeAlias

from reconciler.kinds.base.kind import Kind
from reconciler.model.change import NoValue
from reconciler.model.field_path import IndexPath
from reconciler.model.json_types import Json, as_object, child_of
from reconciler.semantics.compiled_field import id_beside

Resolve = Callable[[str, str], Json | NoValue]
"""Resolves (kind, name) to the id of exactly that object: UNKNOWN where it is new, ABSENT where there is none."""

NameOf = Callable[[str, str], str | None]
"""Maps (kind, id) to the name of that object, if it is known."""


def resolved(
    kind: Kind,
    spec: Mapping[str, Json],
    resolve: Resolve,
    name_of: NameOf = lambda target, given: None,  # noqa: ARG005
) -> dict[str, Json]:
    """Return the spec with the id beside each name that refers to another object, and the name beside a lone id."""
    result = dict(spec)
    for path, target in _relevant(kind, spec) if may_refer(kind, spec) else ():
        _resolve_in(result, path, partial(_fill, target, resolve, name_of))
    return result


Reference: TypeAlias = tuple[IndexPath, str, str]
"""Path of a name, with the kind and the name that it refers to."""


def _relevant(kind: Kind, spec: Mapping[str, Json]) -> list[tuple[Sequence[str], str]]:
    """Return the references that this spec can contain, each with the steps of its path."""
    return [(path, target) for first, path, target in _paths(kind) if first in spec]


def may_refer(kind: Kind, spec: Mapping[str, Json]) -> bool:
    """Tell whether a spec has a field that can refer to another object, itself or in a part of it."""
    return not referring_fields(kind).isdisjoint(spec)


@lru_cache(maxsize=64)
def referring_fields(kind: Kind) -> frozenset[str]:
    """Return the top-level fields of a kind that can refer to another object, themselves or in a part of them."""
    return frozenset(first for first, _, _ in _paths(kind))


@lru_cache(maxsize=64)
def _paths(kind: Kind) -> tuple[tuple[str, Sequence[str], str], ...]:
    """Return the references of a kind: the top-level field, the steps of the path, and the kind that is named."""
    return tuple(
        (path.replace("[", ".").partition(".")[0], tuple(path.split(".")), target)
        for path, target in kind.references.items()
    )


_Holder: TypeAlias = dict[str, Any]
"""Object that an id is put into: of JSON, and in a plan NoValue.UNKNOWN where the id is that of a new object."""


def _resolve_in(holder: _Holder, path: Sequence[str], fill: Callable[[_Holder, str], None]) -> None:
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


def _fill(target: str, resolve: Resolve, name_of: NameOf, holder: _Holder, name: str) -> None:
    given, beside = holder.get(name), id_beside(name)
    if isinstance(given, str) and holder.get(beside) is None:
        found = resolve(target, given)
        if found is not NoValue.ABSENT:
            holder[beside] = found
    elif given is None and isinstance(holder.get(beside), str):
        known = name_of(target, holder[beside])
        if known is not None:
            holder[name] = known


def id_at(spec: Json, path: IndexPath) -> Json:
    """Return the id beside the name at a path, None where there is none. Raises LookupError for another path."""
    for step in path[:-1]:
        spec = child_of(spec, step)
    return as_object(spec).get(id_beside(str(path[-1])))


def unknown_ids(kind: Kind, spec: Mapping[str, Json]) -> Iterator[IndexPath]:
    """Yield the path of each id that is known only after apply: those beside the names of new objects."""
    for path, _, _ in referred(kind, spec):
        if _is_unknown(id_at(spec, path)):
            yield *path[:-1], id_beside(str(path[-1]))


def _is_unknown(value: object) -> bool:
    return value is NoValue.UNKNOWN


def referred(kind: Kind, spec: Mapping[str, Json]) -> Iterator[Reference]:
    """Return every reference by name alone in a spec: its path, kind and name."""
    for path, target in _relevant(kind, spec):
        yield from _referred(spec, path, (), target)


def _referred(value: Json, path: Sequence[str], at: tuple[str | int, ...], target: str) -> Iterator[Reference]:
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

"""Rename suggestions: a new object that resembles an undeclared live one. Suggested, never acted on."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.field_path import iter_leaves, schema_path
from reconciler.model.json_types import Json, as_object, is_blank
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.defaults import fill_defaults

_COMMON = 20
"""Most unmanaged objects that may share a value for it to count as evidence."""

_MOST_PARTS = 2_000
_ALIKE = 0.6


def suggest_renames(
    node: CompiledField,
    name_field: str,
    new: Sequence[tuple[DeclaredResource, Mapping[str, Json]]],
    left: Sequence[LiveResource],
) -> Iterator[Diagnostic]:
    """Return a note for each new object that shares most values with exactly one undeclared live object."""
    if not new or not left:
        return
    live = [_parts(node, name_field, one.spec) for one in left]
    places: defaultdict[str, list[int]] = defaultdict(list)
    for index, parts in enumerate(live):
        for part in parts:
            places[part].append(index)
    taken: set[int] = set()
    for declared, spec in new:
        best = _best(_parts(node, name_field, spec), live, places)
        if best is not None and best not in taken:
            taken.add(best)
            yield _note(declared, left[best])


def _best(parts: set[str], live: Sequence[set[str]], places: Mapping[str, list[int]]) -> int | None:
    shared: Counter[int] = Counter()
    for part in parts:
        if len(places.get(part, ())) <= _COMMON:
            shared.update(places.get(part, ()))
    ranked = [(2 * len(parts & live[at]) / (len(parts) + len(live[at])), at) for at, _ in shared.most_common(_COMMON)]
    ranked.sort(key=lambda one: (-one[0], one[1]))
    if not ranked or ranked[0][0] < _ALIKE or (len(ranked) > 1 and ranked[1][0] == ranked[0][0]):
        return None
    return ranked[0][1]


def _parts(node: CompiledField, name_field: str, spec: Mapping[str, Json]) -> set[str]:
    content = {name: value for name, value in as_object(fill_defaults(node, spec)).items() if name != name_field}
    leaves = (f"{schema_path(path)}={leaf!r}" for path, leaf in iter_leaves(content) if not is_blank(leaf))
    return set(islice(leaves, _MOST_PARTS))


def _note(declared: DeclaredResource, live: LiveResource) -> Diagnostic:
    return Diagnostic(
        severity=Severity.NOTE,
        code="N_RENAME_LIKELY",
        message=f"{declared.address} looks like a new name for the live object {live.name} ({live.id})",
        position=declared.position,
        hint="if it is, the rename is an update: add under metadata\n  aliases: [" + _quoted(live.name) + "]",
        address=declared.address,
    )


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

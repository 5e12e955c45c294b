"""Dependencies between objects: which objects a change refers to, and their current ids."""

from collections.abc import Mapping, Sequence

from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Action, Change
from reconciler.model.json_types import Json
from reconciler.model.plan import Plan
from reconciler.model.resource import address
from reconciler.semantics.reference_paths import id_at, referred
from reconciler.strings import normalize_name


def reference(kind: str, name: str) -> str:
    """Return the key of one referenced object."""
    return f"{kind}/{name}"


def needs(kind: Kind, spec: Mapping[str, Json] | None) -> frozenset[str]:
    """Return the references of a spec by name, as `kind/name`."""
    return frozenset(reference(other, name) for _, other, name in referred(kind, spec or {}) if name)


def told_ids(kind: Kind, spec: Mapping[str, Json]) -> dict[str, str]:
    """Return the ids that a live object holds beside the names it refers to."""
    found = {}
    for path, other, name in referred(kind, spec):
        object_id = id_at(spec, path)
        if isinstance(object_id, str):
            found[reference(other, name)] = object_id
    return found


def known_ids(plan: Plan) -> dict[str, str]:
    """Return the id of everything that a reference can resolve to already; ambiguous names are left out."""
    found: dict[str, set[str]] = {}
    named = [(item.kind, item.name, item.id) for item in plan.changes]
    for kind, name, object_id in (*named, *((item.kind, item.name, item.id) for item in plan.unmanaged)):
        if object_id:
            found.setdefault(reference(kind, name), set()).add(object_id)
    return {key: next(iter(ids)) for key, ids in found.items() if len(ids) == 1}


def hindered(change: Change, kind: Kind, spec: Mapping[str, Json] | None, undone: Mapping[str, str]) -> str:
    """Return why a change is skipped because another was not applied; empty where it is not.

    `undone` maps `kind/name` to the address of a create that was not applied; for a delete, to that of an object which
    still refers to it.
    """
    if change.action is Action.DELETE:
        user = undone.get(reference(change.kind, change.name))
        return f"{user} still refers to it" if user else ""
    missing = sorted(undone[key] for key in needs(kind, spec) if key in undone)
    return f"it needs {', '.join(missing)}, which was not created" if missing else ""


def dependency_levels(kinds: Mapping[str, Kind]) -> dict[str, int]:
    """Return each kind's depth: 0 has no dependencies, 1 depends on a kind of depth 0, and so on."""
    found: dict[str, int] = {}
    for name, kind in kinds.items():  # kinds come after their dependencies
        found[name] = 1 + max((found.get(other, -1) for other in kind.depends_on), default=-1)
    return found


def level_of(kind: str, depth: Mapping[str, int], *, delete: bool = False) -> int:
    """Return the level of a kind's changes: creates and updates by depth, deletes after them and reversed."""
    return 2 * max(depth.values(), default=0) + 1 - depth[kind] if delete else depth[kind]


def sort_changes(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes by level, else as given; among renames a name is freed before it is taken."""
    return tuple(_names_freed_first(sorted(changes, key=lambda change: change.level)))


def _names_freed_first(changes: list[Change]) -> list[Change]:
    """Put a change that takes a name behind the rename that frees it: A → B after B → C, a new B too; a cycle stays."""
    renames = {change.previous_address: change for change in changes if change.previous_address}
    if not renames:
        return changes
    result: list[Change] = []
    done: set[int] = set()
    for change in changes:
        chain = []
        while id(change) not in done:
            done.add(id(change))
            chain.append(change)
            change = renames.get(address(change.kind, normalize_name(change.name)), change)  # noqa: PLW2901 - walks the chain
        result.extend(reversed(chain))
    return result

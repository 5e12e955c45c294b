"""The order in which changes would be applied: what others need first, and last when it goes."""

from collections.abc import Mapping, Sequence

from reconciler.kinds.kind import Kind
from reconciler.model.change import Change
from reconciler.model.resource import address
from reconciler.strings import normalize_name


def levels(kinds: Mapping[str, Kind]) -> dict[str, int]:
    """Return each kind's depth: 0 needs nothing, 1 needs a kind of depth 0, and so on."""
    found: dict[str, int] = {}
    for name, kind in kinds.items():  # kinds come after those they need
        found[name] = 1 + max((found.get(other, -1) for other in kind.after), default=-1)
    return found


def level_of(kind: str, depth: Mapping[str, int], *, delete: bool = False) -> int:
    """Return the step at which a kind's changes are made: creates and updates by depth, deletes after and reversed."""
    return 2 * max(depth.values(), default=0) + 1 - depth[kind] if delete else depth[kind]


def ordered(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes by level, else as given; among renames a name is freed before it is taken."""
    return tuple(_names_freed_first(sorted(changes, key=lambda change: change.level)))


def _names_freed_first(changes: list[Change]) -> list[Change]:
    """Put what takes a name behind the rename that frees it: A → B after B → C, a new B too; a circle stays."""
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

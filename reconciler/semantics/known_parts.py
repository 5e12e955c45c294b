"""Parts of objects that one plan met before, by identity: what many objects share is compared once.

Readers and the loader keep equal parts of objects once, so that ten thousand rules refer to a few hundred parts. A part
is never modified in place (`model.resource`), so that what was found of it holds for as long as it is kept alive here.

    >>> declared, live = {"priority": 500}, {"priority": 500}
    >>> known = KnownParts()
    >>> known.identical(declared, live), known.identical(declared, live), known.identical(declared, {"priority": True})
    (True, True, False)
    >>> known.holds({"name": "a", "more": 1, "condition": live}, {"condition": declared, "name": "a"})
    True
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from reconciler.model.json_types import Json, JsonObject, as_object
from reconciler.semantics.compiled_field import CompiledField
from reconciler.semantics.equality import identical
from reconciler.semantics.list_keys import has_keys_of_their_own

_MOST = 2_000
"""Most parts that are kept; where nothing is shared, all of them are dropped each time that so many were met."""

_PARTED = (dict, list)
_NOTHING = object()

Fact = TypeVar("Fact")
KeyedObjects = Sequence[tuple[JsonObject, frozenset[str]]]
"""The items of a declared list, each with the names of the defaults that it leaves out."""

Facts = dict[int, tuple[object, Fact]]
"""One fact of each part, by the identity of the part, which is kept alive."""


class KnownParts:
    """What was found of the parts of declared objects: the live part that is identical, and what a list's items are."""

    __slots__ = ("_items", "_live")

    def __init__(self) -> None:
        self._live: Facts[object] = {}
        self._items: Facts[tuple[CompiledField, KeyedObjects | None]] = {}

    def identical(self, declared: object, live: object) -> bool:
        """Return whether two values are the same JSON, as `equality.identical` does."""
        if declared.__class__ not in _PARTED:
            return identical(declared, live)
        known = self._live.get(id(declared))
        if known is not None and known[1] is live:
            return True
        if not identical(declared, live):
            return False
        _store(self._live, declared, live)
        return True

    def holds(self, whole: Mapping[str, Json], part: Mapping[str, Json]) -> bool:
        """Return whether a live object has every field of a declared one with the same JSON; it may have more."""
        for name, declared in part.items():
            live = whole.get(name, _NOTHING)
            if declared is live:
                continue
            if declared.__class__ is str:  # nearly every field of nearly every object; equal to texts alone
                if declared != live:
                    return False
            elif not self.identical(declared, live):
                return False
        return True

    def keyed_objects(self, field: CompiledField, items: list[Json]) -> KeyedObjects | None:
        """Return the items of a declared list, each with the names of the defaults that it leaves out.

        None where one has no keys of its own (`list_keys.has_keys_of_their_own`), or a field that is not exact.
        """
        known = self._items.get(id(items))
        if known is not None and known[1][0] is field:
            return known[1][1]
        found = _keyed_objects(field, items)
        _store(self._items, items, (field, found))
        return found


def _keyed_objects(field: CompiledField, items: list[Json]) -> KeyedObjects | None:
    if not has_keys_of_their_own(field, items):
        return None
    found = [(item, field.each.absent_defaults(item)) for item in map(as_object, items)]
    exact = [(item, absent) for item, absent in found if absent is not None]
    return exact if len(exact) == len(found) else None


def _store(facts: Facts[Fact], part: object, fact: Fact) -> None:
    if len(facts) >= _MOST:
        facts.clear()
    facts[id(part)] = part, fact

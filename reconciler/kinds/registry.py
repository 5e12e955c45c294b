"""Registry of kinds: built-in and third-party ones are loaded from the entry-point group `reconciler.kinds`."""

from functools import cache

from reconciler.entry_points import RegisteredObject, registered
from reconciler.errors import PluginError, UsageError
from reconciler.kinds.base.kind import Kind
from reconciler.late_patterns import late_pattern
from reconciler.strings import did_you_mean

__all__ = ["Kind", "all_kinds", "kind_called", "kind_named"]


@cache
def all_kinds() -> dict[str, Kind]:
    """Return every kind by name, in dependency order (a kind after its dependencies), then by name."""
    found = {entry.name: _load(entry) for entry in registered("reconciler.kinds")}
    levels: dict[str, int] = {}

    def level(name: str, trail: tuple[str, ...] = ()) -> int:
        if name in trail:
            raise PluginError(f"kinds depend on each other in a circle: {' → '.join((*trail, name))}")
        if name not in levels:
            needs = [level(other, (*trail, name)) for other in found[name].depends_on if other in found]
            levels[name] = 1 + max(needs, default=-1)
        return levels[name]

    return {name: found[name] for name in sorted(found, key=lambda name: (level(name), name))}


def kind_named(name: str) -> Kind:
    """Return one kind. Raises PluginError when there is none of that name."""
    try:
        return all_kinds()[name]
    except KeyError:
        known = ", ".join(all_kinds())
        raise PluginError(f"there is no kind {name!r}", hint=f"the kinds are {known}") from None


def kind_called(word: str) -> Kind:
    """Return the kind that a word of the command line means (`rooms`, `room`, `SmartLiveRoom`), in any letter case.

    Raises UsageError (E_KIND_UNKNOWN) that lists the words.
    """
    known = {each.casefold(): kind for kind in reversed(all_kinds().values()) for each in reversed(kind.words)}
    if word.casefold() in known:
        return known[word.casefold()]
    plurals = [kind.plural_word for kind in all_kinds().values()]
    hint = did_you_mean(word, plurals, f"there are {', '.join(plurals)}")
    raise UsageError(f"no kind of object is called {word!r}", code="E_KIND_UNKNOWN", hint=hint)


_RENAMED = {
    "after": "depends_on",
    "stamps": "version_fields",
    "unwritable": "foreign_reason",
    "on_air": "busy_reason",
    "on_update": "update_effects",
    "doubtful_change": "update_undocumented",
    "business_min": "recommended_min",
    "business_max": "recommended_max",
    "business_values": "recommended_values",
    "business_max_items": "recommended_max_items",
}
"""Arguments of `Kind` and of its fields that earlier versions named otherwise: old, new."""

_UNEXPECTED = late_pattern(r"unexpected keyword argument '(\w+)'")


def _load(entry: RegisteredObject) -> Kind:
    try:
        kind = entry.load()
    except Exception as error:  # a plugin may fail in any way; the message names the plugin
        unexpected = _UNEXPECTED.search(str(error)) if isinstance(error, TypeError) else None
        new = _RENAMED.get(unexpected[1], "") if unexpected else ""
        hint = f"write `{new}` in place of `{unexpected[1]}`" if unexpected and new else ""
        raise PluginError(f"the kind {entry.name!r} cannot be loaded: {error}", hint=hint) from error
    if not isinstance(kind, Kind):
        raise PluginError(f"the kind {entry.name!r} is no Kind")
    return kind

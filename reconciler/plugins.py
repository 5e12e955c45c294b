"""Loads readers, writers and reporters by name; built-in and third-party ones register as entry points alike.

>>> set(names("writers")) >= {"command", "dry_run", "http"}
True
>>> reporter("jason")
Traceback (most recent call last):
reconciler.errors.PluginError: there is no reporter 'jason'
"""

from typing import TYPE_CHECKING, cast

from reconciler.entry_points import registered
from reconciler.errors import PluginError
from reconciler.strings import did_you_mean

_GROUP = "reconciler."


if TYPE_CHECKING:
    from reconciler.interfaces import Writer, WriterContext
    from reconciler.model.report import Reporter


def names(sort: str) -> tuple[str, ...]:
    """Return the registered names of one group: `readers`, `writers` or `reporters`."""
    return tuple(sorted({entry.name for entry in registered(_GROUP + sort)}))


def reporter(name: str) -> "Reporter":
    """Return the reporter of a format. Raises PluginError where none is registered."""
    return cast("Reporter", load("reporters", name))


def writer(name: str, setup: "WriterContext") -> "Writer":
    """Return a writer for one environment. Raises PluginError where none of that name is registered."""
    made = getattr(load("writers", name), "made", None)
    if made is None:
        raise PluginError(
            f"the writer {name!r} has no method made(setup)", hint="see reconciler.interfaces.WriterContext"
        )
    return cast("Writer", made(setup))


def load(sort: str, name: str) -> object:
    """Return the object that an entry point names. Raises PluginError where it does not exist or fails to load."""
    found = {entry.name: entry for entry in registered(_GROUP + sort)}
    if name not in found:
        raise PluginError(f"there is no {sort[:-1]} {name!r}", hint=_hint(name, sorted(found)))
    try:
        return found[name].load()
    except Exception as error:  # a plugin may fail in any way; the message names the plugin
        raise PluginError(f"the {sort[:-1]} {name!r} cannot be loaded: {error}") from error


def _hint(name: str, known: list[str]) -> str:
    return did_you_mean(name, known, f"there are {', '.join(known)}", quote="'")

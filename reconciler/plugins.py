"""Readers, writers and reporters by name: ours and other packages' register the same way, as entry points."""

from importlib.metadata import entry_points
from typing import cast

from reconciler.errors import PluginError
from reconciler.interfaces import Writer, WriterContext
from reconciler.model.report import Reporter
from reconciler.strings import did_you_mean

_GROUP = "reconciler."


def names(sort: str) -> tuple[str, ...]:
    """Return the names there are of one sort: `readers`, `writers` or `reporters`."""
    return tuple(sorted({entry.name for entry in entry_points(group=_GROUP + sort)}))


def reporter(name: str) -> Reporter:
    """Return the reporter of a format; raises PluginError where there is none."""
    return cast("Reporter", load("reporters", name))


def writer(name: str, setup: WriterContext) -> Writer:
    """Return a writer, made for one environment; raises PluginError where there is none of that name."""
    made = getattr(load("writers", name), "made", None)
    if made is None:
        raise PluginError(
            f"the writer {name!r} has no method made(setup)", hint="see reconciler.interfaces.WriterSetup"
        )
    return cast("Writer", made(setup))


def load(sort: str, name: str) -> object:
    """Return the object an entry point names; raises PluginError where it is not there or does not load."""
    found = {entry.name: entry for entry in entry_points(group=_GROUP + sort)}
    if name not in found:
        raise PluginError(f"there is no {sort[:-1]} {name!r}", hint=_hint(name, sorted(found)))
    try:
        return found[name].load()
    except Exception as error:  # a plugin may fail in any way; whose it was is what the user needs
        raise PluginError(f"the {sort[:-1]} {name!r} cannot be loaded: {error}") from error


def _hint(name: str, known: list[str]) -> str:
    return did_you_mean(name, known, f"there are {', '.join(known)}", quote="'")

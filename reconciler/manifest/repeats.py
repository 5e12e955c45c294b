"""One problem of a template's loop is one problem, however often the loop went round."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.diagnostic import Diagnostic, arranged


def without_repeats(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return them sorted; those with one code at one place are told once, with how many there were."""
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    for each in arranged(diagnostics):
        key = (each.code, each.position) if each.position else (each,)
        groups.setdefault(key, []).append(each)
    return arranged(_told(group) for group in groups.values())


def _told(group: list[Diagnostic]) -> Diagnostic:
    first = group[0]
    more = len(group) - 1
    return replace(first, message=f"{first.message} (and {more} more like it from this place)") if more else first

"""One problem of a template's loop is one problem, however often the loop went round."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.diagnostic import Diagnostic, Severity, arranged


def without_repeats(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return them sorted; those with one code at one place are told once, with how many there were."""
    groups: dict[tuple[object, ...], list[Diagnostic]] = {}
    found = arranged(diagnostics)
    wrong = {each.position for each in found if each.severity is Severity.ERROR}
    for each in found:
        if each.code == "W_YAML_BOOL" and each.position in wrong:
            continue  # what is wrong there says it better
        key = (each.code, each.position) if each.position else (each,)
        groups.setdefault(key, []).append(each)
    return arranged(_told(group) for group in groups.values())


def _told(group: list[Diagnostic]) -> Diagnostic:
    first = group[0]
    more = len(group) - 1
    return replace(first, message=f"{first.message} (and {more} more like it from this place)") if more else first

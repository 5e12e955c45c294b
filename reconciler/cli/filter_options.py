"""Options of `get` that come from the kinds: one for each filter of a list, under its documented name."""

import copy
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from reconciler.cli.command_types import ReconcilerCommand
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.kinds.base.kind import Kind, ListFilter

_PATTERN = "owner"
"""Parameter of the command that takes a text: the options of the filters are copies of it."""

_GIVEN = "reconciler.filters"


class FilterOptionsCommand(ReconcilerCommand):
    """Command with one option for each documented filter of each kind, added when it is parsed or explained."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the command's parameters, and an option for each filter whose name is not taken by one of them."""
        own = super().get_params(ctx)
        taken = {name for parameter in own for name in parameter.opts}
        pattern = next(parameter for parameter in own if parameter.name == _PATTERN)
        return [*own, *(_option(pattern, rule, kinds) for rule, kinds in _filters(taken))]


def _filters(taken: Collection[str]) -> "list[tuple[ListFilter, list[Kind]]]":
    """Return the filters of all kinds, one for each option, with the kinds that have it."""
    from reconciler.kinds.registry import all_kinds

    found: dict[str, tuple[ListFilter, list[Kind]]] = {}
    for kind in reversed(all_kinds().values()):
        for rule in kind.endpoints.filters:
            if rule.option not in taken:
                found.setdefault(rule.option, (rule, []))[1].append(kind)
    return list(found.values())


def _option(pattern: Any, rule: "ListFilter", kinds: "Iterable[Kind]") -> Any:
    """Return the option of a filter; its value goes to the context, as the command has no argument for it."""
    option = copy.copy(pattern)
    option.name = rule.parameter
    option.opts = [rule.option]
    option.expose_value = False
    option.help_group = "Filters"
    option.metavar = "TIME" if rule.is_time else "LIST" if rule.match == "any of" else "VALUE"
    words, doc = ", ".join(kind.plural_word for kind in kinds), rule.doc or f"Filter by {rule.field}."
    option.help = f"{words}: {doc}{_accepted(rule)}"

    def remember(context: Any, _: object, value: str) -> str:
        source = context.get_parameter_source(rule.parameter)
        if source is not None and source.name == "COMMANDLINE":
            context.meta.setdefault(_GIVEN, {})[rule.parameter] = value
        return value

    option.callback = remember
    return option


def _accepted(rule: "ListFilter") -> str:
    if rule.is_time:
        return " RFC 3339, such as 2021-01-10T08:43:17Z."
    joined = ", joined by commas" if rule.match == "any of" else ""
    return f" One of {', '.join(rule.values)}{joined}." if rule.values else ""


def given_filters(context: Any, pairs: Iterable[str]) -> dict[str, str]:
    """Return the filters of a command line by parameter: those of the options, and those of `--filter`.

    Raises UsageError for a filter that is given twice, or that is no PARAMETER=VALUE.
    """
    filters: dict[str, str] = dict(context.meta.get(_GIVEN, {}))
    for pair in pairs:
        name, equals, value = pair.partition("=")
        parameter = name.replace("-", "_")
        if not name or not equals:
            raise UsageError(f"--filter {pair!r} is not PARAMETER=VALUE", hint="write --filter room_type=NORMAL")
        if parameter in filters:
            raise UsageError(f"the filter {parameter} is given twice")
        filters[parameter] = value
    return filters

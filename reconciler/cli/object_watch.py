"""Watches lists of live objects for `get --watch`: lists again and again, and writes what has changed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.cli.command_context import CommandContext
from reconciler.cli.error_output import report_error
from reconciler.cli.object_output import (
    DOCUMENTS,
    EnvironmentLists,
    ListingRun,
    ListView,
    chosen_objects,
    list_problems,
    listing_document,
    local_time,
    write_document,
    write_lists,
    write_table,
)
from reconciler.cli.output import problems, write_out
from reconciler.errors import ApiError, AuthError, TransportError
from reconciler.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from reconciler.model.listed_object import ListedObject

Known = dict[tuple[str, str], "ListedObject"]
"""Objects by environment and id."""


def watch_lists(run: CommandContext, listing: ListingRun, view: ListView, seconds: int) -> int:
    """List every so many seconds until a signal ends the process; raises an error that would only repeat itself.

    The first list is written whole. After it a table has one row for each change, and JSON and YAML one document each
    time that something has changed.
    """
    known: Known = {}
    reported: set[Diagnostic] = set()
    first = True
    while True:
        found = listing.read(strict=first and view.form not in DOCUMENTS)
        _end_if_hopeless(found)
        changes = list(_changes(known, found))
        if view.form in DOCUMENTS or view.count:
            if first or changes:
                _write_again(run, listing, found, view)
        elif first:
            write_lists(run, listing, found, view)
        elif changes:
            _write_changes(run, changes, view)
        fresh = [one for one in list_problems(listing, found) if one.severity is not Severity.NOTE]
        if not first or view.form in DOCUMENTS or view.count:
            problems(run, [one for one in fresh if one not in reported])
            for error in found.errors.values():
                report_error(error, run.log, debug=False)
        reported = set(fresh)
        known = _remembered(known, found)
        first = False
        run.clock.sleep(seconds)


def _end_if_hopeless(found: EnvironmentLists) -> None:
    """Raise an error that repeating the call does not mend."""
    for error in found.errors.values():
        if isinstance(error, AuthError) or not isinstance(error, ApiError | TransportError):
            raise error


def _changes(known: Known, found: EnvironmentLists) -> "Iterator[tuple[str, ListedObject]]":
    """Yield each change since the last list; what an incomplete list lacks is not known to be removed."""
    fresh = {(one.environment, one.id): one for one in found.objects}
    for key, one in fresh.items():
        if key not in known:
            yield "added", one
        elif known[key] != one:
            yield "changed", one
    whole = {listed.environment for listed in found.lists if listed.complete}
    for key, one in known.items():
        if key not in fresh and one.environment in whole:
            yield "removed", one


def _remembered(known: Known, found: EnvironmentLists) -> Known:
    whole = {listed.environment for listed in found.lists if listed.complete}
    kept = {key: one for key, one in known.items() if one.environment not in whole}
    return kept | {(one.environment, one.id): one for one in found.objects}


def _write_again(run: CommandContext, listing: ListingRun, found: EnvironmentLists, view: ListView) -> None:
    """Write the whole list as one document of a stream, or the number of its objects."""
    objects = chosen_objects(found, view)
    if view.form not in DOCUMENTS:
        write_out(str(len(objects)))
        return
    if view.form == "yaml":
        write_out("---")
    write_document(
        run, listing_document(listing, objects, found, list_problems(listing, found)), view.form, one_line=True
    )


def _write_changes(run: CommandContext, changes: "list[tuple[str, ListedObject]]", view: ListView) -> None:
    from reconciler.reports.object_list import object_table

    now = local_time(run)
    table = object_table([one for _, one in changes], view.columns, now, wide=view.form == "wide")
    rows = [[event, *row] for (event, _), row in zip(changes, table["rows"], strict=True)]
    write_table(run, {**table, "columns": [f"{now:%H:%M:%S}", *table["columns"]], "rows": rows})

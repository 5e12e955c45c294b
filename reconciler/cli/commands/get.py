"""`get`: lists live objects by the documented filters of their list."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import completion, flags
from reconciler.cli.command_context import session
from reconciler.cli.filter_options import given_filters
from reconciler.cli.lock_timeout import seconds_of
from reconciler.cli.object_output import DOCUMENTS, Form, ListingRun, ListView, write_lists
from reconciler.cli.object_watch import watch_lists
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.project.config import Project
    from reconciler.project.live_listing import ListRequest

_WATCHED = frozenset({"table", "wide", "json", "yaml"})


def get(
    context: typer.Context,
    *,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", autocompletion=completion.kinds, help="rooms or rule-groups, or the word of another kind."
        ),
    ] = "",
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME|ID]...", help="Only these.")] = None,
    environment: Annotated[
        list[str] | None,
        typer.Option("-e", "--environment", metavar="ENV", help="The environment; give it again for more."),
    ] = None,
    all_environments: Annotated[
        bool, typer.Option("--all-environments", "-A", help="List every environment of the project.")
    ] = False,
    managed: Annotated[
        bool, typer.Option("--managed", help="Only what a manifest declares, or this environment owns.")
    ] = False,
    unmanaged: Annotated[bool, typer.Option("--unmanaged", help="Only the rest.")] = False,
    owner: Annotated[
        str, typer.Option("--owner", metavar="OWNER", help="Only what this owner in the ledger owns.")
    ] = "",
    filter_: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="PARAMETER=VALUE", help="A filter of the list by its parameter; repeatable."),
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="How the list is written.")] = "table",
    columns: Annotated[
        str, typer.Option("--columns", metavar="LIST", help="These columns, or paths of fields, joined by commas.")
    ] = "",
    sort_by: Annotated[
        str, typer.Option("--sort-by", metavar="COLUMN", help="Sort by a column or a field; -COLUMN is descending.")
    ] = "",
    count: Annotated[bool, typer.Option("--count", help="Print only how many there are.")] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="Only the first N of the sorted list.")
    ] = None,
    watch: Annotated[
        str, typer.Option("--watch", metavar="TIME", help="List again each 10s or 1m, and write what has changed.")
    ] = "",
    set_: flags.Sets = None,
    parallelism: flags.Parallelism = 8,
) -> int:
    """List live objects, by the filters that the service documents."""
    from reconciler.kinds.registry import all_kinds, kind_called
    from reconciler.project.live_listing import list_request

    run = session(context)
    if not kind:
        words = ", ".join(each.plural_word for each in all_kinds().values())
        raise UsageError("get needs the kind of the objects", code="E_KIND_UNKNOWN", hint=f"choose one of {words}")
    if managed and unmanaged:
        raise UsageError("--managed and --unmanaged exclude each other")
    seconds = _interval(watch, output)
    ask = list_request(
        kind_called(kind),
        given_filters(context, filter_ or ()),
        names=names or (),
        managed=True if managed else False if unmanaged else None,
        owner=owner,
    )
    whole = project(run)
    places = _environments(whole, environment, everywhere=all_environments)
    view = _view(ask, output, columns, sort_by, limit=limit or 0, count=count, several=len(places) > 1)
    access = build_plan_request(run, sets=set_, parallelism=parallelism).access
    listing = ListingRun(whole=whole, places=places, access=access, ask=ask, sets=tuple(set_ or ()))
    if seconds:
        return watch_lists(run, listing, view, seconds)
    found = listing.read(strict=len(places) == 1 and output not in DOCUMENTS)
    return write_lists(run, listing, found, view)


def _interval(watch: str, form: Form) -> int:
    """Return the seconds between two lists, 0 for a single one."""
    if not watch:
        return 0
    seconds = seconds_of(watch, "--watch")
    if not seconds:
        raise UsageError("--watch needs a time of at least one second", hint="write --watch 10s")
    if form not in _WATCHED:
        raise UsageError(f"--watch does not go with -o {form}", hint=f"choose one of {', '.join(sorted(_WATCHED))}")
    return seconds


def _environments(whole: "Project", names: Sequence[str] | None, *, everywhere: bool) -> tuple[str, ...]:
    if everywhere and names:
        raise UsageError("-e and --all-environments exclude each other")
    if everywhere:
        return tuple(whole.environments)
    return tuple(dict.fromkeys(select_environment(whole, name) for name in names or [""]))


def _view(
    ask: "ListRequest", form: Form, columns: str, sort_by: str, *, limit: int, count: bool, several: bool
) -> ListView:
    from reconciler.reports.object_columns import column_called, columns_of, select_columns

    words = [word.strip() for word in columns.split(",") if word.strip()]
    shown = select_columns(ask.kind, words, wide=form == "wide", several=several)
    if form == "csv" and not words:
        shown = columns_of(ask.kind)
    return ListView(
        form=form,
        columns=shown,
        sort=column_called(ask.kind, sort_by.removeprefix("-")) if sort_by else None,
        descending=sort_by.startswith("-"),
        limit=limit,
        count=count,
    )

"""`adopt`: writes manifests of live objects that no manifest declares yet."""

from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.branch_run import Branch, OpenRequest, opened_branch
from reconciler.cli.command_context import session
from reconciler.errors import UsageError


def adopt(
    context: typer.Context,
    *,
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Live objects, as plans print them.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every live object that no manifest declares.")] = False,
    name_pattern: Annotated[
        str, typer.Option("--name-pattern", metavar="GLOB", help="Of these only names like this, as in 'Spring *'.")
    ] = "",
    environment: flags.Env = "",
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="The folder to write into.")] = "",
    into: Annotated[
        str, typer.Option("--into", metavar="FILE", help="Append to this file, in its style, and write no new ones.")
    ] = "",
    values: Annotated[
        str,
        typer.Option(
            "--values", metavar="FILE", help="Write what several of the objects share to this values file, once."
        ),
    ] = "",
    live: flags.LiveFile = "",
    only_here: Annotated[
        bool, typer.Option("--only-here", help="Put a condition around each manifest: it is of this environment alone.")
    ] = False,
    branch: Branch = "",
    open_request: OpenRequest = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that say something else, and edit uncommitted ones.")
    ] = False,
    parallelism: flags.Parallelism = 8,
) -> int:
    """Write manifests of live objects; the next apply makes the environment their owner."""
    from reconciler.cli.adopt_run import Adopting, run_adopt

    run = session(context)
    _check(addresses or [], output, into, every=all_, only_here=only_here)
    if values and into:
        hint = "write new files with -o DIR"
        raise UsageError("--values is for manifests in files of their own, not in another", hint=hint)
    how = Adopting(
        environment=environment,
        addresses=tuple(addresses or ()),
        every=all_,
        pattern=name_pattern,
        output=output,
        into=into,
        values=values,
        only_here=only_here,
        live=live,
        force=force,
        parallelism=parallelism,
    )
    with opened_branch(run, branch, opens=open_request, force=force) as onto:
        return run_adopt(run, how, onto)


def _check(addresses: list[str], output: str, into: str, *, every: bool, only_here: bool) -> None:
    if bool(addresses) == every:
        raise UsageError("name live objects, or all of them", hint="adopt 'SmartLiveRoom[\"Morning\"]', or adopt --all")
    if bool(output) == bool(into):
        raise UsageError("where are the manifests written?", hint="pass -o DIR, or --into FILE")
    if only_here and into:
        hint = "write new files with -o DIR"
        raise UsageError("--only-here puts a condition around a file of its own, not into another", hint=hint)

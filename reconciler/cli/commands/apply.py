"""`apply`: plans again, shows the plan, confirms it, and executes it."""

from dataclasses import replace
from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.apply_run import run_apply
from reconciler.cli.command_context import session
from reconciler.cli.option_groups import PartOptions, ReportFlags, WriteOptions, grouped
from reconciler.cli.request_builder import document_cache, environment_of, kept_plan, project, select_environment


@grouped
def apply(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="[PLAN]", help="A plan kept with --out: nothing else is done.")] = "",
    part: PartOptions,
    with_dependencies: flags.WithDependencies = False,
    shown: ReportFlags,
    adopt: Annotated[
        bool | None,
        typer.Option(
            "--adopt/--no-adopt",
            help="Own declared objects that are live and not owned; else it is asked.",
        ),
    ] = None,
    expect: Annotated[str, typer.Option("--expect", metavar="DIGEST", help="Only a plan with this digest.")] = "",
    skip_stale: Annotated[
        bool, typer.Option("--skip-stale", help="Of a kept plan, do what still matches; else nothing is done.")
    ] = False,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="No manifest at all is meant.")] = False,
    write: WriteOptions,
) -> int:
    """Make live match the manifests, change by change."""
    run = session(context)
    how = shown.parsed()
    kept = kept_plan(run, file) if file else None
    wish = write.request(run, kept=kept, adopt=adopt, expect=expect, skip_stale=skip_stale, allow_empty=allow_empty)
    ask = part.request(run, with_dependencies=with_dependencies)
    whole = project(run)
    ask = replace(ask, documents=document_cache(run, off=part.no_cache))
    name = environment_of(whole, kept, part.environment) if kept else select_environment(whole, part.environment)
    return run_apply(run, whole, name, ask=ask, wish=wish, how=how)

"""`apply`: plans again, shows the plan, confirms it, and executes it."""

import math
from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.apply_run import ApplyRequest, run_apply
from reconciler.cli.command_context import session
from reconciler.cli.lock_timeout import seconds_of
from reconciler.cli.output import parse_output_flags
from reconciler.cli.request_builder import (
    build_plan_request,
    environment_of,
    kept_plan,
    project,
    select_environment,
    selection,
)
from reconciler.errors import UsageError
from reconciler.model.options import WRITER_SECONDS, GuardOverrides


def apply(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="[PLAN]", help="A plan kept with --out: nothing else is done.")] = "",
    environment: flags.Env = "",
    label: flags.Labels = None,
    target: flags.Targets = None,
    exclude: flags.Excludes = None,
    with_dependencies: flags.WithDependencies = False,
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Do not ask, --adopt included.")] = False,
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
    allow_deletes: Annotated[
        int | None, typer.Option("--allow-deletes", min=0, metavar="N", help="Exactly so many deletes are meant.")
    ] = None,
    allow_live: Annotated[
        list[str] | None, typer.Option("--allow-live", metavar="NAME", help="This room may be deleted on air.")
    ] = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="No manifest at all is meant.")] = False,
    allow_collapsed: Annotated[
        bool, typer.Option("--allow-collapsed", help="That live shrank this much is known.")
    ] = False,
    writer: Annotated[
        str, typer.Option("--writer", metavar="NAME", help="What applying means; else RECONCILER_WRITER, else http.")
    ] = "",
    writer_timeout: Annotated[
        float,
        typer.Option(
            "--writer-timeout",
            min=0.1,
            max=86_400,
            metavar="SECONDS",
            help="How long one change may take in a program.",
        ),
    ] = WRITER_SECONDS,
    lock_timeout: Annotated[
        str,
        typer.Option("--lock-timeout", metavar="TIME", help="How long to wait for the lock (30s, 5m)."),
    ] = "",
    today: flags.Today = "",
    parallelism: flags.Parallelism = 8,
) -> int:
    """Make live match the manifests, change by change."""
    run = session(context)
    if math.isnan(writer_timeout):
        raise UsageError("--writer-timeout takes a number of seconds")
    how = parse_output_flags(format_, report)
    part = selection(target, exclude, label, with_dependencies=with_dependencies)
    ask = build_plan_request(run, sets=set_, selected=part, today=today, parallelism=parallelism)
    wish = ApplyRequest(
        kept=kept_plan(run, file) if file else None,
        auto_approve=auto_approve,
        adopt=adopt,
        expect=expect,
        skip_stale=skip_stale,
        writer=writer or run.variables.get("RECONCILER_WRITER", "") or "http",
        writer_seconds=writer_timeout,
        lock_timeout=seconds_of(lock_timeout),
        overrides=GuardOverrides(
            deletes=allow_deletes,
            live=frozenset(allow_live or ()),
            empty=allow_empty,
            collapsed=allow_collapsed,
        ),
    )
    whole = project(run)
    name = environment_of(whole, wish.kept, environment) if wish.kept else select_environment(whole, environment)
    return run_apply(run, whole, name, ask=ask, wish=wish, how=how)

"""`apply`: plans again, shows the plan, confirms it, and executes it."""

from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.apply_run import ApplyRequest, run_apply
from reconciler.cli.command_context import session
from reconciler.cli.lock_timeout import seconds_of
from reconciler.cli.output import parse_output_flags
from reconciler.cli.request_builder import (
    build_plan_request,
    chosen_writer,
    environment_of,
    kept_plan,
    project,
    project_files,
    select_environment,
    selection,
)
from reconciler.model.options import WRITER_SECONDS, GuardOverrides


def apply(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="[PLAN]", help="A plan kept with --out: nothing else is done.")] = "",
    environment: flags.Env = "",
    label: flags.Labels = None,
    target: flags.Targets = None,
    exclude: flags.Excludes = None,
    files: flags.Files = None,
    with_dependencies: flags.WithDependencies = False,
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    show_defaults: flags.ShowDefaults = False,
    auto_approve: flags.AutoApprove = False,
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
    allow_deletes: flags.AllowDeletes = None,
    allow_live: flags.AllowLive = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="No manifest at all is meant.")] = False,
    allow_collapsed: flags.AllowCollapsed = False,
    writer: flags.WriterName = "",
    writer_timeout: flags.WriterTimeout = WRITER_SECONDS,
    lock_timeout: flags.LockTimeout = "",
    today: flags.Today = "",
    parallelism: flags.Parallelism = 8,
) -> int:
    """Make live match the manifests, change by change."""
    run = session(context)
    how = parse_output_flags(format_, report, show_defaults=show_defaults)
    writer = chosen_writer(run, writer, writer_timeout)
    part = selection(target, exclude, label, with_dependencies=with_dependencies, files=project_files(run, files))
    ask = build_plan_request(run, sets=set_, selected=part, today=today, parallelism=parallelism)
    wish = ApplyRequest(
        kept=kept_plan(run, file) if file else None,
        auto_approve=auto_approve,
        adopt=adopt,
        expect=expect,
        skip_stale=skip_stale,
        writer=writer,
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

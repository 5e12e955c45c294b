"""`plan`: shows the changes and their reasons."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.output import parse_output_flags, progress, write_report
from reconciler.cli.request_builder import (
    build_plan_request,
    check_classes,
    plan_code,
    plan_report,
    project,
    project_files,
    select_environment,
    selection,
    with_requests,
    write_saved_plan,
)

if TYPE_CHECKING:
    from reconciler.model.desired_state import DesiredState
    from reconciler.model.plan import Plan
    from reconciler.project.config import Project


def plan(
    context: typer.Context,
    *,
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
    out: flags.Out = "",
    detailed_exitcode: flags.Detailed = False,
    fail_on: flags.FailOn = "",
    depth: flags.DepthOf = "auto",
    live: flags.LiveFile = "",
    base: flags.Base = "",
    refresh: flags.Refresh = "changed",
    today: flags.Today = "",
    untrusted: flags.Untrusted = False,
    parallelism: flags.Parallelism = 8,
    events: Annotated[
        list[str] | None,
        typer.Option("--events", metavar="FILE", help="Add what a recording leads to under the rules; repeatable."),
    ] = None,
) -> int:
    """Show what would change, and why; nothing is written."""
    from reconciler.project.plan_environment import plan_environment

    run = session(context)
    how = parse_output_flags(format_, report, show_defaults=show_defaults)
    check_classes(fail_on)
    ask = build_plan_request(
        run,
        sets=set_,
        selected=selection(
            target, exclude, label, with_dependencies=with_dependencies, files=project_files(run, files)
        ),
        depth=depth,
        base=base,
        today=today,
        live=live,
        full=refresh == "full",
        cached=True,
        parallelism=parallelism,
    )
    whole = project(run, untrusted=untrusted)
    name = select_environment(whole, environment)
    played = _replayed(run, whole, events) if events else None
    with progress(run, f"Reading {name}"):
        result = plan_environment(whole, name, ask)
    if out and result.plan is not None:
        write_saved_plan(run, out, whole, result.plan)
    report_ = plan_report("plan", result)
    if played is not None and result.plan is not None:
        report_ = replace(report_, **played(result.manifest, result.plan))
    write_report(run, with_requests(run, report_), how)
    return plan_code(result, detailed=detailed_exitcode, fail_on=fail_on)


def _replayed(
    run: CommandContext, whole: "Project", files: Sequence[str]
) -> "Callable[[DesiredState, Plan], dict[str, Any]]":
    """Read recordings, before anything else is read, and return what gives their part of the report."""
    from reconciler.project.replay_tables import replay_parts
    from reconciler.project.rule_replay import read_recording

    recorded = read_recording(run.path(file) for file in files)
    return lambda manifest, plan: replay_parts(whole, manifest, plan, recorded)

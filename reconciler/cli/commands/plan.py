"""`plan`: shows the changes and their reasons."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.option_groups import PartOptions, ReportFlags, grouped
from reconciler.cli.output import progress, write_report
from reconciler.cli.request_builder import (
    check_classes,
    document_cache,
    plan_code,
    plan_report,
    project,
    select_environment,
    with_requests,
    write_saved_plan,
)

if TYPE_CHECKING:
    from reconciler.model.desired_state import DesiredState
    from reconciler.model.plan import Plan
    from reconciler.model.report import Report
    from reconciler.project.config import Project


@grouped
def plan(
    context: typer.Context,
    *,
    part: PartOptions,
    with_dependencies: flags.WithDependencies = False,
    shown: ReportFlags,
    out: flags.Out = "",
    detailed_exitcode: flags.Detailed = False,
    fail_on: flags.FailOn = "",
    depth: flags.DepthOf = "auto",
    live: flags.LiveFile = "",
    base: flags.Base = "",
    refresh: flags.Refresh = "changed",
    untrusted: flags.Untrusted = False,
    events: Annotated[
        list[str] | None,
        typer.Option("--events", metavar="FILE", help="Add what a recording leads to under the rules; repeatable."),
    ] = None,
) -> int:
    """Show what would change, and why; nothing is written."""
    from reconciler.project.plan_environment import plan_environment

    run = session(context)
    how = shown.parsed()
    check_classes(fail_on)
    ask = part.request(
        run,
        with_dependencies=with_dependencies,
        depth=depth,
        base=base,
        live=live,
        full=refresh == "full",
        cached=True,
    )
    documents = document_cache(run, off=part.no_cache or untrusted)
    whole = project(run, untrusted=untrusted, cache=documents)
    name = select_environment(whole, part.environment)
    ask = replace(ask, documents=documents)
    played = _replayed(run, whole, events) if events else None
    with progress(run, f"Reading {name}"):
        result = plan_environment(whole, name, ask)
    if out and result.plan is not None:
        write_saved_plan(run, out, whole, result.plan)
    report_ = plan_report("plan", result, fail_on=fail_on)
    if played is not None and result.plan is not None:
        report_ = played(report_, result.manifest, result.plan)
    write_report(run, with_requests(run, report_), how)
    if documents is not None:
        documents.finish()
    return plan_code(result, detailed=detailed_exitcode, fail_on=fail_on)


def _replayed(
    run: CommandContext, whole: "Project", files: Sequence[str]
) -> "Callable[[Report, DesiredState, Plan], Report]":
    """Read recordings, before anything else is read, and return what gives their part of the report."""
    from reconciler.project.replay_tables import with_replay
    from reconciler.project.rule_replay import read_recording

    recorded = read_recording(run.path(file) for file in files)
    return lambda report, manifest, plan: with_replay(report, whole, manifest, plan, recorded)

"""`plan`: what would change, and why."""

from dataclasses import replace
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.output import tell, told
from reconciler.cli.planning import asked, check_classes, chosen, keep, plan_code, plan_report, project, selection
from reconciler.cli.progress import progress
from reconciler.cli.session import session


def plan(
    context: typer.Context,
    *,
    environment: options.Env = "",
    label: options.Labels = None,
    target: options.Targets = None,
    exclude: options.Excludes = None,
    with_dependencies: options.WithDependencies = False,
    set_: options.Sets = None,
    format_: options.Format = "text",
    report: options.Reports = None,
    out: options.Out = "",
    detailed_exitcode: options.Detailed = False,
    fail_on: options.FailOn = "",
    depth: options.DepthOf = "auto",
    live: options.LiveFile = "",
    base: options.Base = "",
    refresh: options.Refresh = "changed",
    today: options.Today = "",
    untrusted: options.Untrusted = False,
    parallelism: options.Parallelism = 8,
    events: Annotated[
        list[str] | None,
        typer.Option("--events", metavar="FILE", help="Add what a recording leads to under the rules; repeatable."),
    ] = None,
) -> int:
    """Show what would change, and why; nothing is written."""
    from reconciler.environment.planning import planned
    from reconciler.environment.replay_tables import replay_parts
    from reconciler.environment.rule_replay import read_recording

    run = session(context)
    how = told(format_, report)
    check_classes(fail_on)
    ask = asked(
        run,
        sets=set_,
        selected=selection(target, exclude, label, with_dependencies=with_dependencies),
        depth=depth,
        base=base,
        today=today,
        live=live,
        full=refresh == "full",
        cached=True,
        parallelism=parallelism,
    )
    whole = project(run, untrusted=untrusted)
    name = chosen(whole, environment)
    recorded = read_recording(run.path(file) for file in events or ())
    with progress(run, f"Reading {name}"):
        result = planned(whole, name, ask)
    if out and result.plan is not None:
        keep(run, out, whole, result.plan)
    report_ = plan_report("plan", result)
    if events and result.plan is not None:
        report_ = replace(report_, **replay_parts(whole, result.manifest, result.plan, recorded))
    tell(run, report_, how)
    return plan_code(result, detailed=detailed_exitcode, fail_on=fail_on)

"""`plan`: what would change, and why."""

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.output import tell, told
from reconciler.cli.planning import Ask, chosen, planned, project, selection
from reconciler.cli.session import session
from reconciler.model.report import Report


def plan(
    context: typer.Context,
    *,
    environment: options.Env = "",
    label: options.Labels = None,
    target: options.Targets = None,
    exclude: options.Excludes = None,
    set_: options.Sets = None,
    format_: options.Format = "text",
    report: options.Reports = None,
    detailed_exitcode: options.Detailed = False,
    depth: options.DepthOf = "auto",
    live: options.LiveFile = "",
    base: options.Base = "",
    refresh: options.Refresh = "changed",
    today: options.Today = "",
    untrusted: options.Untrusted = False,
    parallelism: options.Parallelism = 8,
) -> int:
    """Show what would change in an environment, and why; nothing is written."""
    run = session(context)
    how = told(format_, report)
    ask = Ask(
        sets=tuple(set_ or ()),
        selection=selection(target, exclude, label),
        depth=depth,
        today=today,
        untrusted=untrusted,
        base=base,
        live=live,
        full=refresh == "full",
        parallelism=parallelism,
    )
    whole = project(run, untrusted=untrusted)
    result = planned(run, whole, chosen(whole, environment), ask)
    if result.plan is None:
        tell(run, Report(command="plan", diagnostics=result.manifest.diagnostics, sources=result.manifest.sources), how)
        return Exit.ERROR
    tell(run, Report(command="plan", plans=(result.plan,), usage=result.usage, sources=result.manifest.sources), how)
    return Exit.FINE

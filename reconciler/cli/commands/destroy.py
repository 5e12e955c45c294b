"""`destroy`: deletes what an environment owns; shows the plan, confirms it, and executes it."""

from dataclasses import replace

import typer

from reconciler.cli.apply_run import run_apply
from reconciler.cli.command_context import session
from reconciler.cli.option_groups import PartOptions, ReportFlags, WriteOptions, grouped
from reconciler.cli.request_builder import document_cache, project, select_environment


@grouped
def destroy(context: typer.Context, *, part: PartOptions, shown: ReportFlags, write: WriteOptions) -> int:
    """Delete what the environment owns: shows the plan, and asks.

    It is an apply with an empty desired side: only owned objects go, and only with `prune: owned`. Guards count as
    ever; manifests stay, so that the next plan creates the objects again.
    """
    run = session(context)
    how = shown.parsed()
    wish = write.request(run, destroy=True)
    whole = project(run)
    ask = replace(part.request(run), documents=document_cache(run, off=part.no_cache))
    return run_apply(run, whole, select_environment(whole, part.environment), ask=ask, wish=wish, how=how)

"""`audit`: every environment against its manifests; one that cannot be read never hides the others."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit, gravest
from reconciler.cli.output import tell, told, write_file
from reconciler.cli.planning import asked, plan_code, plan_report, project, selection, several
from reconciler.cli.progress import progress
from reconciler.cli.session import session
from reconciler.model.diagnostic import arranged, has_errors

if TYPE_CHECKING:
    from reconciler.fleet import Visited


def audit(
    context: typer.Context,
    *,
    environment: options.Envs = None,
    label: options.Labels = None,
    set_: options.Sets = None,
    format_: options.Format = "text",
    report: options.Reports = None,
    fail_on: options.FailOn = "",
    depth: options.DepthOf = "auto",
    refresh: options.Refresh = "changed",
    today: options.Today = "",
    metrics: Annotated[
        str, typer.Option("--metrics", metavar="FILE", help="Write figures for Prometheus' textfile collector.")
    ] = "",
    parallelism: options.Parallelism = 8,
) -> int:
    """Compare environments with their manifests; exit 2 on drift."""
    from reconciler import fleet
    from reconciler.fleet.metrics import textfile

    run = session(context)
    how = told(format_, report)
    chosen = selection(None, None, label)
    ask = asked(
        run,
        sets=set_,
        selected=chosen,
        depth=depth,
        today=today,
        full=refresh == "full",
        cached=True,
        parallelism=parallelism,
    )
    whole = project(run)
    names = several(whole, environment)
    with (
        ThreadPoolExecutor(max_workers=min(parallelism, len(names))) as executor,
        progress(run, "Reading environments", len(names)) as advance,
    ):
        results = fleet.audit(whole, names, ask, executor, visited=lambda _: advance())
    found = plan_report("audit", *(one.planned for one in results if one.planned))
    problems = arranged((*found.diagnostics, *(item for one in results for item in (*one.diagnostics, *one.findings))))
    tell(run, replace(found, diagnostics=problems, extra={"tables": [fleet.overview(results)]}), how)
    if metrics:
        write_file(run.path(metrics), textfile(results))
    return gravest(_code(one, fail_on) for one in results)


def _code(one: "Visited", fail_on: str) -> int:
    """A finding that is an error counts like a change: the environment is not as it is meant to be."""
    if one.planned is None:
        return Exit.PARTIAL
    found = Exit.CHANGES if has_errors(one.findings) else Exit.FINE
    return gravest((plan_code(one.planned, detailed=True, fail_on=fail_on), found))

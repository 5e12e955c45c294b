"""`audit`: every environment against its manifests; one that cannot be read never hides the others."""

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit, gravest
from reconciler.cli.output import read_file, tell, told, write_file
from reconciler.cli.planning import asked, chosen, plan_code, plan_report, project, selection, several
from reconciler.cli.progress import progress
from reconciler.cli.session import Session, session
from reconciler.errors import UsageError
from reconciler.model.diagnostic import arranged, has_errors

if TYPE_CHECKING:
    from reconciler.environment.planning import Ask
    from reconciler.environment.project import Project
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
    dask: Annotated[
        str, typer.Option("--dask", metavar="ADDRESS", help="Work on a Dask cluster: tcp://…, or local.")
    ] = "",
    fleet_file: Annotated[
        str, typer.Option("--fleet", metavar="FILE", help="A CSV or YAML of projects; -e names their template.")
    ] = "",
    resume: Annotated[str, typer.Option("--resume", metavar="RUN", help="Only what this run has not done yet.")] = "",
    parallelism: options.Parallelism = 8,
) -> int:
    """Compare environments with their manifests; exit 2 on drift."""
    from reconciler import fleet
    from reconciler.fleet.metrics import textfile

    run = session(context)
    how = told(format_, report)
    ask = asked(
        run,
        sets=set_,
        selected=selection(None, None, label),
        depth=depth,
        today=today,
        full=refresh == "full",
        cached=True,
        parallelism=parallelism,
    )
    whole = project(run)
    if fleet_file:
        whole, environment = _enrolled(run, whole, environment, fleet_file), None
    results = _visited(run, whole, environment, ask, dask=dask, resume=resume)
    found = plan_report("audit", *(one.planned for one in results if one.planned))
    more = (item for one in results for item in (*one.diagnostics, *one.findings))
    problems = arranged((*found.diagnostics, *more))
    tell(run, replace(found, diagnostics=problems, extra={"tables": [fleet.overview(results)]}), how)
    if metrics:
        write_file(run.path(metrics), textfile(results))
    return gravest(_code(one, fail_on) for one in results)


def _enrolled(run: Session, whole: "Project", environments: list[str] | None, file: str) -> "Project":
    from reconciler.fleet.roster import roster

    if environments and len(environments) > 1:
        raise UsageError("--fleet takes one environment as its template", hint="name it with -e")
    template = chosen(whole, environments[0] if environments else "")
    path = run.path(file)
    return roster(whole, template, path, read_file(path))


def _visited(
    run: Session, whole: "Project", environments: list[str] | None, ask: "Ask", *, dask: str, resume: str
) -> "tuple[Visited, ...]":
    """Visit every environment that the resumed run has not done yet, keeping each result as it comes."""
    from reconciler import fleet
    from reconciler.fleet.record import record, recordable, recorded
    from reconciler.fleet.runner import runner

    names = several(whole, environments)
    number = resume or secrets.token_hex(6)
    kept = {name: recorded(whole, number, name, run.variables) for name in names} if resume else {}
    done = {name: one for name, one in kept.items() if one is not None}
    if resume and not done:
        raise UsageError(f"no environment has a row of the run {resume!r}", hint="`reconciler history` lists runs")
    left = tuple(name for name in names if name not in done)
    if any(recordable(whole, name) for name in left):
        run.note(f"Run {number}; if it breaks off, go on with --resume {number}.")
    with (
        runner(dask, min(ask.access.parallelism, max(1, len(left)))) as executor,
        progress(run, "Reading environments", len(left)) as advance,
    ):

        def keep(one: "Visited") -> "Visited":
            advance()
            return record(whole, number, one, run.variables)

        found = fleet.audit(whole, left, ask, executor, away=bool(dask), visited=keep)
    every = {**done, **{one.environment: one for one in found}}
    return tuple(every[name] for name in names)


def _code(one: "Visited", fail_on: str) -> int:
    """A finding that is an error counts like a change: the environment is not as it is meant to be."""
    if one.planned is None:
        return Exit.PARTIAL
    found = Exit.CHANGES if has_errors(one.findings) else Exit.FINE
    return gravest((plan_code(one.planned, detailed=True, fail_on=fail_on), found))

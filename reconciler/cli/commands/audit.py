"""`audit`: compares every environment with its manifests; a failed read of one never hides the others."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.audit_run import audit_environments, places
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.files import write_file
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.cli.request_builder import (
    build_plan_request,
    check_classes,
    document_cache,
    plan_code,
    plan_report,
    project,
    selection,
    with_requests,
)
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode, most_severe
from reconciler.model.diagnostic import has_errors, sort_diagnostics
from reconciler.model.report import Report

if TYPE_CHECKING:
    from datetime import date

    from reconciler.fleet.environment_result import EnvironmentResult
    from reconciler.model.run_history import DriftRecord


def audit(
    context: typer.Context,
    *,
    environment: flags.Envs = None,
    label: flags.Labels = None,
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    fail_on: flags.FailOn = "",
    depth: flags.DepthOf = "auto",
    refresh: flags.Refresh = "changed",
    today: flags.Today = "",
    metrics: Annotated[
        str, typer.Option("--metrics", metavar="FILE", help="Write figures for Prometheus' textfile collector.")
    ] = "",
    dask: Annotated[
        str, typer.Option("--dask", metavar="ADDRESS", help="Work on a Dask cluster: tcp://HOST:PORT, or local.")
    ] = "",
    fleet_file: Annotated[
        str, typer.Option("--fleet", metavar="FILE", help="A CSV or YAML of projects; -e names their template.")
    ] = "",
    ledger: flags.LedgerUrl = "",
    resume: Annotated[str, typer.Option("--resume", metavar="RUN", help="Only what this run has not done yet.")] = "",
    live: flags.LiveFile = "",
    no_cache: flags.NoCache = False,
    parallelism: flags.Parallelism = 8,
) -> int:
    """Compare environments with their manifests; exit 2 on drift."""
    run, started = session(context), time.monotonic()
    how = parse_output_flags(format_, report)
    check_classes(fail_on)
    ask = build_plan_request(
        run,
        sets=set_,
        selected=selection(None, None, label),
        depth=depth,
        today=today,
        live=live,
        full=refresh == "full",
        cached=True,
        parallelism=parallelism,
    )
    whole = project(run)
    documents = document_cache(run, off=no_cache)
    where = places(run, whole, environment, fleet_file)
    if live and len(where.names) > 1:
        raise UsageError("--live is one environment's snapshot", hint="name the environment with -e")
    results, drift = audit_environments(
        run, where, replace(ask, documents=documents), dask=dask, ledger=ledger, resume=resume
    )
    write_report(run, with_requests(run, _report(results, drift, ask.access.today, fail_on)), how)
    if metrics:
        _write_figures(run, metrics, results, started)
    if documents is not None and all(one.planned is not None for one in results):
        documents.finish()  # a row that is refused leaves nothing behind
    return most_severe(_code(one, fail_on) for one in results)


def _report(
    results: "tuple[EnvironmentResult, ...]", drift: "tuple[DriftRecord, ...]", today: "date", fail_on: str
) -> Report:
    from reconciler.fleet.audit_summary import causes, oldest, overview

    found = plan_report("audit", *(one.planned for one in results if one.planned), fail_on=fail_on)
    more = (item for one in results for item in (*one.diagnostics, *one.findings))
    tables = [overview(results), *(table for table in (causes(results), oldest(drift, today)) if table["rows"])]
    return replace(found, diagnostics=sort_diagnostics((*found.diagnostics, *more)), tables=tables)


def _write_figures(run: CommandContext, file: str, results: "tuple[EnvironmentResult, ...]", started: float) -> None:
    from reconciler.fleet.prometheus import textfile

    text = textfile(results, now=time.time(), seconds=time.monotonic() - started)
    write_file(run.root, file, run.redactor.text(text))


def _code(one: "EnvironmentResult", fail_on: str) -> int:
    """Return the exit code; a finding that is an error counts like a change."""
    if one.planned is None:
        return ExitCode.PARTIAL
    found = ExitCode.CHANGES if has_errors(one.findings) else ExitCode.FINE
    return most_severe((plan_code(one.planned, detailed=True, fail_on=fail_on), found))

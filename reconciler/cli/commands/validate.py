"""`validate`: reports every problem of the manifests at once, without any API call."""

from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.cli.request_builder import document_cache, project, project_files, select_environments
from reconciler.exit_codes import ExitCode
from reconciler.model.diagnostic import has_errors, sort_diagnostics
from reconciler.model.report import Report


def validate(
    context: typer.Context,
    *,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Only what these files or folders declare.")
    ] = None,
    files: flags.Files = None,
    environment: flags.Envs = None,
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    today: flags.Today = "",
    untrusted: flags.Untrusted = False,
    no_cache: flags.NoCache = False,
) -> int:
    """Check the manifests; every problem with its place."""
    from reconciler.project.plan_environment import linted

    run = session(context)
    how = parse_output_flags(format_, report)
    whole = project(run, untrusted=untrusted)
    names = select_environments(whole, environment)
    date, only = run.today(today), project_files(run, [*(paths or ()), *(files or ())])
    cache = document_cache(run, whole, off=no_cache)
    manifests = [linted(whole, name, tuple(set_ or ()), date, only=only, cache=cache) for name in names]
    diagnostics = sort_diagnostics(item for one in manifests for item in one.diagnostics)
    sources = {place: text for one in manifests for place, text in one.sources.items()}
    write_report(run, Report(command="validate", diagnostics=diagnostics, sources=sources), how)
    if cache is not None:
        cache.finish()
    return ExitCode.ERROR if has_errors(diagnostics) else ExitCode.FINE

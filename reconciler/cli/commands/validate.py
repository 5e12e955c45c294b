"""`validate`: every problem of the manifests at once, without asking any API."""

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.output import tell, told
from reconciler.cli.request_builder import project, several
from reconciler.exit_codes import Exit
from reconciler.model.diagnostic import arranged, has_errors
from reconciler.model.report import Report


def validate(
    context: typer.Context,
    *,
    environment: flags.Envs = None,
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    today: flags.Today = "",
    untrusted: flags.Untrusted = False,
) -> int:
    """Check the manifests; every problem with its place."""
    from reconciler.project.plan_environment import linted

    run = session(context)
    how = told(format_, report)
    whole = project(run, untrusted=untrusted)
    names = several(whole, environment)
    date = run.today(today)
    manifests = [linted(whole, name, tuple(set_ or ()), date) for name in names]
    diagnostics = arranged(item for one in manifests for item in one.diagnostics)
    sources = {place: text for one in manifests for place, text in one.sources.items()}
    tell(run, Report(command="validate", diagnostics=diagnostics, sources=sources), how)
    return Exit.ERROR if has_errors(diagnostics) else Exit.FINE

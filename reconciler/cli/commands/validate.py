"""`validate`: every problem of the manifests at once, without asking any API."""

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.output import tell, told
from reconciler.cli.planning import project, several
from reconciler.cli.session import session
from reconciler.model.diagnostic import arranged, has_errors
from reconciler.model.report import Report


def validate(
    context: typer.Context,
    *,
    environment: options.Envs = None,
    set_: options.Sets = None,
    format_: options.Format = "text",
    report: options.Reports = None,
    today: options.Today = "",
    untrusted: options.Untrusted = False,
) -> int:
    """Check the manifests; every problem with its place."""
    from reconciler.environment.planning import linted

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

"""`show`: prints a plan in JSON in any other format."""

from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.files import naming
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.exit_codes import ExitCode
from reconciler.model.report import Report


def show(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="PLAN", help="A plan made with --format json or --out.")],
    format_: flags.Format = "text",
    report: flags.Reports = None,
    show_defaults: flags.ShowDefaults = False,
    detailed_exitcode: flags.Detailed = False,
) -> int:
    """Show a plan that was written as JSON, in any format."""
    from reconciler.manifest.files.project_tree import SAVED, read_file
    from reconciler.planfile import saved_plan
    from reconciler.project.environment_variables import digest_key

    run = session(context)
    how = parse_output_flags(format_, report, show_defaults=show_defaults)
    with naming(file):
        plans = saved_plan.read_plans(read_file(run.path(file), SAVED), key=digest_key(run.variables))
    write_report(run, Report(command="plan", plans=plans), how)
    return ExitCode.CHANGES if detailed_exitcode and any(plan.pending for plan in plans) else ExitCode.FINE

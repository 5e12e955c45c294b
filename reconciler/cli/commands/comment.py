"""`comment`: posts a plan in JSON as the one comment of a pull or merge request."""

from typing import Annotated

import typer

from reconciler import __version__
from reconciler.cli.command_context import session
from reconciler.cli.output import write_out
from reconciler.exit_codes import ExitCode
from reconciler.model.report import Report, ReportOptions


def comment(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="PLAN", help="What `plan --format json` wrote; checked first.")],
    number: Annotated[int, typer.Option("--number", min=0, metavar="N", help="The request, if the job has none.")] = 0,
    author: Annotated[str, typer.Option("--author", metavar="LOGIN", help="As whom; else the token is asked.")] = "",
    whole: Annotated[str, typer.Option("--whole", metavar="URL", help="URL of the full report, if cut.")] = "",
    budget: Annotated[int, typer.Option("--budget", min=500, metavar="BYTES", help="The longest comment.")] = 65_000,
    untrusted: Annotated[
        bool, typer.Option("--untrusted", help="Mark the plan as untrusted, whatever it says.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the comment, and send nothing.")] = False,
) -> int:
    """Post a plan as a comment, or update the one that is there."""
    from reconciler.code_hosts.ci_job import place_from
    from reconciler.code_hosts.comments import upsert_comment
    from reconciler.manifest.files.project_tree import DOCUMENT, read_file
    from reconciler.planfile.untrusted_plan import as_untrusted, checked_plans, tables_of
    from reconciler.reports.markdown import report as markdown
    from reconciler.reports.markdown.report import marker

    run = session(context)
    data = read_file(run.path(file), DOCUMENT)
    plans = checked_plans(data)
    if untrusted:
        plans = as_untrusted(plans)
    command = "plan" if len(plans) == 1 else "audit"
    report = run.redactor.value(Report(command=command, plans=plans, tables=tables_of(data)))
    body = markdown.report(report, ReportOptions(budget=budget, whole=whole, tool_version=__version__))
    if dry_run:
        write_out(body, human=False, marks=True)
        return ExitCode.FINE
    posted = upsert_comment(place_from(run.variables, number=number, author=author), body, marker(report))
    write_out(run.redactor.text(f"{posted.done} {posted.url}".rstrip()))
    return ExitCode.FINE

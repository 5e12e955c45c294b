"""`describe`: everything that is known of one live object."""

from typing import Annotated, Literal

import typer

from reconciler.cli import completion, flags
from reconciler.cli.command_context import session
from reconciler.cli.object_output import local_time, write_document
from reconciler.cli.output import problems, write_out
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.exit_codes import ExitCode
from reconciler.model.diagnostic import Severity


def describe(
    context: typer.Context,
    *,
    address: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS",
            autocompletion=completion.addresses,
            help='SmartLiveRoom["Morning"], a name, an id, or KIND and one of these.',
        ),
    ],
    environment: flags.Env = "",
    output: Annotated[
        Literal["text", "json", "yaml"], typer.Option("--output", "-o", help="How it is written.")
    ] = "text",
    set_: flags.Sets = None,
) -> int:
    """Show all fields of one live object, its rules in words, its owner and its last changes."""
    from reconciler.kinds.registry import kind_named
    from reconciler.project.object_description import describe_object
    from reconciler.reports.object_list import description_document, description_text

    run = session(context)
    whole = project(run)
    access = build_plan_request(run, sets=set_).access
    found = describe_object(whole, select_environment(whole, environment), access, address, tuple(set_ or ()))
    if output == "text":
        write_out(description_text(run.redactor.value(found), kind_named(found.object.kind), local_time(run)))
    else:
        write_document(run, description_document(found), output)
    problems(run, [one for one in found.diagnostics if one.severity is not Severity.NOTE or run.verbose])
    if found.incomplete:
        run.say(f"E_READ_INCOMPLETE: another object may have this name: {found.incomplete}")
    return ExitCode.PARTIAL if found.incomplete else ExitCode.FINE

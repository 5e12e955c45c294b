"""`version`: prints the version."""

from typing import Annotated, Literal

import typer

from reconciler import __version__
from reconciler.cli.output import write_out
from reconciler.exit_codes import ExitCode
from reconciler.reports.escaping import one_document


def version(
    context: typer.Context,  # noqa: ARG001 - each command takes it
    *,
    format_: Annotated[Literal["text", "json"], typer.Option("--format", help="How it is written.")] = "text",
) -> int:
    """Print the version."""
    if format_ == "json":
        write_out(one_document({"version": __version__}), human=False, parsed=True)
    else:
        write_out(f"reconciler {__version__}")
    return ExitCode.FINE

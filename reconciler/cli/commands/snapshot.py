"""`snapshot`: writes the live state to a file, so that a job without credentials can plan."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.files import refuse_unwritable, write_file
from reconciler.cli.output import problems, progress
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.exit_codes import ExitCode


def snapshot(
    context: typer.Context,
    *,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    environment: flags.Env = "",
    parallelism: flags.Parallelism = 8,
) -> int:
    """Keep what is live in a file, masked, for `plan --live`."""
    from reconciler.project.environment_session import open_environment
    from reconciler.project.live_state import doubts, read_everything, snapshot_of

    run = session(context)
    whole = project(run)
    refuse_unwritable(run.root, "-o", output)
    ask = build_plan_request(run, parallelism=parallelism)
    name = select_environment(whole, environment)
    with open_environment(whole, name, ask.access) as opened, progress(run, f"Reading {name}"):
        found = read_everything(opened)
        text = snapshot_of(opened, found, taken=datetime.now(UTC), mask=run.redactor.value)
    write_file(run.root, output, text)
    problems(run, doubts(found))
    return ExitCode.FINE if all(one.reading.complete for one in found) else ExitCode.PARTIAL

"""`snapshot`: what is live, kept in a file, so that a job without credentials can plan."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.files import refuse_unwritable, write_file
from reconciler.cli.output import problems
from reconciler.cli.planning import asked, chosen, project
from reconciler.cli.session import session


def snapshot(
    context: typer.Context,
    *,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    environment: options.Env = "",
    parallelism: options.Parallelism = 8,
) -> int:
    """Keep what is live in a file, masked, for `plan --live`."""
    from reconciler.environment.live import doubts, read_everything
    from reconciler.environment.open import open_environment
    from reconciler.environment.snapshots import snapshot_of

    run = session(context)
    whole = project(run)
    refuse_unwritable(run.root, "-o", output)
    ask = asked(run, parallelism=parallelism)
    with open_environment(whole, chosen(whole, environment), ask.access) as opened:
        found = read_everything(opened)
        text = snapshot_of(opened, found, taken=datetime.now(UTC), mask=run.redactor.value)
    write_file(run.root, output, text)
    problems(run, doubts(found))
    return Exit.FINE if all(one.reading.complete for one in found) else Exit.PARTIAL

"""`render`: prints the manifests after their templates, as the validator reads them."""

from typing import Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.output import problems, write_out
from reconciler.cli.request_builder import project, select_environment
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode


def render(
    context: typer.Context,
    *,
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE]...", help="Only these manifest files.")] = None,
    environment: flags.Env = "",
    set_: flags.Sets = None,
    untrusted: flags.Untrusted = False,
) -> int:
    """Print manifests as they are after their templates."""
    from reconciler.project.declared_state import load_declared

    run = session(context)
    whole = project(run, untrusted=untrusted)
    result = load_declared(whole, select_environment(whole, environment), tuple(set_ or ()))
    wanted = [str(run.path(file).relative_to(run.root)) for file in files or ()] or list(result.rendered)
    problems(run, result.diagnostics)
    unknown = [file for file in wanted if file not in result.rendered]
    if unknown and result.valid:
        raise UsageError(
            f"{unknown[0]!r} is no manifest of this project", hint=f"there are {', '.join(result.rendered)}"
        )
    texts = [f"# Source: {file}\n{result.rendered[file].strip()}\n" for file in wanted if file in result.rendered]
    write_out(run.redactor.text("---\n".join(texts)))
    return ExitCode.FINE if result.valid else ExitCode.ERROR

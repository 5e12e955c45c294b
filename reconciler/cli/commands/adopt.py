"""`adopt`: writes manifests of live objects that no manifest declares yet."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.commands.export import exported
from reconciler.cli.files import replace_files, write_new
from reconciler.cli.output import one_line, problems
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import ReconcilerError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.diagnostic import sort_diagnostics
from reconciler.strings import count

if TYPE_CHECKING:
    from reconciler.project.config import Project


def adopt(
    context: typer.Context,
    *,
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Live objects, as plans print them.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every live object that no manifest declares.")] = False,
    name_pattern: Annotated[
        str, typer.Option("--name-pattern", metavar="GLOB", help="Of these only names like this, as in 'Spring *'.")
    ] = "",
    environment: flags.Env = "",
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="The folder to write into.")] = "",
    into: Annotated[
        str, typer.Option("--into", metavar="FILE", help="Append to this file, in its style, and write no new ones.")
    ] = "",
    live: flags.LiveFile = "",
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that say something else, and edit uncommitted ones.")
    ] = False,
    parallelism: flags.Parallelism = 8,
) -> int:
    """Write manifests of live objects; the next apply makes the environment their owner."""
    from reconciler.project.adopt_live import append_to, choose_live
    from reconciler.project.environment_session import open_environment
    from reconciler.project.live_state import doubts, read_everything
    from reconciler.project.plan_environment import load_declared

    run = session(context)
    _check(addresses or [], output, into, every=all_)
    whole = project(run)
    name = select_environment(whole, environment)
    manifest = load_declared(whole, name)
    if not manifest.valid:
        problems(run, manifest.diagnostics)
        return ExitCode.ERROR
    with open_environment(whole, name, build_plan_request(run, live=live, parallelism=parallelism).access) as opened:
        found = read_everything(opened)
    chosen = choose_live(found, manifest, addresses or (), every=all_, pattern=name_pattern)
    files, left_out = exported(found, only=chosen.ids, command="adopt")
    if into and files:
        pair = append_to(whole, name, into, list(files.values()), manifest)
        _check_committed(run, into, pair[0], force=force)
        replace_files(run.root, {into: pair})
    elif files:
        write_new(run.root, output, files, force=force)
    problems(run, sort_diagnostics((*doubts(found), *left_out)))
    for line in chosen.left_out:
        (run.note if all_ else run.say)(one_line(line))
    _announce(run, whole, name, files, into or output)
    return ExitCode.FINE if all(one.reading.complete for one in found) else ExitCode.PARTIAL


def _check(addresses: list[str], output: str, into: str, *, every: bool) -> None:
    if bool(addresses) == every:
        raise UsageError("name live objects, or all of them", hint="adopt 'SmartLiveRoom[\"Morning\"]', or adopt --all")
    if bool(output) == bool(into):
        raise UsageError("where are the manifests written?", hint="pass -o DIR, or --into FILE")


def _check_committed(run: CommandContext, file: str, data: bytes, *, force: bool) -> None:
    """Raise UsageError for a file with changes that are not committed."""
    from reconciler.manifest.files.git_changes import uncommitted

    if force:
        return
    try:
        reason = uncommitted(run.root, {file: data}).get(file, "")
    except ReconcilerError as problem:
        raise UsageError(problem.message, code="E_ACCEPT_NO_GIT", hint="pass --force") from None
    if reason:
        raise UsageError(f"{file}: {reason}", code="E_ACCEPT_DIRTY", hint="commit it first, or pass --force")


def _announce(run: CommandContext, whole: "Project", name: str, files: dict[str, str], where: str) -> None:
    """Note the written files, and the owner of the objects after the next apply."""
    from reconciler.project.adopt_live import is_read

    if not files:
        run.note("Nothing to adopt: manifests declare every live object that was asked for.")
        return
    run.note(f"Wrote {count(len(files), 'manifest')} to {run.path(where)}.")
    if is_read(whole, where):
        run.note(f"The next apply of {name} makes {whole.owner(name)} the owner of {count(len(files), 'object')}.")
    else:
        run.note(
            f"Plans do not read {where}: add it to `manifests:` of reconciler.yaml, then the next apply owns them."
        )

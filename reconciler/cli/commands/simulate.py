"""`simulate`: serves a simulated API on loopback, and edits the objects that an environment's simulator keeps."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import completion, flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.files import open_log
from reconciler.cli.output import write_out
from reconciler.cli.request_builder import project, select_environment
from reconciler.errors import UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.json_types import as_object
from reconciler.strings import count

if TYPE_CHECKING:
    from reconciler.project.config import Environment
    from reconciler.simulator import KeptSimulator
    from reconciler.simulator.field_edits import EditedField

simulate = typer.Typer(rich_markup_mode=None, help="Serve a simulated API, or edit what a simulated environment keeps.")


@simulate.callback(invoke_without_command=True)
def served(
    context: typer.Context,
    *,
    seed: Annotated[str, typer.Option("--seed", metavar="FILE", help="What it holds at the start; else nothing.")] = "",
    behaves_like: Annotated[
        str, typer.Option("--behaves-like", metavar="FILE", help="Behave as `doctor --output` observed a service to.")
    ] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes a free one.")] = 0,
    log: Annotated[str, typer.Option("--log", metavar="FILE", help="Write requests there, a JSON line each.")] = "",
) -> int:
    """Serve a simulated API on 127.0.0.1.

    The address is printed first and then nothing; it stops on SIGTERM. A seed file declares its
    objects and its behaviour; without `project_id` in it, every project id begins with them.

    `simulate edit` and `simulate reset` change what the simulator of an environment keeps in its
    `state` file instead.
    """
    if context.invoked_subcommand is not None:
        return ExitCode.FINE
    from reconciler.simulator import Simulator, load_seed
    from reconciler.simulator.server import serve

    run = session(context)
    known = load_seed(run.path(seed), seed) if seed else {}
    if behaves_like:
        observed = as_object(load_seed(run.path(behaves_like), behaves_like).get("behaviours"))
        known = {**known, "behaviours": {**as_object(known.get("behaviours")), **observed}}
    simulator = Simulator(known)
    with open_log(run.root, log) if log else nullcontext() as sink:
        serve(simulator, port, sink, write_out)
    return ExitCode.FINE


@simulate.command("edit")
def edit(
    context: typer.Context,
    *,
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", autocompletion=completion.addresses, help='As plans print it: SmartLiveRoom["Morning"].'
        ),
    ],
    edits: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD=VALUE]...", help="The field as plans print it; null clears it."),
    ] = None,
    environment: flags.Env = "",
    delete: Annotated[bool, typer.Option("--delete", help="Delete the object.")] = False,
) -> int:
    """Change a live object as a colleague does in the console.

    It is the object that the environment's simulator keeps. The next plan shows the difference
    as drift. A name is a field too: set it to rename the object.
    """
    from reconciler.project.connection_settings import project_id
    from reconciler.simulator.field_edits import edit_object, find_object, parse_edit

    run = session(context)
    if bool(edits) == delete:
        raise UsageError(
            "nothing is to be changed" if not edits else "--delete and FIELD=VALUE do not go together",
            hint="name fields, such as 'room_description=On air at nine', or --delete",
        )
    parsed = [parse_edit(word) for word in edits or ()]
    place, kept = _kept(run, environment)
    with kept.editing() as simulator:
        found = find_object(simulator, project_id(place), address)
        done = edit_object(found, parsed)
        if delete:
            found.console.remove(found.entry)
    write_out("\n".join(_told(found.address, found.entry.id, done, deleted=delete)))
    return ExitCode.FINE


@simulate.command("reset")
def reset(context: typer.Context, *, environment: flags.Env = "") -> int:
    """Start again from the seed of an environment's simulator.

    What was applied and edited is forgotten there; the ledger still has what was applied.
    """
    run = session(context)
    place, kept = _kept(run, environment)
    kept.reset()
    write_out(f"{place.state} holds the objects of {place.seed} again.")
    return ExitCode.FINE


def _kept(run: CommandContext, name: str) -> "tuple[Environment, KeptSimulator]":
    """Return an environment and the simulator that keeps its objects. Raises UsageError where none are kept."""
    from reconciler.project.connection_settings import kept_simulator

    whole = project(run)
    chosen = select_environment(whole, name)
    place = whole.environments[chosen]
    if not place.state:
        what, hint = _not_kept(place)
        raise UsageError(
            f"the environment {chosen!r} cannot be edited here: {what}", code="E_SIMULATOR_NONE", hint=hint
        )
    return place, kept_simulator(whole, place)


def _not_kept(place: "Environment") -> tuple[str, str]:
    """Return why nothing of an environment is kept on this machine, and what to do instead."""
    if place.local and not place.embedded:
        body = f'{{"kind": "SmartLiveRoom", "project": "{place.project_id}", "name": "…", "set": {{"FIELD": "VALUE"}}}}'
        return (
            f"its live side is served at {place.url}, by a process of its own",
            f"if that is `reconciler simulate`, ask it: curl -d '{body}' {place.url}/_control/edit",
        )
    hint = f"write `simulator: {{seed: {place.seed or 'live.yaml'}, state: .reconciler/simulator.json}}`"
    if place.embedded:
        return "its simulator keeps nothing", f"{hint} in place of its `endpoint`"
    return "its live side is not simulated", f"{hint} into an environment without `endpoint` and `region`"


def _told(address: str, object_id: str, done: "Sequence[EditedField]", *, deleted: bool) -> Iterator[str]:
    from reconciler.reports.escaping import escape_line
    from reconciler.reports.value_format import spell_sides

    verb = "deleted" if deleted else f"edited, {count(len(done), 'field')}" if done else "unchanged: it is so already"
    yield escape_line(f"{address} [id={object_id}]: {verb}")
    for one in done:
        before, after = spell_sides(one.before, one.after)
        yield escape_line(f"  ~ {one.path} = ") + f"{before} -> {after}"

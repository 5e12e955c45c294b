"""Commands, in the order of the reference, with where each is and what the help's list says of it.

A command's module is loaded when the command is named: the others, and what they need, cost nothing.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import typer


class CommandEntry(NamedTuple):
    """Where a command is (`module:attribute`), its description's first paragraph, and whether commands are below it."""

    place: str
    summary: str
    is_group: bool = False


COMMANDS: Mapping[str, CommandEntry] = {
    "init": CommandEntry("reconciler.cli.commands.init:init", "Make a repository that plans at once."),
    "validate": CommandEntry(
        "reconciler.cli.commands.validate:validate", "Check the manifests; every problem with its place."
    ),
    "test": CommandEntry(
        "reconciler.cli.commands.test:run_tests",
        "Run the tests of interaction rules: what each event leads to, "
        "under every reading that a test does not assume.",
    ),
    "events": CommandEntry(
        "reconciler.cli.commands.events:events", "Make recordings of viewers' events.", is_group=True
    ),
    "render": CommandEntry(
        "reconciler.cli.commands.render:render", "Print manifests as they are after their templates."
    ),
    "replay": CommandEntry(
        "reconciler.cli.commands.replay:replay",
        "Show what viewers' events lead to before and after the manifests are applied.",
    ),
    "plan": CommandEntry("reconciler.cli.commands.plan:plan", "Show what would change, and why; nothing is written."),
    "apply": CommandEntry("reconciler.cli.commands.apply:apply", "Make live match the manifests, change by change."),
    "accept": CommandEntry(
        "reconciler.cli.commands.accept:accept",
        "Write live values back into the manifests' sources, and show the edits as a diff.",
    ),
    "adopt": CommandEntry(
        "reconciler.cli.commands.adopt:adopt",
        "Write manifests of live objects; the next apply makes the environment their owner.",
    ),
    "destroy": CommandEntry(
        "reconciler.cli.commands.destroy:destroy", "Delete what the environment owns: shows the plan, and asks."
    ),
    "show": CommandEntry("reconciler.cli.commands.show:show", "Show a plan that was written as JSON, in any format."),
    "comment": CommandEntry(
        "reconciler.cli.commands.comment:comment", "Post a plan as a comment, or update the one that is there."
    ),
    "explain": CommandEntry(
        "reconciler.cli.commands.explain:explain",
        "Tell what a field of a kind is, or where each value of a resource comes from.",
    ),
    "get": CommandEntry(
        "reconciler.cli.commands.get:get", "List live objects, by the filters that the service documents."
    ),
    "describe": CommandEntry(
        "reconciler.cli.commands.describe:describe",
        "Show all fields of one live object, its rules in words, its owner and its last changes.",
    ),
    "export": CommandEntry(
        "reconciler.cli.commands.export:export",
        "Write what is live as manifests, one file a resource; `adopt` writes what no manifest declares yet.",
    ),
    "snapshot": CommandEntry(
        "reconciler.cli.commands.snapshot:snapshot", "Keep what is live in a file, masked, for `plan --live`."
    ),
    "audit": CommandEntry(
        "reconciler.cli.commands.audit:audit", "Compare environments with their manifests; exit 2 on drift."
    ),
    "compare": CommandEntry("reconciler.cli.commands.compare:compare", "Tell what differs between environments."),
    "doctor": CommandEntry(
        "reconciler.cli.commands.doctor:doctor",
        "Measure what the service does; nothing of yours is written, and without --probe-writes nothing at all.",
    ),
    "history": CommandEntry(
        "reconciler.cli.commands.history:history", "Show past runs, and resolve unknown outcomes.", is_group=True
    ),
    "lock": CommandEntry(
        "reconciler.cli.commands.lock:lock", "Show who holds an environment's lock, or take it away.", is_group=True
    ),
    "schema": CommandEntry("reconciler.cli.commands.schema:schema", "Print, write or check the JSON Schemas."),
    "simulate": CommandEntry(
        "reconciler.cli.commands.simulate:simulate",
        "Serve a simulated API, or edit what a simulated environment keeps.",
        is_group=True,
    ),
    "version": CommandEntry("reconciler.cli.commands.version:version", "Print the version."),
    "help": CommandEntry(
        "reconciler.cli.commands.help:show_help",
        "Print the page of a command, or what the words of another tool are here.",
    ),
}


def load_command(name: str) -> "Callable[..., Any] | typer.Typer":
    """Import the module of a command and return its function, or its group."""
    module, _, attribute = COMMANDS[name].place.partition(":")
    found: Callable[..., Any] | typer.Typer = getattr(import_module(module), attribute)
    return found

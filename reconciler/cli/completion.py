"""Shell completion: environments, addresses, labels, formats and classes, from the project's files alone.

No request is made, and a project that cannot be read completes nothing: a message would end up in the command line.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reconciler.model.change import Attribution

if TYPE_CHECKING:
    from reconciler.model.resource import DeclaredResource
    from reconciler.project.config import Project

VARIABLE = "_RECONCILER_COMPLETE"
"""Set by the shell's function to what is asked: `complete_bash`."""


def is_completion(variables: Mapping[str, str]) -> bool:
    """Tell whether a shell asks for completions."""
    return bool(variables.get(VARIABLE))


def escape_in_bash() -> None:
    """Let bash take a candidate with blanks, quotes and brackets as one word; the other shells quote by themselves."""
    from typer._click.shell_completion import add_completion_class
    from typer._completion_classes import BashComplete

    class EscapingBashComplete(BashComplete):
        """Escapes each candidate as bash reads it on the command line."""

        def format_completion(self, item: Any) -> str:
            return "".join(char if char.isalnum() or char in _PLAIN else f"\\{char}" for char in item.value)

    add_completion_class(EscapingBashComplete, "bash")


_PLAIN = "-_./:=@%+,"


def environments(ctx: typer.Context) -> list[str]:
    """Return the environments of the project."""
    return _quiet(lambda: _project(ctx).environments)


def addresses(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the declared addresses; the names too, where one is begun."""
    found = _quiet(lambda: _resources(ctx))
    return [one.address for one in found] + [one.name for one in found if incomplete and one.name]


def labels(ctx: typer.Context) -> list[str]:
    """Return the labels of the manifests with their values."""
    found = _quiet(lambda: _resources(ctx))
    return sorted({f"{name}={value}" for one in found for name, value in one.labels.items()})


def formats() -> list[str]:
    """Return the names of the reports, those of plugins included."""
    from reconciler.entry_points import registered

    return _quiet(lambda: [one.name for one in registered("reconciler.reporters")])


def reports() -> list[str]:
    """Return the beginnings of `--report FORMAT=FILE`."""
    return [f"{name}=" for name in formats()]


def classes(incomplete: str) -> list[str]:
    """Return the classes of `--fail-on`, after those that are there already."""
    before, comma, _ = incomplete.rpartition(",")
    return [f"{before}{comma}{one.value}" for one in Attribution if one.value not in before.split(",")]


def kinds() -> list[str]:
    """Return the words of the kinds."""
    from reconciler.kinds.registry import all_kinds

    return _quiet(lambda: [kind.plural_word for kind in all_kinds().values()])


def topics(ctx: typer.Context) -> list[str]:
    """Return what `help` has a page of: the commands, and the tools whose words it knows."""
    from reconciler.cli.foreign_words import foreign_words

    root: Any = ctx.find_root().command
    return [*root.commands, *(tool.casefold() for tool in foreign_words().tools)]


def _quiet(read: Callable[[], Iterable[Any]]) -> list[Any]:
    """Return what is read; nothing where it cannot be read, whatever the reason."""
    try:
        return list(read())
    except Exception:
        return []


def _project(ctx: typer.Context) -> "Project":
    from reconciler.project.config_file import load_project

    folders = ctx.find_root().params.get("chdir") or []
    late = ctx.obj.flags.get("chdir", []) if ctx.obj is not None else []
    return load_project(Path(reduce(os.path.join, [*folders, *late], "")))


def _resources(ctx: typer.Context) -> "Iterable[DeclaredResource]":
    from reconciler.project.declared_state import load_declared

    project = _project(ctx)
    named = ctx.params.get("environment")
    names = [named] if isinstance(named, str) and named else list(named or project.environments)[:1]
    return load_declared(project, names[0]).resources

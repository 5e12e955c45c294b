"""`init`: a repository that plans at once, against the simulator or from what is live."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

import typer

from reconciler.cli.commands.schema import all_schemas
from reconciler.cli.exits import Exit
from reconciler.cli.output import write_new, write_out
from reconciler.cli.session import session

_NAMES = {"gitignore": ".gitignore"}
"""Starter files whose name would mean something where they are kept."""


def init(
    context: typer.Context,
    *,
    directory: Annotated[str, typer.Argument(metavar="[DIR]", help="Where; by default here.")] = "",
) -> int:
    """Make a repository that plans at once.

    Nothing that exists is overwritten. The plan is against a simulated API, so that it needs no account.
    """
    run = session(context)
    target = run.path(directory)
    texts = dict(_starter(files("reconciler.cli") / "starter"))
    texts |= {f"schemas/{name}": text for name, text in all_schemas().items()}
    write_new(target, texts)
    where = f"-C {directory} " if directory else ""
    write_out(f"Made {len(texts)} files in {target}. Try next:\n\n  reconciler {where}plan\n")
    return Exit.FINE


def _starter(folder: Traversable, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = before + _NAMES.get(entry.name, entry.name)
        if entry.is_dir():
            yield from _starter(entry, f"{name}/")
        else:
            yield name, entry.read_text(encoding="utf-8")

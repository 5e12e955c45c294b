"""`init`: a repository that plans at once, against the simulator or from what is live."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.commands.schema import all_schemas
from reconciler.cli.exits import Exit
from reconciler.cli.output import write_file, write_out
from reconciler.cli.session import session
from reconciler.errors import UsageError

_NAMES = {"gitignore": ".gitignore"}
"""Starter files whose name would mean something where they are kept."""


def init(
    context: typer.Context,
    *,
    directory: Annotated[str, typer.Argument(metavar="[DIR]", help="Where; by default here.")] = "",
) -> int:
    """Make a repository that plans at once; nothing that exists is overwritten."""
    run = session(context)
    target = run.path(directory)
    texts = dict(_starter(files("reconciler.cli") / "starter"))
    texts |= {f"schemas/{name}": text for name, text in all_schemas().items()}
    taken = [name for name in texts if (target / name).exists()]
    if taken:
        raise UsageError(
            f"{target / taken[0]} exists already and would be overwritten", hint="choose an empty or new folder"
        )
    for name, text in texts.items():
        _write(target / name, text)
    where = f"-C {directory} " if directory else ""
    write_out(f"Made {len(texts)} files in {target}. Try next:\n\n  reconciler {where}plan\n")
    return Exit.FINE


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be made: {error.strerror}") from None
    write_file(path, text)


def _starter(folder: Traversable, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = before + _NAMES.get(entry.name, entry.name)
        if entry.is_dir():
            yield from _starter(entry, f"{name}/")
        else:
            yield name, entry.read_text(encoding="utf-8")

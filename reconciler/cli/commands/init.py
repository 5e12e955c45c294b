"""`init`: creates a repository that plans at once, against the simulator or from live objects."""

import json
import os
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.commands.export import exported
from reconciler.cli.commands.schema import all_schemas
from reconciler.cli.files import write_file, write_new
from reconciler.cli.output import problems, write_out
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import ApiError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.diagnostic import sort_diagnostics

if TYPE_CHECKING:
    from reconciler.project.config import Environment

_NAMES = {"gitignore": ".gitignore"}
"""Starter files whose name would have an effect in the package's folder."""


def init(
    context: typer.Context,
    *,
    directory: Annotated[str, typer.Argument(metavar="[DIR]", help="Where; by default here.")] = "",
    from_env: Annotated[
        str, typer.Option("--from-env", metavar="ENV", help="Start from what is live in ENV of this folder's project.")
    ] = "",
    id_: Annotated[bool, typer.Option("--id", help="Only add an `id` to the project file that is there.")] = False,
) -> int:
    """Make a repository that plans at once.

    Nothing that exists is overwritten. The plan is against a simulated API, so that it needs no account; with
    --from-env it is against what is live, and shows no changes. With --id nothing is made: the project file that is
    there gets an `id`, which tells who owns objects.
    """
    run = session(context)
    target = run.path(directory)
    if id_:
        return _identified(run, directory, from_env)
    texts = _exported(run, from_env) if from_env else dict(_starter(files("reconciler.cli") / "starter"))
    texts["reconciler.yaml"] = _with_id(target, texts["reconciler.yaml"])
    texts |= {f"schemas/{name}": text for name, text in all_schemas().items()}
    write_new(run.root, directory, texts)
    where = f"-C {directory} " if directory else ""
    write_out(f"Made {len(texts)} files in {target}. Try next:\n\n  reconciler {where}plan\n")
    return ExitCode.FINE


def _identified(run: CommandContext, directory: str, from_env: str) -> int:
    """Add an id to the project file of a folder."""
    from reconciler.project.config import FILE
    from reconciler.project.ownership import new_id
    from reconciler.project.project_id import add_id, read_project_file

    if from_env:
        raise UsageError("--id and --from-env do not go together", hint="give one of them")
    fresh, name = new_id(), os.path.join(directory, FILE)
    write_file(run.root, name, add_id(read_project_file(run.path(directory)), fresh))
    write_out(f"Wrote `id: {fresh}` into {name}. Commit it; never copy it into another repository.\n")
    return ExitCode.FINE


def _with_id(target: Path, text: str) -> str:
    """Return a new project file's text with an id: that of the existing file, if it is otherwise the same."""
    from reconciler.project.ownership import new_id
    from reconciler.project.project_id import add_id, known_id

    return add_id(text, known_id(target) or new_id())


def _exported(run: CommandContext, name: str) -> dict[str, str]:
    """Return a repository that declares the live objects of one environment, and nothing else."""
    from reconciler.project.connection_settings import seed_content
    from reconciler.project.environment_session import open_environment
    from reconciler.project.live_state import doubts, read_everything

    whole = project(run)
    with open_environment(whole, select_environment(whole, name), build_plan_request(run).access) as opened:
        found = read_everything(opened)
        environment = opened.environment
    texts, left_out = exported(found)
    problems(run, sort_diagnostics((*doubts(found), *left_out)))
    incomplete = [one for one in found if not one.reading.complete]
    if incomplete:
        raise ApiError(
            f"{incomplete[0].kind.name}: {incomplete[0].reading.incomplete}: nothing was written",
            code="E_READ_INCOMPLETE",
            hint="run it again",
        )
    if environment.embedded:
        texts[environment.seed] = seed_content(whole, environment).decode("utf-8")
    folders = sorted(one.folder for one in found)
    return texts | {"reconciler.yaml": _project(whole.name, name, environment, folders), ".gitignore": ".reconciler/\n"}


def _project(name: str, environment: str, keys: "Environment", folders: list[str]) -> str:
    """Return a project file with one environment; JSON is YAML, so no further quoting is needed."""
    place = keys.model_dump(by_alias=True, exclude_defaults=True, exclude={"values", "cache"})
    return (
        "# yaml-language-server: $schema=schemas/project.schema.json\n"
        f"name: {name}\n"
        f"manifests: {json.dumps(folders)}\n"
        "environments:\n"
        f"  {environment}: {json.dumps(place, ensure_ascii=False)}\n"
    )


def _starter(folder: Traversable, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = before + _NAMES.get(entry.name, entry.name)
        if entry.is_dir():
            yield from _starter(entry, f"{name}/")
        else:
            yield name, entry.read_text(encoding="utf-8")

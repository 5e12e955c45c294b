"""`init`: creates a repository that plans at once, against the simulator or from live objects."""

import os
import re
import shlex
import sys
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
from reconciler.cli.output import problems, progress, write_out
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.errors import ApiError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.late_patterns import late_pattern
from reconciler.model.diagnostic import sort_diagnostics
from reconciler.model.json_types import Json

if TYPE_CHECKING:
    from reconciler.project.config import Project

_NAMES = {"gitignore": ".gitignore"}
"""Starter files whose name would have an effect in the package's folder."""

_EDIT = """'InteractionRuleGroup["Welcome"]' 'interaction_rules[0].trigger.reply_texts[0]=A tin is 88 yuan.'"""
_NAME_LINE = late_pattern(r"^name: .*$", re.MULTILINE)
_STATE = ".reconciler/simulator.json"


def init(
    context: typer.Context,
    *,
    directory: Annotated[str, typer.Argument(metavar="[DIR]", help="Where; by default here.")] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Name of the project; else a terminal asks for it.")
    ] = "",
    from_env: Annotated[
        str, typer.Option("--from-env", metavar="ENV", help="Start from what is live in ENV of this folder's project.")
    ] = "",
    id_: Annotated[bool, typer.Option("--id", help="Only add an `id` to the project file that is there.")] = False,
) -> int:
    """Make a repository that plans at once.

    Nothing that exists is overwritten. The live side is a simulated API that keeps what is
    applied, so that it needs no account; with --from-env it is ENV, and a plan shows no changes.
    With --id nothing is made: the project file that is there gets an `id`, which tells who owns
    objects.
    """
    run = session(context)
    target = run.path(directory)
    if id_:
        return _identified(run, directory, from_env or name)
    check_name(name)
    texts = _exported(run, from_env) if from_env else dict(_starter(files("reconciler.cli") / "starter"))
    texts["reconciler.yaml"] = _own(run, target, texts["reconciler.yaml"], name)
    texts |= {f"schemas/{file}": text for file, text in all_schemas().items()}
    write_new(run.root, directory, texts)
    write_out("\n".join(_next_steps(directory, target, len(texts), started=not from_env)))
    return ExitCode.FINE


def check_name(name: str) -> None:
    """Raise UsageError for a name that no project file may have."""
    from reconciler.project.project_id import NAME

    if name and not NAME.fullmatch(name):
        raise UsageError(
            f"--name {name!r} is no name of a project",
            hint="letters, digits, dots, dashes and underscores, beginning with a letter or digit, 64 at most",
        )


def _next_steps(directory: str, target: Path, count: int, *, started: bool) -> Iterator[str]:
    yield f"Made {count} files in {target}. Try next:\n"
    if directory:
        yield f"  cd {shlex.quote(directory)}"
    yield "  reconciler plan"
    if started:
        yield "  reconciler apply"
        yield "\nThen play a colleague who edits in the console, and see it as drift:\n"
        yield f"  reconciler simulate edit {_EDIT}"
        yield "  reconciler plan"


def _identified(run: CommandContext, directory: str, other: str) -> int:
    """Add an id to the project file of a folder; `other` is an option that does not go with it."""
    from reconciler.project.config import FILE
    from reconciler.project.project_id import add_id, read_project_file
    from reconciler.project.project_identity import new_id

    if other:
        raise UsageError("--id goes with neither --from-env nor --name", hint="give one of them")
    fresh, name = new_id(), os.path.join(directory, FILE)
    write_file(run.root, name, add_id(read_project_file(run.path(directory)), fresh))
    write_out(f"Wrote `id: {fresh}` into {name}. Commit it; never copy it into another repository.\n")
    return ExitCode.FINE


def _own(run: CommandContext, target: Path, text: str, name: str) -> str:
    """Return a new project file's text with its name and id: those of the existing file, if nothing else differs."""
    from reconciler.manifest.yaml import writer
    from reconciler.project.project_id import add_id, known_id, known_name, usable_name
    from reconciler.project.project_identity import new_id

    known = name or known_name(target) or _asked_name(run, usable_name(target))
    return add_id(_NAME_LINE.sub(f"name: {writer.text(known)}", text, count=1), known_id(target) or new_id())


def _asked_name(run: CommandContext, usual: str) -> str:
    """Ask for the name of the project at a terminal; elsewhere it is the folder's."""
    if not sys.stdin.isatty():
        return usual
    run.log.ask(f"Name of the project [{usual}]: ")
    answer = sys.stdin.readline().strip()
    check_name(answer)
    return answer or usual


def _exported(run: CommandContext, name: str) -> dict[str, str]:
    """Return a repository that declares the live objects of one environment, and nothing else."""
    from reconciler.project.environment_session import open_environment
    from reconciler.project.live_state import doubts, read_everything

    whole = project(run)
    chosen = select_environment(whole, name)
    access = build_plan_request(run).access
    with open_environment(whole, chosen, access) as opened, progress(run, f"Reading {chosen}"):
        found = read_everything(opened)
    manifests, left_out = exported(found)
    problems(run, sort_diagnostics((*doubts(found), *left_out)))
    incomplete = [one for one in found if not one.reading.complete]
    if incomplete:
        raise ApiError(
            f"{incomplete[0].kind.name}: {incomplete[0].reading.incomplete}: nothing was written",
            code="E_READ_INCOMPLETE",
            hint="run it again",
        )
    texts = {file: f"{_modeline('../schemas/manifest.schema.json')}\n{text}" for file, text in manifests.items()}
    written = {file.partition("/")[0] for file in manifests}
    folders = sorted(one.folder for one in found if one.folder in written) or sorted(one.folder for one in found)[:1]
    texts["reconciler.yaml"] = _project(whole, chosen, folders)
    if whole.environments[chosen].embedded:
        from reconciler.project.connection_settings import seed_text

        texts[whole.environments[chosen].seed] = seed_text(whole, whole.environments[chosen])
    return texts | {".gitignore": ".reconciler/\n"}


def _project(whole: "Project", chosen: str, folders: list[str]) -> str:
    """Return a project file with one environment; a simulated one keeps its objects."""
    from reconciler.manifest.yaml import writer

    environment = whole.environments[chosen]
    keys = environment.beside_defaults(without=frozenset({"values", "cache"}))
    if environment.embedded:
        keys = {"simulator": {"seed": environment.seed, "state": environment.state or _STATE}} | keys
        keys.pop("endpoint", None)
    value: dict[str, Json] = {"name": whole.name, "manifests": folders, "environments": {chosen: keys}}
    return f"{_modeline('schemas/project.schema.json')}\n{writer.document((), value)}"


def _modeline(schema: str) -> str:
    """Return the comment by which editors find a file's schema; only files without Jinja are YAML to an editor."""
    return f"# yaml-language-server: $schema={schema}"


def _starter(folder: Traversable, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = before + _NAMES.get(entry.name, entry.name)
        if entry.is_dir():
            yield from _starter(entry, f"{name}/")
        else:
            yield name, entry.read_text(encoding="utf-8")

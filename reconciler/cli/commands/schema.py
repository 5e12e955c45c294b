"""`schema`: JSON Schemas of all input and output formats."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.files import write_new
from reconciler.cli.output import write_out
from reconciler.errors import ReconcilerError, UsageError
from reconciler.exit_codes import ExitCode


def schema(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Print this schema; none lists them.")] = "",
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Write them all there.")] = "",
    check: Annotated[str, typer.Option("--check", metavar="DIR", help="Exit 1 where the files there differ.")] = "",
) -> int:
    """Print, write or check the JSON Schemas."""
    run = session(context)
    schemas = all_schemas()
    if check:
        return _check(run, run.path(check), schemas)
    if output:
        write_new(run.root, output, schemas, force=True)
        run.note(f"Wrote {len(schemas)} schemas to {run.path(output)}.")
        return ExitCode.FINE
    return _print(name, schemas)


def all_schemas() -> dict[str, str]:
    """Return every schema's text by file name."""
    from reconciler.interaction_rules.schemas import rule_schemas
    from reconciler.kinds.registry import all_kinds
    from reconciler.manifest.json_schema import schemas, written
    from reconciler.planfile.schema import plan_schema
    from reconciler.project.config import project_schema

    others = {"project.schema.json": project_schema(), "plan.schema.json": plan_schema(), **rule_schemas()}
    return {name: written(one) for name, one in schemas(all_kinds(), others).items()}


def _check(run: CommandContext, folder: Path, schemas: Mapping[str, str]) -> int:
    wrong = [name for name, text in schemas.items() if _content(folder / name) != text]
    extra = [path.name for path in sorted(folder.glob("*.schema.json")) if path.name not in schemas and _ours(path)]
    for name in wrong:
        run.say(f"{folder / name}: is not what `reconciler schema --output {folder}` writes")
    for name in extra:
        run.say(f"{folder / name}: no schema has this name any more")
    return ExitCode.ERROR if wrong or extra else ExitCode.FINE


def _ours(path: Path) -> bool:
    """Whether a file is a generated schema: a folder may hold other schemas too."""
    from reconciler.manifest.json_schema import BASE

    return f'"$id": "{BASE}' in _content(path)


def _content(path: Path) -> str:
    from reconciler.manifest.files.project_tree import DOCUMENT, read_file

    try:
        return read_file(path, DOCUMENT).decode("utf-8", "replace")
    except ReconcilerError:
        return ""


def _print(name: str, schemas: Mapping[str, str]) -> int:
    if not name:
        write_out("\n".join(file.removesuffix(".schema.json") for file in schemas))
        return ExitCode.FINE
    if f"{name}.schema.json" not in schemas:
        known = ", ".join(file.removesuffix(".schema.json") for file in schemas)
        raise UsageError(f"there is no schema {name!r}", hint=f"there are {known}")
    write_out(schemas[f"{name}.schema.json"], human=False, parsed=True)
    return ExitCode.FINE

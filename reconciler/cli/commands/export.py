"""`export`: writes live objects as manifests, one file a resource."""

import hashlib
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import session
from reconciler.cli.files import write_new
from reconciler.cli.output import problems, progress
from reconciler.cli.request_builder import build_plan_request, project, select_environment
from reconciler.exit_codes import ExitCode
from reconciler.model.diagnostic import Diagnostic, sort_diagnostics
from reconciler.strings import count, normalize_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.model.resource import LiveResource
    from reconciler.project.live_state import LiveKind

_SLUG = 40
"""Characters of a name that are kept in its file's name."""


def export(
    context: typer.Context,
    *,
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="The folder to write into.")],
    environment: flags.Env = "",
    live: flags.LiveFile = "",
    force: Annotated[bool, typer.Option("--force", help="Replace files that say something else.")] = False,
    parallelism: flags.Parallelism = 8,
) -> int:
    """Write what is live as manifests, one file a resource; `adopt` writes what no manifest declares yet."""
    from reconciler.project.environment_session import open_environment
    from reconciler.project.live_state import doubts, read_everything

    run = session(context)
    whole = project(run)
    ask = build_plan_request(run, live=live, parallelism=parallelism)
    name = select_environment(whole, environment)
    with open_environment(whole, name, ask.access) as opened, progress(run, f"Reading {name}"):
        found = read_everything(opened)
    files, left_out = exported(found)
    write_new(run.root, output, files, force=force)
    doubted = doubts(found)
    problems(run, sort_diagnostics((*doubted, *left_out)))
    run.note(f"Wrote {count(len(files), 'manifest')} to the folder {run.path(output)}")
    complete = all(one.reading.complete for one in found)
    return ExitCode.FINE if complete else ExitCode.PARTIAL


def exported(
    found: "Iterable[LiveKind]", *, only: "Collection[str] | None" = None, command: str = "export"
) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """Return the manifests of live objects by file name, and the problems; `only` are the ids of those wanted."""
    from reconciler.manifest.export import export_manifests

    files: dict[str, str] = {}
    left_out: list[Diagnostic] = []
    for one in found:
        emitted = export_manifests(one.kind, one.ours, only=only, command=command)
        left_out += emitted.diagnostics
        files |= {f"{one.folder}/{file_name(live)}": text for live, text in emitted.manifests}
    return files, tuple(left_out)


def file_name(live: "LiveResource") -> str:
    """Return a readable and unique file name: the name's letters and digits, CJK kept, and a short hash."""
    folded = normalize_name(live.name).lower()
    words = "".join(char if char.isalnum() else " " for char in folded).split()
    digest = hashlib.sha256(f"{live.kind}\0{live.name}\0{live.id}".encode(errors="surrogatepass")).hexdigest()[:6]
    return f"{'-'.join(words)[:_SLUG].rstrip('-') or 'unnamed'}-{digest}.yaml"

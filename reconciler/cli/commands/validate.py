"""`validate`: reports every problem of the manifests at once, without any API call."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli import flags
from reconciler.cli.command_context import CommandContext, session
from reconciler.cli.output import parse_output_flags, write_report
from reconciler.cli.request_builder import document_cache, project, project_files, select_environments
from reconciler.exit_codes import ExitCode
from reconciler.model.diagnostic import has_errors, sort_diagnostics
from reconciler.model.report import Report

if TYPE_CHECKING:
    from reconciler.manifest.document_cache import DocumentCache
    from reconciler.project.clean_validation import CleanValidation
    from reconciler.project.config import Project


def validate(
    context: typer.Context,
    *,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Only what these files or folders declare.")
    ] = None,
    files: flags.Files = None,
    environment: flags.Envs = None,
    set_: flags.Sets = None,
    format_: flags.Format = "text",
    report: flags.Reports = None,
    today: flags.Today = "",
    untrusted: flags.Untrusted = False,
    no_cache: flags.NoCache = False,
) -> int:
    """Check the manifests; every problem with its place."""
    run = session(context)
    how = parse_output_flags(format_, report)
    date, only = run.today(today), project_files(run, [*(paths or ()), *(files or ())])
    cache = document_cache(run, off=no_cache or untrusted)
    earlier = _earlier(run, cache, environment, only, date) if cache is not None and not set_ else None
    if earlier is not None and earlier.is_known():
        found = Report(command="validate")
    else:
        whole = project(run, untrusted=untrusted, cache=cache)
        names = select_environments(whole, environment)
        found = _validated(whole, names, tuple(set_ or ()), date, only=only, cache=cache, earlier=earlier)
    write_report(run, found, how)
    if cache is not None:
        cache.finish()
    return ExitCode.ERROR if has_errors(found.diagnostics) else ExitCode.FINE


def _earlier(
    run: CommandContext, cache: "DocumentCache", environments: Sequence[str] | None, only: tuple[str, ...], today: date
) -> "CleanValidation":
    from reconciler.project.clean_validation import CleanValidation

    return CleanValidation(cache, run.root, environments=tuple(environments or ()), only=only, today=today)


def _validated(
    whole: "Project",
    names: Iterable[str],
    sets: tuple[str, ...],
    today: date,
    *,
    only: tuple[str, ...],
    cache: "DocumentCache | None",
    earlier: "CleanValidation | None",
) -> Report:
    """Check the environments; where there is no problem at all, `earlier` records that."""
    from reconciler.manifest.files.disk_tree import DiskTree
    from reconciler.manifest.files.observed_tree import ObservedTree
    from reconciler.manifest.template.rendering_child import RenderingChild
    from reconciler.project.declared_state import linted

    trees = {name: ObservedTree(DiskTree(whole.root)) for name in names}
    with RenderingChild() as child:
        manifests = [
            linted(whole, name, sets, today, only=only, cache=cache, tree=tree, child=child)
            for name, tree in trees.items()
        ]
    diagnostics = sort_diagnostics(item for one in manifests for item in one.diagnostics)
    sources = {place: text for one in manifests for place, text in one.sources.items()}
    if earlier is not None and not diagnostics:
        earlier.record(trees.values())
    return Report(command="validate", diagnostics=diagnostics, sources=sources)

"""Loads what the manifests of one environment declare, alone or with the lints of its rules."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import sort_diagnostics
from reconciler.model.options import ResourceScope, is_in
from reconciler.project.config import Environment, Project
from reconciler.strings import abridge

if TYPE_CHECKING:
    from reconciler.manifest.document_cache import DocumentCache
    from reconciler.manifest.files.project_tree import ProjectTree
    from reconciler.manifest.shared_loads import SharedLoads
    from reconciler.manifest.template.rendering_child import RenderingChild


_MOST_LISTED = 300
"""Most characters of a list of files in a message."""


def scope_of(environment: Environment) -> ResourceScope:
    """Return what an environment looks after."""
    return ResourceScope(name_prefix=environment.scope.name_prefix, fields=environment.scope.values_by_field)


def load_declared(
    project: Project,
    name: str,
    sets: tuple[str, ...] = (),
    *,
    cache: "DocumentCache | None" = None,
    shared: "SharedLoads | None" = None,
) -> DesiredState:
    """Render, parse and validate the manifests of one environment; problems are in the result."""
    return load_from(project, name, sets, project_files(project, shared), cache=cache, shared=shared)


def project_files(project: Project, shared: "SharedLoads | None" = None) -> "ProjectTree":
    """Return the project's files on disk, or as the run has read them."""
    from reconciler.manifest.files.disk_tree import DiskTree

    return DiskTree(project.root) if shared is None else shared.files.view()


def linted(
    project: Project,
    name: str,
    sets: tuple[str, ...],
    today: date,
    *,
    only: tuple[str, ...] = (),
    cache: "DocumentCache | None" = None,
    tree: "ProjectTree | None" = None,
    child: "RenderingChild | None" = None,
) -> DesiredState:
    """Return the manifests of one environment, with the lints of its rules among the problems.

    `tree` holds the project's files, by default those on disk; `child` renders for several environments.

    With `only`, files or folders, the result has their resources and problems alone. Raises UsageError where one of
    them declares nothing.
    """
    from reconciler.diff.ignore_rules import unusable_rules
    from reconciler.interaction_rules.resource_lints import resource_lints
    from reconciler.manifest.files.disk_tree import DiskTree
    from reconciler.manifest.loader import deduplicate
    from reconciler.manifest.source_positions import excerpts

    tree = tree or DiskTree(project.root)
    manifest = load_from(project, name, sets, tree, only=only, cache=cache, child=child)
    if only:
        manifest = _only(manifest, name, only)
    lints = [one for resource in manifest.resources for one in resource_lints(resource, today)]
    rules = [one for resource in manifest.resources for one in unusable_rules(resource, today)]
    found = deduplicate([*lints, *rules])
    if not found:
        return manifest
    sources = {**manifest.sources, **excerpts(tree, found)}
    return replace(manifest, diagnostics=sort_diagnostics((*manifest.diagnostics, *found)), sources=sources)


def _only(manifest: DesiredState, name: str, only: tuple[str, ...]) -> DesiredState:
    """Return the resources of these files. Raises UsageError for one that declares none and has no problem."""
    kept = tuple(one for one in manifest.resources if any(is_in(one.file, entry) for entry in only))
    for entry in only if manifest.valid else ():
        if not any(is_in(one.file, entry) for one in kept):
            files = ", ".join(manifest.rendered)
            raise UsageError(
                f"no resource is declared in {entry} for the environment {name}",
                code="E_FILE_UNKNOWN",
                hint=f"the manifests are {abridge(files, _MOST_LISTED)}",
            )
    return replace(manifest, resources=kept)


def load_from(
    project: Project,
    name: str,
    sets: tuple[str, ...],
    tree: "ProjectTree",
    *,
    only: tuple[str, ...] = (),
    cache: "DocumentCache | None" = None,
    shared: "SharedLoads | None" = None,
    child: "RenderingChild | None" = None,
) -> DesiredState:
    """Load the manifests of one environment from a tree of files; problems are in the result, or those of `only`."""
    from reconciler.manifest.loader import load

    environment = project.environments[name]
    load_with = partial(load, child=child) if shared is None else shared.load
    return load_with(
        tree,
        entries=tuple(project.file.manifests),
        values=(*project.file.values, *environment.values),
        sets=sets,
        env_name=name,
        scope=scope_of(environment),
        untrusted=project.untrusted,
        positions=project.positions(("manifests",), ("values",), ("environments", name, "values")),
        only=only,
        cache=cache,
    )

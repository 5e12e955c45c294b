"""What is sent to a worker: a few environments, and never a credential.

The environments of one tenant always travel together and are visited one after the other, so that no two workers ever
share a tenant's limit; within a process they also share its pace.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.environment.access import project_id
from reconciler.environment.planning import Ask
from reconciler.environment.project import Environment, Project
from reconciler.fleet.visited import Visited, visit
from reconciler.redaction import SecretRedactor

LARGEST = 50
"""Environments in one errand: enough to make its cost small, few enough to lose little with a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Some environments of a project to visit. `sets` are further template values of each, before those of the ask."""

    project: Project
    names: tuple[str, ...]
    ask: Ask
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def errands(
    project: Project, names: Sequence[str], ask: Ask, *, width: int, sets: Mapping[str, tuple[str, ...]]
) -> Iterator[Errand]:
    """Divide environments among `width` workers: whole tenants, several errands for each worker."""
    size = max(1, min(LARGEST, len(names) // (4 * width)))
    waiting: list[str] = []
    for tenant in _tenants(project, names):
        if waiting and len(waiting) + len(tenant) > size:
            yield _errand(project, waiting, ask, sets)
            waiting = []
        waiting += tenant
    if waiting:
        yield _errand(project, waiting, ask, sets)


def run(errand: Errand) -> tuple[Visited, ...]:
    """Visit the environments of an errand in this process, with what the ask holds."""
    return tuple(_visit(errand, name, errand.ask) for name in errand.names)


def run_there(errand: Errand) -> tuple[Visited, ...]:
    """Visit them with the credentials of this process, which may be on another machine; secrets stay in it."""
    access = replace(errand.ask.access, variables=dict(os.environ))
    seen = run(replace(errand, ask=replace(errand.ask, access=access)))
    masked: tuple[Visited, ...] = access.redactor.value(seen)
    return masked


def without_credentials(errand: Errand) -> Errand:
    """Return an errand that may be sent away: nothing of this process's environment is in it."""
    access = replace(errand.ask.access, variables={}, tenants={}, redactor=SecretRedactor())
    return replace(errand, ask=replace(errand.ask, access=access))


def _visit(errand: Errand, name: str, ask: Ask) -> Visited:
    return visit(errand.project, name, replace(ask, sets=(*errand.sets.get(name, ()), *ask.sets)))


_NAMING = ("endpoint", "ledger", "cache", "values")
"""The keys of an environment that name a file or an address."""


def _errand(project: Project, names: Sequence[str], ask: Ask, sets: Mapping[str, tuple[str, ...]]) -> Errand:
    """Cut the project down to the errand's environments: ten thousand of them are not sent two hundred times."""
    places = {name: project.environments[name] for name in names}
    file = project.file.model_copy(update={"environments": places})
    ways = [("manifests",), ("values",), *(("environments", name, key) for name in names for key in _NAMING)]
    known = {way: place for way in ways if (place := project.place(*way))}
    part = project.model_copy(update={"file": file, "root": project.root.resolve(), "document": None, "places": known})
    return Errand(project=part, names=tuple(names), ask=ask, sets={name: sets[name] for name in names if name in sets})


def _tenants(project: Project, names: Sequence[str]) -> list[list[str]]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(_tenant(name, project.environments[name]), []).append(name)
    return list(groups.values())


def _tenant(name: str, environment: Environment) -> tuple[str, ...]:
    """Return whose limit it counts against; an embedded simulator has none."""
    return (name,) if environment.embedded else (environment.url, project_id(environment))

"""Audits many environments: each is planned by itself, and a failed read of one never stops the others.

Work goes through a `concurrent.futures.Executor`, so that threads and a cluster have the same interface. Audits only
read, so the work of a lost worker is repeated elsewhere.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import field, replace

from reconciler.fleet.environment_result import EnvironmentResult, visit, worker_lost
from reconciler.late_methods import dataclass
from reconciler.manifest.shared_loads import SharedLoads
from reconciler.model.source_map import DocumentPath
from reconciler.project.config import Environment, Project
from reconciler.project.connection_settings import project_id
from reconciler.project.plan_environment import PlanRequest
from reconciler.redaction import SecretRedactor

LARGEST = 50
"""Most environments in one batch: a trade-off between overhead and the loss with a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBatch:
    """Some environments of a project to visit. `sets` are further template values, before those of the request."""

    project: Project
    names: tuple[str, ...]
    ask: PlanRequest
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def split_batches(
    project: Project, names: Sequence[str], ask: PlanRequest, *, width: int, sets: Mapping[str, tuple[str, ...]]
) -> Iterator[AuditBatch]:
    """Divide environments among `width` workers: whole tenants, several batches for each worker."""
    size = max(1, min(LARGEST, len(names) // (4 * width)))
    waiting: list[str] = []
    for tenant in _tenants(project, names):
        if waiting and len(waiting) + len(tenant) > size:
            yield _errand(project, waiting, ask, sets)
            waiting = []
        waiting += tenant
    if waiting:
        yield _errand(project, waiting, ask, sets)


def run(errand: AuditBatch) -> tuple[EnvironmentResult, ...]:
    """Visit the environments of a batch in this process, with the access of the request."""
    ask = errand.ask if errand.ask.shared else replace(errand.ask, shared=SharedLoads(errand.project.root))
    return tuple(_visit(errand, name, ask) for name in errand.names)


def run_on_worker(errand: AuditBatch) -> tuple[EnvironmentResult, ...]:
    """Visit them with the credentials of this process, which may be on another machine; secrets stay in it."""
    access = replace(errand.ask.access, variables=dict(os.environ))
    seen = run(replace(errand, ask=replace(errand.ask, access=access)))
    masked: tuple[EnvironmentResult, ...] = access.redactor.value(seen)
    return masked


def without_credentials(errand: AuditBatch) -> AuditBatch:
    """Return a batch that may be sent to a worker: without this process's environment, and without its cache."""
    access = replace(errand.ask.access, variables={}, tenants={}, redactor=SecretRedactor(), progress=None)
    return replace(errand, ask=replace(errand.ask, access=access, documents=None, shared=None))


def _visit(errand: AuditBatch, name: str, ask: PlanRequest) -> EnvironmentResult:
    return visit(errand.project, name, replace(ask, sets=(*errand.sets.get(name, ()), *ask.sets)))


_NAMING = ("endpoint", "ledger", "cache", "values")
"""Keys of an environment that name a file or an address."""


def _errand(
    project: Project, names: Sequence[str], ask: PlanRequest, sets: Mapping[str, tuple[str, ...]]
) -> AuditBatch:
    """Reduce the project to the batch's environments, so that ten thousand are not sent two hundred times."""
    places = {name: project.environments[name] for name in names}
    file = replace(project.file, environments=places)
    ways: list[DocumentPath] = [
        ("manifests",),
        ("values",),
        *(("environments", name, key) for name in names for key in _NAMING),
    ]
    known = {way: place for way in ways if (place := project.position_of(*way))}
    part = replace(project, file=file, root=project.root.resolve(), document=None, places=known)
    return AuditBatch(
        project=part, names=tuple(names), ask=ask, sets={name: sets[name] for name in names if name in sets}
    )


def _tenants(project: Project, names: Sequence[str]) -> list[list[str]]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(_tenant(name, project.environments[name]), []).append(name)
    return list(groups.values())


def _tenant(name: str, environment: Environment) -> tuple[str, ...]:
    """Return the tenant with the rate limit; an embedded simulator has none."""
    return (name,) if environment.embedded else (environment.url, project_id(environment))


Keep = Callable[[tuple[EnvironmentResult, ...]], tuple[EnvironmentResult, ...]]


def audit(
    project: Project,
    names: Sequence[str],
    ask: PlanRequest,
    executor: Executor,
    *,
    width: int = 1,
    away: bool = False,
    sets: Mapping[str, tuple[str, ...]] | None = None,
    keep: Keep = lambda some: some,
    hint: str = "run it again",
) -> tuple[EnvironmentResult, ...]:
    """Visit environments in parallel and return the results in the requested order.

    `width` is the number of workers. `away`: they may be on other machines, so no credential is sent. `keep` gets the
    results of each batch as it ends, in this thread, and may add to them; it gets each environment once, lost ones
    never. `hint` is the hint for lost ones.
    """
    sent = {}
    for errand in split_batches(project, names, ask, width=width, sets=sets or {}):
        sent[_submitted(executor, errand, away=away)] = errand.names
    results: dict[str, EnvironmentResult] = {}
    for future in as_completed(sent):
        for one in _gathered(future, sent.pop(future), keep, hint):
            results[one.environment] = one
    return tuple(results[name] for name in names)


def _submitted(executor: Executor, errand: AuditBatch, *, away: bool) -> Future[tuple[EnvironmentResult, ...]]:
    return executor.submit(run_on_worker, without_credentials(errand)) if away else executor.submit(run, errand)


def _gathered(
    future: Future[tuple[EnvironmentResult, ...]], names: Sequence[str], keep: Keep, hint: str
) -> tuple[EnvironmentResult, ...]:
    try:
        found = future.result()
    except Exception as error:  # after any failure of a cluster, the other environments are reported
        return tuple(worker_lost(name, error, hint) for name in names)
    return keep(found)

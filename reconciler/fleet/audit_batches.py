"""Batches of an audit: whole tenants, as many environments as a worker visits in a second.

What an environment costs is measured while the audit runs. A batch is sent, awaited and recorded as a whole, so that a
large one spares a worker's time, and a small one loses little with a worker that is lost.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from reconciler.fleet.environment_result import EnvironmentResult, visit
from reconciler.fleet.result_row import encode_result, row_text
from reconciler.late_methods import dataclass
from reconciler.manifest.files.disk_tree import DiskTree
from reconciler.manifest.files.project_tree import SEED
from reconciler.manifest.files.shared_files import SharedFiles
from reconciler.manifest.shared_loads import SharedLoads
from reconciler.model.source_map import DocumentPath
from reconciler.project.config import Environment, Project
from reconciler.project.connection_settings import project_id
from reconciler.project.plan_environment import PlanRequest
from reconciler.redaction import SecretRedactor

FIRST = 50
"""Most environments in a batch before any is measured."""
MOST = 500
"""Most environments in a batch."""
SECONDS = 1.0
"""Time that a batch should take a worker."""
PARTS = 10
"""Part of that time that the last batches take at least: what a batch costs beside its visits is not worth less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBatch:
    """Some environments of a project to visit. `sets` are further template values, before those of the request.

    `recorded`: a ledger keeps the results, and a worker writes the text of their rows.
    """

    project: Project
    names: tuple[str, ...]
    ask: PlanRequest
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recorded: bool = False


class BatchSize:
    """Number of environments in the next batch, for `width` workers that should end at the same time."""

    def __init__(self, total: int, width: int) -> None:
        self._width = width
        self._left = total
        self._seconds = 0.0
        self._visited = 0

    def __call__(self) -> int:
        """Return it: what a worker visits in the time of a batch, and less where others would have nothing to do."""
        wanted = FIRST if not self._visited else round(SECONDS * self._visited / max(self._seconds, 1e-9))
        most = min(wanted, MOST)
        return max(1, min(most, max(self._left // (4 * self._width), most // PARTS)))

    def sent(self, number: int) -> None:
        """Count environments that a worker visits from now on."""
        self._left -= number

    def measured(self, results: Sequence[EnvironmentResult]) -> None:
        """Count what a worker took for environments that were visited."""
        seen = [one for one in results if not one.lost]
        self._seconds += sum(one.seconds for one in seen)
        self._visited += len(seen)


def split_batches(
    project: Project,
    names: Sequence[str],
    ask: PlanRequest,
    *,
    width: int,
    sets: Mapping[str, tuple[str, ...]],
    size: BatchSize | None = None,
) -> Iterator[AuditBatch]:
    """Divide environments among `width` workers, in batches of whole tenants; `size` is asked for each."""
    size = size or BatchSize(len(names), width)
    waiting: list[str] = []
    for tenant in _tenants(project, names):
        if waiting and len(waiting) + len(tenant) > size():
            yield _batch(project, waiting, ask, sets)
            waiting = []
        waiting += tenant
    if waiting:
        yield _batch(project, waiting, ask, sets)


def run(batch: AuditBatch) -> tuple[EnvironmentResult, ...]:
    """Visit the environments of a batch in this process, with the access of the request."""
    ask = batch.ask if batch.ask.shared is not None else sharing(batch.project, batch.ask)
    return tuple(
        visit(batch.project, name, replace(ask, sets=(*batch.sets.get(name, ()), *ask.sets))) for name in batch.names
    )


def run_on_worker(batch: AuditBatch) -> tuple[EnvironmentResult, ...]:
    """Visit them with the credentials of this process, which may be on another machine; secrets stay in it."""
    access = replace(batch.ask.access, variables=dict(os.environ))
    seen = run(replace(batch, ask=replace(batch.ask, access=access)))
    masked: tuple[EnvironmentResult, ...] = access.redactor.value(seen)
    return tuple(replace(one, row=row_text(encode_result(one))) for one in masked) if batch.recorded else masked


def sharing(project: Project, ask: PlanRequest) -> PlanRequest:
    """Return a request whose environments share the project's files, each as it was when one first read it."""
    seeds = SharedFiles(DiskTree(project.root, size=SEED))
    return replace(ask, shared=SharedLoads(project.root), access=replace(ask.access, seeds=seeds))


def without_credentials(batch: AuditBatch) -> AuditBatch:
    """Return a batch that may be sent to a worker: without this process's environment, and without its caches."""
    access = replace(batch.ask.access, variables={}, tenants={}, redactor=SecretRedactor(), progress=None, seeds=None)
    return replace(batch, ask=replace(batch.ask, access=access, documents=None, shared=None))


_NAMING = ("endpoint", "ledger", "cache", "values")
"""Keys of an environment that name a file or an address."""


def _batch(project: Project, names: Sequence[str], ask: PlanRequest, sets: Mapping[str, tuple[str, ...]]) -> AuditBatch:
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

"""Audits many environments: each is planned by itself, and a failed read of one never stops the others.

Work goes through a `concurrent.futures.Executor`, so that threads and a cluster have the same interface. Audits only
read, so the work of a lost worker is repeated elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import replace

from reconciler.fleet.audit_batches import (
    AuditBatch,
    BatchSize,
    run,
    run_on_worker,
    sharing,
    split_batches,
    without_credentials,
)
from reconciler.fleet.environment_result import EnvironmentResult, worker_lost
from reconciler.project.config import Project
from reconciler.project.plan_environment import PlanRequest

AHEAD = 2
"""Batches for each worker that are sent before their results are there: it has the next one when it ends the first."""
QUEUED = 64
"""Batches that a cluster has at least, whose number of workers is its own matter and may follow from what waits."""

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
    recorded: bool = False,
    hint: str = "run it again",
) -> tuple[EnvironmentResult, ...]:
    """Visit environments in parallel and return the results in the requested order.

    `width` is the number of workers. `away`: they may be on other machines, so no credential is sent. `keep` gets the
    results of each batch as it ends, in this thread, and may add to them; it gets each environment once, lost ones
    never; `recorded`: in a ledger. `hint` is the hint for lost ones.
    """
    size = BatchSize(len(names), width)
    asked = ask if away else sharing(project, ask)
    batches = split_batches(project, names, asked, width=width, sets=sets or {}, size=size)
    batches = (replace(batch, recorded=recorded) for batch in batches)
    results: dict[str, EnvironmentResult] = {}
    for some, lost in _completed(executor, batches, size, width=width, away=away, hint=hint):
        for one in some if lost else keep(some):
            results[one.environment] = one
    return tuple(results[name] for name in names)


def _completed(
    executor: Executor, batches: Iterator[AuditBatch], size: BatchSize, *, width: int, away: bool, hint: str
) -> Iterator[tuple[tuple[EnvironmentResult, ...], bool]]:
    """Send batches, some ahead of the results, and yield the results of each, and whether they were lost."""
    sent: dict[Future[tuple[EnvironmentResult, ...]], tuple[str, ...]] = {}
    more, most = True, max(AHEAD * width, QUEUED if away else 0)
    while more or sent:
        while more and len(sent) < most:
            if (batch := next(batches, None)) is None:
                more = False
                break
            size.sent(len(batch.names))
            sent[_submitted(executor, batch, away=away)] = batch.names
        for future in wait(sent, return_when=FIRST_COMPLETED).done if sent else ():
            names = sent.pop(future)
            try:
                found = future.result()
            except Exception as error:  # after any failure of a cluster, the other environments are reported
                yield tuple(worker_lost(name, error, hint) for name in names), True
            else:
                size.measured(found)
                yield found, False


def _submitted(executor: Executor, batch: AuditBatch, *, away: bool) -> Future[tuple[EnvironmentResult, ...]]:
    return executor.submit(run_on_worker, without_credentials(batch)) if away else executor.submit(run, batch)

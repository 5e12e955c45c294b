"""Many environments at once: each is planned by itself, and one that cannot be read never stops the others.

Work goes through a `concurrent.futures.Executor`, so that threads and a cluster are the same seam. Audits only read:
a worker that is lost costs nothing but its work, which is done again elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed

from reconciler.environment.planning import Ask
from reconciler.environment.project import Project
from reconciler.fleet.errand import Errand, errands, run, run_there, without_credentials
from reconciler.fleet.visited import Visited, lost

Keep = Callable[[tuple[Visited, ...]], tuple[Visited, ...]]


def audit(
    project: Project,
    names: Sequence[str],
    ask: Ask,
    executor: Executor,
    *,
    width: int = 1,
    away: bool = False,
    sets: Mapping[str, tuple[str, ...]] | None = None,
    keep: Keep = lambda some: some,
    hint: str = "run it again",
) -> tuple[Visited, ...]:
    """Visit environments side by side and return what was found, in the order asked for.

    `width` is how many work at a time. `away` tells that they may be on other machines: no credential is sent there.
    `keep` is given the results of each errand as it ends, in this thread, and may add to them; each environment is
    given to it once, those that were lost never. `hint` says what to do about the lost ones.
    """
    sent = {}
    for errand in errands(project, names, ask, width=width, sets=sets or {}):
        sent[_submitted(executor, errand, away=away)] = errand.names
    results: dict[str, Visited] = {}
    for future in as_completed(sent):
        for one in _gathered(future, sent.pop(future), keep, hint):
            results[one.environment] = one
    return tuple(results[name] for name in names)


def _submitted(executor: Executor, errand: Errand, *, away: bool) -> Future[tuple[Visited, ...]]:
    return executor.submit(run_there, without_credentials(errand)) if away else executor.submit(run, errand)


def _gathered(future: Future[tuple[Visited, ...]], names: Sequence[str], keep: Keep, hint: str) -> tuple[Visited, ...]:
    try:
        found = future.result()
    except Exception as error:  # whatever a cluster does, the other environments are told
        return tuple(lost(name, error, hint) for name in names)
    return keep(found)

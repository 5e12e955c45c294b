"""Many environments at once: each is planned by itself, and one that cannot be read never stops the others.

Work goes through a `concurrent.futures.Executor`, so that threads and a cluster are the same seam. Credentials
are never arguments: each environment finds its own by name where the work is done.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, replace

from reconciler.environment.health import findings
from reconciler.environment.planning import Ask, Planned, planned
from reconciler.environment.project import Environment, Project
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.manifest import Manifest
from reconciler.model.plan import Plan
from reconciler.model.resource import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """What became of one environment: its plan, or the reason why there is none.

    Problems are in `diagnostics`, what the rules of health found in `findings`.
    """

    environment: str
    planned: Planned | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    findings: tuple[Diagnostic, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether its live side was seen."""
        return self.planned is not None and self.planned.plan is not None


def visit(project: Project, name: str, ask: Ask) -> Visited:
    """Plan one environment; a failure is a value."""
    try:
        result = planned(project, name, ask)
        found = _findings(project.environments[name], result.plan, ask)
    except ManifestError as error:
        return Visited(environment=name, diagnostics=error.diagnostics or (_failed(name, error),))
    except ReconcilerError as error:
        return Visited(environment=name, diagnostics=(_failed(name, error),))
    problems = () if result.plan is not None else result.manifest.diagnostics
    return Visited(environment=name, planned=result, diagnostics=problems, findings=found)


def _findings(environment: Environment, plan: Plan | None, ask: Ask) -> tuple[Diagnostic, ...]:
    return tuple(findings(environment, plan, ask.access.today)) if plan is not None else ()


def visit_there(project: Project, name: str, ask: Ask) -> Visited:
    """Plan one environment on another machine: credentials are those of the process that does it.

    What comes back is plain data: a plan and its problems, never the manifests' own objects.
    """
    there = replace(ask, access=replace(ask.access, variables=dict(os.environ)))
    seen = visit(project, name, there)
    if seen.planned is None:
        return seen
    bare = Manifest(diagnostics=seen.planned.manifest.diagnostics, sources=dict(seen.planned.manifest.sources))
    return replace(seen, planned=replace(seen.planned, manifest=bare))


def audit(
    project: Project,
    names: Sequence[str],
    ask: Ask,
    executor: Executor,
    *,
    away: bool = False,
    visited: Callable[[Visited], Visited] = lambda one: one,
) -> tuple[Visited, ...]:
    """Visit environments side by side and return what was found, in the order asked for.

    `away` tells that the executor's work may be done on another machine: no credential is sent there. `visited` is
    given each result as it comes, in this thread, and may add to it.
    """
    do, sent = (visit_there, _bare(ask)) if away else (visit, ask)
    running = {executor.submit(do, _rooted(project), name, sent): name for name in names}
    results: dict[str, Visited] = {}
    for future in as_completed(running):
        results[running[future]] = visited(_result(future, running[future]))
    return tuple(results[name] for name in names)


def _result(future: Future[Visited], name: str) -> Visited:
    """Return what became of one environment; a worker that was lost for good leaves a diagnostic."""
    try:
        return future.result()
    except Exception as error:  # whatever a cluster does, the other environments are told
        lost = ReconcilerError(f"its worker failed: {error}", code="E_WORKER", hint="run it again with --resume")
        return Visited(environment=name, diagnostics=(_failed(name, lost),))


def _bare(ask: Ask) -> Ask:
    return replace(ask, access=replace(ask.access, variables={}))


def _rooted(project: Project) -> Project:
    """Another process has another working directory."""
    return project.model_copy(update={"root": project.root.resolve()})


def overview(results: Sequence[Visited]) -> Mapping[str, Json]:
    """Return a table with a row for each environment: how it stands, and its counts."""
    columns = ["Environment", "State", "Add", "Change", "Destroy", "Drifted fields", "Unmanaged", "Findings"]
    return {"title": "Environments", "columns": columns, "rows": [_row(one) for one in results]}


def _row(one: Visited) -> list[str]:
    plan = one.planned.plan if one.planned else None
    if plan is None:
        return [one.environment, "unreadable", *["?"] * 6]
    counts = plan.summary()
    numbers = (counts.add, counts.change, counts.destroy, counts.drift, counts.unmanaged, len(one.findings))
    return [one.environment, _state(plan), *map(str, numbers)]


def _state(plan: Plan) -> str:
    if not plan.complete:
        return "incomplete"
    return "in step" if plan.empty else "differs"


def _failed(name: str, error: ReconcilerError) -> Diagnostic:
    return Diagnostic(
        severity=Severity.ERROR,
        code=error.code,
        message=f"environment {name} cannot be read: {error.message}",
        hint=error.hint,
        address=f"environment {name}",
    )

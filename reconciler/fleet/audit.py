"""Many environments at once: each is planned by itself, and one that cannot be read never stops the others.

Work goes through a `concurrent.futures.Executor`, so that threads and a cluster are the same seam. Credentials
are never arguments: each environment finds its own by name where the work is done.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass

from reconciler.environment.health import findings
from reconciler.environment.planning import Ask, Planned, planned
from reconciler.environment.project import Environment, Project
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.model.diagnostic import Diagnostic, Severity
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


def audit(
    project: Project,
    names: Sequence[str],
    ask: Ask,
    executor: Executor,
    *,
    visited: Callable[[Visited], None] = lambda one: None,  # noqa: ARG005 - nobody listens
) -> tuple[Visited, ...]:
    """Visit environments side by side and return what was found, in the order asked for.

    `visited` is told of each as it ends.
    """
    running = {executor.submit(visit, project, name, ask): name for name in names}
    results: dict[str, Visited] = {}
    for future in as_completed(running):
        result = future.result()
        results[running[future]] = result
        visited(result)
    return tuple(results[name] for name in names)


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

"""What became of one environment in an audit, and the visit that finds out: a failure is a value, never a stop."""

import time
from dataclasses import dataclass, replace

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Plan
from reconciler.planfile.adoption import without_new_owners
from reconciler.policy.assertions import check_assertions
from reconciler.project.config import Project
from reconciler.project.plan_environment import PlanRequest, PlanResult, plan_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentResult:
    """What became of one environment: its plan, or the reason why there is none.

    Problems are in `diagnostics`, what the rules of health found in `findings`. `seconds` is how long it took, and
    `lost` tells that nobody looked at all: a worker or a whole cluster went away.
    """

    environment: str
    planned: PlanResult | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    seconds: float = 0.0
    lost: bool = False

    @property
    def plan(self) -> Plan | None:
        """Its plan, where its live side was seen."""
        return self.planned.plan if self.planned else None

    @property
    def readable(self) -> bool:
        """Whether its live side was seen."""
        return self.plan is not None


def visit(project: Project, name: str, ask: PlanRequest) -> EnvironmentResult:
    """Plan one environment and ask the rules of health; a failure is a value."""
    started = time.monotonic()
    return replace(_visit(project, name, ask), seconds=time.monotonic() - started)


def _visit(project: Project, name: str, ask: PlanRequest) -> EnvironmentResult:
    try:
        result = _bare(plan_environment(project, name, ask))
        found = check_assertions(project.environments[name], result.plan, ask.access.today) if result.plan else ()
        problems = () if result.plan is not None else result.manifest.diagnostics
        return EnvironmentResult(environment=name, planned=result, diagnostics=problems, findings=tuple(found))
    except ManifestError as error:
        return EnvironmentResult(environment=name, diagnostics=error.diagnostics or (failure(name, error),))
    except ReconcilerError as error:
        return EnvironmentResult(environment=name, diagnostics=(failure(name, error),))


def _bare(result: PlanResult) -> PlanResult:
    """Keep what an audit tells: of manifests their problems and the lines these point to, nothing that fills memory.

    An audit applies nothing, so it does not tell what an apply would adopt.
    """
    manifest = DesiredState(diagnostics=result.manifest.diagnostics, sources=dict(result.manifest.sources))
    plan = without_new_owners(result.plan, lambda change: False) if result.plan else None  # noqa: ARG005 - none is
    return replace(result, manifest=manifest, plan=plan)


def lost(name: str, error: Exception, hint: str) -> EnvironmentResult:
    """Return what is told of an environment that no worker looked at."""
    words = str(error) or type(error).__name__
    problem = ReconcilerError(f"its worker was lost: {words}", code="E_WORKER", hint=hint)
    return EnvironmentResult(environment=name, diagnostics=(failure(name, problem),), lost=True)


def failure(name: str, error: ReconcilerError) -> Diagnostic:
    """Return why an environment could not be read, as something to tell."""
    return Diagnostic(
        severity=Severity.ERROR,
        code=error.code,
        message=f"environment {name} cannot be read: {error.message}",
        hint=error.hint,
        address=f"environment {name}",
    )

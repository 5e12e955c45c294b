"""Visits one environment in an audit; a failure is part of its result and never ends the audit."""

import os
import socket
import time
from dataclasses import replace

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Plan
from reconciler.planfile.adoption import without_new_owners
from reconciler.policy.assertions import check_assertions
from reconciler.project.config import Project
from reconciler.project.plan_environment import PlanRequest, PlanResult, plan_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentResult:
    """Result of one environment: its plan, or the reason why there is none.

    Problems are in `diagnostics`, failed assertions in `findings`. `seconds` is the duration, `processor` the seconds
    of it that a processor worked, and `worker` the process that visited it: host and process id. `row` is the text of
    its row in a ledger, where the worker wrote it. `lost`: it was not read, since a worker or a whole cluster failed.
    """

    environment: str
    planned: PlanResult | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    seconds: float = 0.0
    processor: float = 0.0
    worker: str = ""
    row: str = ""
    lost: bool = False

    @property
    def plan(self) -> Plan | None:
        """Its plan, where its live side was read."""
        return self.planned.plan if self.planned else None

    @property
    def readable(self) -> bool:
        """Whether its live side was read."""
        return self.plan is not None


def visit(project: Project, name: str, ask: PlanRequest) -> EnvironmentResult:
    """Plan one environment and check its assertions; a failure is part of the result."""
    started, worked = time.monotonic(), time.thread_time()
    found = _visit(project, name, ask)
    return replace(
        found, seconds=time.monotonic() - started, processor=time.thread_time() - worked, worker=_process_name()
    )


def _process_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _visit(project: Project, name: str, ask: PlanRequest) -> EnvironmentResult:
    try:
        result = _bare(plan_environment(project, name, ask))
        found = check_assertions(project.environments[name], result.plan, ask.access.today) if result.plan else ()
        problems = () if result.plan is not None else result.manifest.diagnostics
        return EnvironmentResult(environment=name, planned=result, diagnostics=problems, findings=tuple(found))
    except ManifestError as error:
        own = tuple(replace(one, address=one.address or _address(name)) for one in error.diagnostics)
        return EnvironmentResult(environment=name, diagnostics=own or (failure(name, error),))
    except ReconcilerError as error:
        return EnvironmentResult(environment=name, diagnostics=(failure(name, error),))


def _bare(result: PlanResult) -> PlanResult:
    """Keep what an audit reports: of manifests the problems and their source lines, to save memory.

    An audit applies nothing, so it does not report adoptions.
    """
    manifest = DesiredState(diagnostics=result.manifest.diagnostics, sources=dict(result.manifest.sources))
    plan = without_new_owners(result.plan, lambda change: False) if result.plan else None  # noqa: ARG005 - none is
    return replace(result, manifest=manifest, plan=plan)


def worker_lost(name: str, error: Exception, hint: str) -> EnvironmentResult:
    """Return the result of an environment that no worker read."""
    words = str(error) or type(error).__name__
    problem = ReconcilerError(f"its worker was lost: {words}", code="E_WORKER", hint=hint)
    return EnvironmentResult(environment=name, diagnostics=(failure(name, problem),), lost=True)


def failure(name: str, error: ReconcilerError) -> Diagnostic:
    """Return the reason why an environment could not be read, as a diagnostic."""
    return Diagnostic(
        severity=Severity.ERROR,
        code=error.code,
        message=f"environment {name} cannot be read: {error.message}",
        hint=error.hint,
        address=_address(name),
    )


def _address(name: str) -> str:
    return f"environment {name}"

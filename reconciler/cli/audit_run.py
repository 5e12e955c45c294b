"""Runs an audit from its flags: targets, run id, executor and ledger."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING

from reconciler.cli.command_context import CommandContext
from reconciler.cli.output import progress
from reconciler.cli.request_builder import select_environment, select_environments
from reconciler.errors import UsageError
from reconciler.late_methods import dataclass

if TYPE_CHECKING:
    from reconciler.fleet.audit_records import AuditRecorder
    from reconciler.fleet.environment_result import EnvironmentResult
    from reconciler.model.run_history import DriftRecord
    from reconciler.project.config import Project
    from reconciler.project.plan_environment import PlanRequest

_TOLD = 10
"""Number of progress lines of a run where no progress bar can be shown."""
_MANY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTargets:
    """Targets of an audit: the environments of a project, and the values of a fleet file for each."""

    project: "Project"
    names: tuple[str, ...]
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def places(run: CommandContext, whole: "Project", environments: Sequence[str] | None, fleet_file: str) -> AuditTargets:
    """Return the target environments: those named, all but templates, or one for each row of a fleet file."""
    from reconciler.fleet.fleet_file import is_template, read_fleet_file
    from reconciler.manifest.files.project_tree import DOCUMENT, read_file

    if not fleet_file:
        named = select_environments(whole, environments)
        real = tuple(name for name in named if environments or not is_template(whole.environments[name]))
        return AuditTargets(project=whole, names=real or named)
    if environments and len(environments) > 1:
        raise UsageError("--fleet takes one environment as its template", hint="name it with -e")
    template = select_environment(whole, environments[0] if environments else "")
    path = run.path(fleet_file)
    made = read_fleet_file(whole, template, path, read_file(path, DOCUMENT))
    return AuditTargets(project=made.project, names=tuple(made.project.environments), sets=made.sets)


def audit_environments(
    run: CommandContext, where: AuditTargets, ask: "PlanRequest", *, dask: str = "", ledger: str = "", resume: str = ""
) -> "tuple[tuple[EnvironmentResult, ...], tuple[DriftRecord, ...]]":
    """Visit every environment that the resumed run has not completed, recording each result.

    Returns the results in the requested order, and the recorded drift.
    """
    from reconciler.fleet.audit_records import AuditRecorder
    from reconciler.fleet.audit_summary import costs

    records = AuditRecorder(project=where.project, url=ledger, variables=run.variables, redactor=run.redactor)
    with closing(records):
        number, done = _resumed(records, resume, where.names)
        left = tuple(name for name in where.names if name not in done)
        found = _rest(run, replace(where, names=left), ask, dask=dask, records=records, number=number) if left else ()
        for line in costs(found) if len(found) >= _MANY else ():
            run.note(line)
        every = {**done, **{one.environment: one for one in found}}
        return tuple(every[name] for name in where.names), records.drift(where.names)


def _resumed(records: "AuditRecorder", resume: str, names: Sequence[str]) -> "tuple[str, dict[str, EnvironmentResult]]":
    if not resume:
        return secrets.token_hex(6), {}
    done = records.done(resume, names)
    if not done:
        raise UsageError(
            f"no environment has a row of the run {resume!r}",
            hint="`reconciler history -e ENV` lists runs, --ledger says where",
        )
    return resume, done


def _rest(
    run: CommandContext, where: AuditTargets, ask: "PlanRequest", *, dask: str, records: "AuditRecorder", number: str
) -> "tuple[EnvironmentResult, ...]":
    from reconciler.fleet.audit import audit
    from reconciler.fleet.dask_executor import open_executor

    kept = any(records.recordable(name) for name in where.names)
    if kept:
        run.note(f"Run {number}; if it breaks off, go on with --resume {number}.")
    width, each = _shares(where, ask, dask)
    with open_executor(dask, width) as executor, _told(run, len(where.names)) as advance:

        def record_results(some: "tuple[EnvironmentResult, ...]") -> "tuple[EnvironmentResult, ...]":
            advance(len(some))
            return records.record(number, some)

        return audit(
            where.project,
            where.names,
            each,
            executor,
            width=width,
            away=bool(dask),
            recorded=kept,
            sets=where.sets,
            keep=record_results,
            hint=f"go on with --resume {number}" if kept else "run it again; with --ledger it can be resumed",
        )


def _shares(where: AuditTargets, ask: "PlanRequest", dask: str) -> "tuple[int, PlanRequest]":
    """Return how many environments are visited at once, and the request for each, so that both keep to the parallelism.

    Simulators inside a process answer at once: its threads would only wait for each other.
    """
    from reconciler.fleet.dask_executor import WORKERS

    if all(where.project.environments[name].embedded for name in where.names):
        return WORKERS if dask else 1, replace(ask, access=replace(ask.access, parallelism=1))
    width = min(ask.access.parallelism, len(where.names))
    return width, replace(ask, access=replace(ask.access, parallelism=max(1, ask.access.parallelism // width)))


@contextmanager
def _told(run: CommandContext, total: int) -> Iterator[Callable[[int], None]]:
    """Report progress: a bar on a terminal, an occasional line elsewhere."""
    done = 0
    with progress(run, "Reading environments", total) as advance:

        def tell(some: int) -> None:
            nonlocal done
            before, done = done, done + some
            for _ in range(some):
                advance()
            if total >= _MANY and done * _TOLD // total > before * _TOLD // total:
                run.note(f"Read {done:,} of {total:,} environments.")

        yield tell

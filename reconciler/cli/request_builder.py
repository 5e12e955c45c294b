"""Builds requests from flags: project, environment, selection, live side."""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.cli.command_context import CommandContext
from reconciler.cli.files import naming, write_file
from reconciler.errors import PlanError, UsageError
from reconciler.exit_codes import ExitCode
from reconciler.model.change import Attribution
from reconciler.model.diagnostic import sort_diagnostics
from reconciler.model.json_types import Json
from reconciler.model.options import Selection
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage
from reconciler.model.report import Report

if TYPE_CHECKING:
    from reconciler.manifest.document_cache import DocumentCache
    from reconciler.planfile.saved_plan import Saved
    from reconciler.project.config import Project
    from reconciler.project.plan_environment import PlanRequest, PlanResult


def build_plan_request(
    session: CommandContext,
    *,
    sets: Sequence[str] | None = None,
    selected: Selection | None = None,
    depth: str = "auto",
    base: str = "",
    today: str = "",
    live: str = "",
    full: bool = False,
    cached: bool = False,
    parallelism: int = 8,
) -> "PlanRequest":
    """Build the PlanRequest of the flags. Raises UsageError."""
    from reconciler.project.environment_session import LiveAccess
    from reconciler.project.plan_environment import PlanRequest

    access = LiveAccess(
        variables=session.variables,
        parallelism=parallelism,
        live=session.path(live) if live else None,
        full=full,
        cached=cached,
        today=session.today(today),
        redactor=session.redactor,
        clock=session.clock,
        progress=session.reading,
    )
    session.reading.pause = lambda: access.pause_left
    return PlanRequest(access=access, sets=tuple(sets or ()), selection=selected or Selection(), depth=depth, base=base)


def selection(
    targets: Sequence[str] | None,
    excludes: Sequence[str] | None,
    labels: Sequence[str] | None,
    *,
    with_dependencies: bool = False,
    files: Sequence[str] = (),
) -> Selection:
    """Parse `--target`, `--exclude`, `-l` and `--with-dependencies`; `files` are relative to the project.

    Raises UsageError.
    """
    pairs = tuple(_labels(labels or ()))
    wanted = dict(pairs)
    if twice := next((name for name, value in pairs if wanted[name] != value), ""):
        raise UsageError(f"-l names the label {twice!r} twice, with two values", hint="no manifest can have both")
    return Selection(
        targets=tuple(targets or ()),
        excludes=tuple(excludes or ()),
        labels=wanted,
        with_dependencies=with_dependencies,
        files=tuple(files),
    )


def project_files(session: CommandContext, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return files and folders of the command line relative to the project. Raises UsageError outside of it."""
    root = session.root.absolute()
    return tuple(dict.fromkeys(_project_file(root, name) for name in names or ()))


def _project_file(root: Path, name: str) -> str:
    bases = ((root, root / name), (root.resolve(), (root / name).resolve())) if "\0" not in name else ()
    for base, file in bases:
        spelled = Path(os.path.normpath(file))
        if spelled.is_relative_to(base):
            if spelled.exists():
                return spelled.relative_to(base).as_posix()
            raise UsageError(f"there is no file {name!r}", code="E_FILE_UNKNOWN", hint="name a manifest of the project")
    raise UsageError(
        f"{name!r} is not in the project {root}",
        code="E_FILE_OUTSIDE",
        hint="name a manifest of the project, or choose the project's folder with -C",
    )


def chosen_writer(session: CommandContext, name: str, seconds: float) -> str:
    """Return the writer's name: the flag's, else the environment variable's. Raises UsageError for no time limit."""
    if math.isnan(seconds):
        raise UsageError("--writer-timeout takes a number of seconds")
    return name or session.variables.get("RECONCILER_WRITER", "") or "http"


def _labels(items: Iterable[str]) -> Iterable[tuple[str, str]]:
    for item in items:
        name, equals, value = item.partition("=")
        if not name or not equals:
            raise UsageError(f"-l {item!r} is not LABEL=VALUE", hint="write -l team=shop")
        yield name, value


def project(session: CommandContext, *, untrusted: bool = False, cache: "DocumentCache | None" = None) -> "Project":
    """Load the project in the run's folder; `cache` may know its file."""
    from reconciler.project.config_file import load_project

    if untrusted:
        session.note("Untrusted: endpoints, credentials and ledgers of the project file are ignored.")
    return load_project(session.root, untrusted=untrusted, cache=cache)


def document_cache(session: CommandContext, *, off: bool) -> "DocumentCache | None":
    """Return the cache of the project's checked documents; None with `off`, as for untrusted manifests."""
    from reconciler.manifest.document_cache import DocumentCache

    return None if off else DocumentCache(session.root, session.note)


def select_environment(project: "Project", name: str) -> str:
    """Return the selected environment: the one named, else the only one. Raises UsageError."""
    known = ", ".join(project.environments)
    if not name and len(project.environments) == 1:
        return next(iter(project.environments))
    if not name:
        raise UsageError("which environment?", code="E_ENV_NEEDED", hint=f"choose one with -e: {known}")
    project.check_environment(name)
    return name


def select_environments(project: "Project", names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the selected environments: those named, once each, else all. Raises UsageError."""
    return (
        tuple(dict.fromkeys(select_environment(project, name) for name in names))
        if names
        else tuple(project.environments)
    )


def plan_report(command: str, *results: "PlanResult", fail_on: str = "") -> Report:
    """Return the report of one or more plans, with the problems of invalid manifests.

    One more says where `fail_on` asks for drift that is unknown.
    """
    from reconciler.planner import drift_unknown

    plans = tuple(result.plan for result in results if result.plan is not None)
    unknown = [problem for plan in plans if (problem := drift_unknown(plan, fail_on))]
    return Report(
        command=command,
        plans=plans,
        diagnostics=sort_diagnostics(
            (*unknown, *(item for one in results if one.plan is None for item in one.manifest.diagnostics))
        ),
        usage=sum((result.usage for result in results), ApiUsage()),
        sources={place: text for result in results for place, text in result.manifest.sources.items()},
        where={result.environment: result.where for result in results if result.where},
        rates={result.environment: result.rates for result in results if result.rates},
    )


def with_requests(session: CommandContext, report: Report) -> Report:
    """Say with -v how many requests were made, how few were possible, and what rates were learnt; JSON then has it too.

    Without -v the JSON of the same inputs is the same: a retry would change it.
    """
    usage = report.usage
    if not session.verbose or not usage.least:
        return report
    session.note(f"Requests: {usage.requests:,} made, {usage.least:,} the least possible.")
    note_rates(session, report)
    extra: dict[str, Json] = {**report.extra, "requests": {"made": usage.requests, "least": usage.least}}
    if report.rates:
        extra["rates"] = {
            name: {calls: asdict(use) for calls, use in rates.items()} for name, rates in report.rates.items()
        }
    return replace(report, extra=extra)


def note_rates(session: CommandContext, report: Report) -> None:
    """Say with -v what decided the rates of reads and writes, where it was not their setting alone."""
    for name, rates in report.rates.items() if session.verbose else ():
        for calls, use in rates.items():
            session.note(f"Rate of {calls} in {name}: {use}.")


def plan_code(result: "PlanResult", *, detailed: bool, fail_on: str = "") -> int:
    """Return the exit code of a plan."""
    from reconciler.planner import exit_code

    return ExitCode.ERROR if result.plan is None else exit_code(result.plan, detailed=detailed, fail_on=fail_on)


def check_classes(fail_on: str) -> None:
    """Refuse an unknown class in `--fail-on`, before anything is read."""
    known = [one.value for one in Attribution]
    if any(name.strip() not in known for name in fail_on.split(",") if name.strip()):
        raise UsageError(f"--fail-on {fail_on!r} names no class of change", hint=f"there are {', '.join(known)}")


def write_saved_plan(session: CommandContext, name: str, project: "Project", plan: Plan) -> None:
    """Write a saved plan for `apply`, valid for this target and a day; prints its digest on stderr."""
    from reconciler.planfile import saved_plan
    from reconciler.project.environment_variables import digest_key
    from reconciler.project.ledger_access import binding

    bound = binding(project, plan.environment)
    text = saved_plan.write(
        session.redactor.value(plan),
        binding=bound,
        tool_version=__version__,
        now=datetime.now(UTC),
        use=os.urandom(16).hex(),
        key=digest_key(session.variables),
    )
    write_file(session.root, name, text)
    session.note(f"Kept in {session.path(name)}; its digest is {saved_plan.digest(plan, bound)}.")


def kept_plan(session: CommandContext, file: str) -> "Saved":
    """Read a plan of `plan --out`; its seal is checked, its target and expiry are not yet. Raises PlanError."""
    from reconciler.manifest.files.project_tree import SAVED, read_file
    from reconciler.planfile import saved_plan
    from reconciler.project.environment_variables import digest_key

    with naming(file):
        return saved_plan.read(read_file(session.path(file), SAVED), key=digest_key(session.variables))


def environment_of(project: "Project", kept: "Saved", asked: str) -> str:
    """Return the environment of a saved plan. Raises PlanError where another one is requested."""
    made = kept.binding.environment
    if asked and asked != made:
        raise PlanError(
            f"the plan was made for the environment {made!r}, not for {asked!r}",
            code="E_PLAN_ENVIRONMENT",
            hint="leave out -e: the plan names its environment",
        )
    if made not in project.environments:
        raise PlanError(
            f"the plan was made for the environment {made!r}, which this project does not have",
            code="E_PLAN_ENVIRONMENT",
            hint="apply it in the project it was made for, or plan again",
        )
    return made

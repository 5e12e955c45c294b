"""Plans one environment from its manifests, for every command that plans."""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Attribution, Change
from reconciler.model.desired_state import DesiredState
from reconciler.model.diagnostic import Diagnostic, Severity, sort_diagnostics
from reconciler.model.options import PlanOptions, Selection
from reconciler.model.plan import Plan
from reconciler.model.read_result import ApiUsage, RateUse
from reconciler.project.config import Project
from reconciler.project.declared_state import load_declared, load_from, project_files
from reconciler.project.environment_session import EnvironmentSession, LiveAccess, open_environment, settings
from reconciler.project.environment_summary import environment_summary
from reconciler.project.environment_variables import named_secrets
from reconciler.project.ledger_access import drop_profile, is_lost_with_job
from reconciler.project.project_identity import ownership_findings
from reconciler.timestamps import date_of

if TYPE_CHECKING:
    from reconciler.manifest.document_cache import DocumentCache
    from reconciler.manifest.files.project_tree import ProjectTree
    from reconciler.manifest.shared_loads import SharedLoads


_UNSHARED = "it stays, since the ledger goes with this job's disk: name a shared one"
"""Why an apply of a CI job without a shared ledger deletes nothing."""

_MOST_EXPLAINED = 50
"""Most drifted objects of which a plan says whether `accept` would write them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Request for a plan: selection, depth, base commit, and access to the live side.

    `sets` are `key=value` for templates. `base` is a revision of the project's git repository, or empty. `documents`
    are those that earlier runs checked, `shared` what the environments of this run have in common.
    """

    access: LiveAccess
    sets: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    depth: str = "auto"
    base: str = ""
    documents: "DocumentCache | None" = None
    shared: "SharedLoads | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """Plan with its manifests and API usage; no plan where the manifests are invalid.

    `where` describes the environment for people: its host, project and ledger. `rates` are those of reads and writes
    that were learnt.
    """

    environment: str
    manifest: DesiredState
    plan: Plan | None = None
    usage: ApiUsage = field(default_factory=ApiUsage)
    where: str = ""
    rates: Mapping[str, RateUse] = field(default_factory=dict)


def plan_environment(project: Project, name: str, ask: PlanRequest) -> PlanResult:
    """Plan one environment; no plan where its manifests are invalid. Raises ReconcilerError."""
    manifest = load_declared(project, name, ask.sets, cache=ask.documents, shared=ask.shared)
    where = environment_summary(project, name, ask.access)
    if not manifest.valid:
        return PlanResult(environment=name, manifest=manifest, where=where)
    with open_environment(project, name, ask.access) as opened:
        plan = _with_accept_refusals(project_files(project, ask.shared), manifest, plan_opened(opened, manifest, ask))
        return PlanResult(
            environment=name,
            manifest=manifest,
            plan=plan,
            usage=opened.reader.usage,
            where=where,
            rates=opened.rates,
        )


def _with_accept_refusals(tree: "ProjectTree", manifest: DesiredState, plan: Plan) -> Plan:
    """Return the plan whose drifted fields say why `accept` would not write them; of a few changes alone.

    The rest of a larger plan would take long, for commands that are too many to be read.
    """
    moved = {Attribution.DRIFT, Attribution.CONFLICT}
    drifted = [
        (change, [each for each in change.fields if each.attribution in moved and not each.sensitive])
        for change in plan.changes
        if change.action is Action.UPDATE
    ]
    drifted = [(change, fields) for change, fields in drifted if fields]
    if not drifted or len(drifted) > _MOST_EXPLAINED:
        return plan
    from reconciler.kinds.registry import all_kinds
    from reconciler.manifest.accept import refusal_reasons
    from reconciler.manifest.source_text import SourceTexts
    from reconciler.manifest.source_view import SourceViews

    resources = {each.address: each for each in manifest.resources}
    known = [(change, fields) for change, fields in drifted if change.address in resources]
    try:
        reasons = refusal_reasons(known, resources, all_kinds(), SourceViews(SourceTexts(tree)))
    except ReconcilerError:  # a file was changed meanwhile
        return plan
    if not reasons:
        return plan
    return replace(plan, changes=tuple(_explained(change, reasons) for change in plan.changes))


def _explained(change: Change, reasons: Mapping[tuple[str, str], str]) -> Change:
    fields = (replace(each, accept_refusal=reasons.get((change.address, each.path), "")) for each in change.fields)
    return replace(change, fields=tuple(fields))


def plan_options(opened: EnvironmentSession, ask: PlanRequest) -> PlanOptions:
    """Return the plan options of an open environment."""
    return settings(opened.project, opened.name, selection=ask.selection, depth=ask.depth, today=ask.access.today)


def apply_options(opened: EnvironmentSession, ask: PlanRequest, *, local: bool) -> PlanOptions:
    """Return the plan options of an apply; nothing is deleted by a ledger that is lost with the job's disk.

    `local`: the ledger is a file of this machine.
    """
    options = plan_options(opened, ask)
    lost = is_lost_with_job(opened.project, opened.environment, opened.access.variables, local=local)
    return replace(options, prune="none", unpruned=_UNSHARED) if lost else options


def plan_opened(
    opened: EnvironmentSession, manifest: DesiredState, ask: PlanRequest, *, settings: PlanOptions | None = None
) -> Plan:
    """Plan an environment that is already open."""
    from reconciler.planner import make_plan

    base = base_manifest(opened.project, opened.name, ask) if ask.base else None
    past = opened.ledger_state()
    make = partial(
        make_plan,
        manifest,
        opened.reader,
        past,
        settings or plan_options(opened, ask),
        base=base,
        base_name=ask.base,
        secret=named_secrets(opened.access.variables).get,
        parallelism=opened.access.parallelism,
    )
    made = make()
    contradiction = _contradiction(opened)
    if contradiction:
        made = make()
    said = (*_expired(opened, ask.access.today), *ownership_findings(opened.project, opened.name, past, made))
    return replace(made, diagnostics=sort_diagnostics((*made.diagnostics, *contradiction, *said)))


def _contradiction(opened: EnvironmentSession) -> tuple[Diagnostic, ...]:
    """Drop the service's profile where a read contradicts it, and use nothing more of the cache that relied on it."""
    cache = opened.cache
    if cache is None or not cache.proven or not cache.contradiction:
        return ()
    cache.distrust()
    drop_profile(opened.project, opened.name, opened.access.variables)
    return (
        Diagnostic(
            severity=Severity.WARNING,
            code="W_PROFILE_DROPPED",
            message="the profile of the service was dropped: it says that every write renews update_time, but "
            f"{cache.contradiction} changed without that; everything was read again",
            hint="measure the service again: reconciler doctor --probe-writes",
        ),
    )


def _expired(opened: EnvironmentSession, today: date) -> Iterator[Diagnostic]:
    """Warn of an environment after its expiry date."""
    expires = opened.environment.expires
    if expires and today >= date_of(expires):
        yield Diagnostic(
            severity=Severity.WARNING,
            code="W_ENV_EXPIRED",
            message=f"environment {opened.name} was to be removed by {expires}",
            hint="remove its objects and its key in reconciler.yaml, or move the date",
        )


def base_manifest(project: Project, name: str, ask: PlanRequest) -> DesiredState:
    """Return the manifests of the environment at `ask.base`, read from git objects. Raises ReconcilerError.

    Nothing is declared where that commit has no project file or no such environment.
    """
    from reconciler.manifest.files.git_tree import GitTree
    from reconciler.project.config import FILE
    from reconciler.project.config_file import parse_project

    tree = GitTree(project.root, ask.base)
    try:
        text = tree.read(FILE)
    except ManifestError as error:
        if error.code != "E_PATH_MISSING":
            raise
        return DesiredState()
    then = parse_project(text, root=project.root, untrusted=project.untrusted)
    if name not in then.environments:
        return DesiredState()
    return load_from(then, name, ask.sets, tree)

"""Applies a plan, one change at a time, under the lock, with each change journalled before it is sent.

Order of calls: `recover` (resolves intents of earlier runs) → `make_plan` → confirm → `apply`. The result of `apply`
holds an outcome for each change. LockedError is raised where another run holds the lock, BlockedError where a guard
blocks the plan; then nothing was done.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.apply import ledger_updates
from reconciler.apply.context import ApplyContext, ApplyHooks, SettlePolicy, locked_context, read_object
from reconciler.apply.execute_plan import RunState, execute_plan
from reconciler.apply.recompare import compare, differences
from reconciler.apply.recovery import resolve_open_intents
from reconciler.apply.unknown_outcome import until_seen
from reconciler.apply.verify import ignore_entry, is_older
from reconciler.diff.deletion_guards import check_guards
from reconciler.diff.dependency_order import known_ids
from reconciler.errors import LedgerError, LockedError, PlanError, ReconcilerError
from reconciler.interfaces import Ledger, Reader, Writer, WriteRequest
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change
from reconciler.model.desired_state import DesiredState
from reconciler.model.options import GuardOverrides, PlanOptions
from reconciler.model.outcome import ApplyEvent, ApplyPhase, Outcome, OutcomeStatus, make_outcome
from reconciler.model.plan import Plan
from reconciler.model.resource import DeclaredResource
from reconciler.model.run_history import RunOrigin, RunRecord
from reconciler.planner import make_plan


def _only_lags(site: ApplyContext, declared: DeclaredResource, change: Change, course: RunState) -> bool:
    """Tell whether an object that the second plan read in its old state is as declared after all."""

    def read_again() -> bool | None:
        live = read_object(site, site.kinds[change.kind], change.id)
        return (live is not None and compare(site, declared, live, course.references).action is Action.NONE) or None

    try:
        return bool(until_seen(site, change.address, read_again))
    except ReconcilerError:
        return False


def replan(site: ApplyContext, plan: Plan, manifest: DesiredState, course: RunState) -> Plan | None:
    """Plan again and name the fields that reverted; None where the run ended early or had no changes."""
    if course.error is not None or course.stopped is not None or not course.outcomes:
        return None
    site.hooks.progress(ApplyEvent(step=ApplyPhase.VERIFYING))
    try:
        past = site.ledger.load_state(site.scope, site.owner)
        after = make_plan(manifest, site.reader, past, site.settings)
    except ReconcilerError as error:
        site.hooks.progress(
            ApplyEvent(step=ApplyPhase.VERIFYING, message=f"no second plan could be made: {error.message}")
        )
        return None
    site.hooks.point("planned")
    _mark_stuck(site, plan, manifest, course, after)
    return after


def _mark_stuck(site: ApplyContext, plan: Plan, manifest: DesiredState, course: RunState, after: Plan) -> None:
    """Name the fields that reverted between the write and the second plan, once, with their change."""
    left = {change.address: change for change in after.pending if change.action is Action.UPDATE}
    declared = {one.address: one for one in manifest.resources}
    planned = {change.address: change for change in plan.pending}
    for number, outcome in enumerate(course.outcomes):
        change, resource = left.get(outcome.address), declared.get(outcome.address)
        if change is None or outcome.status is not OutcomeStatus.APPLIED or outcome.stuck or outcome.code:
            continue
        before = planned[outcome.address]
        earlier = is_older(site.kinds[change.kind], change.before, before.before)
        unmoved = earlier or change.before_fingerprint == before.before_fingerprint
        if resource and unmoved and _only_lags(site, resource, change, course):
            continue
        paths = tuple(dict.fromkeys(item.path for item in differences(change)))
        reason = f"{', '.join(paths)} changed again after the write; to accept this, add: {ignore_entry(paths)}"
        course.outcomes[number] = replace(outcome, code="E_SERVER_REWROTE", reason=reason, stuck=paths)


EMITTED = "N_EMITTED"
"""Code of an outcome that only shows the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """Result of an apply.

    `outcomes` has one for each change of the plan, in its order; `recovered` those of earlier runs that were resolved
    first. `error` ended the run early. `after` is the second plan, None where there is none. `partial`: the plan itself
    is incomplete: deferred changes, ambiguous names, or an incomplete read. `adopted` counts the objects whose
    ownership was taken.
    """

    outcomes: tuple[Outcome, ...] = ()
    recovered: tuple[Outcome, ...] = ()
    error: ReconcilerError | None = None
    after: Plan | None = None
    partial: bool = False
    adopted: int = 0

    @property
    def exit_code(self) -> int:
        """Exit code: 0 all done, 3 a part, else that of the error that ended the run early."""
        if self.error is not None:
            return self.error.exit_code
        return 0 if not self.partial and all(map(_clean, (*self.outcomes, *self.recovered))) else 3


def apply(
    plan: Plan,
    manifest: DesiredState,
    reader: Reader,
    writer: Writer,
    ledger: Ledger,
    *,
    scope: str,
    owner: str,
    run: str,
    settings: PlanOptions,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    overrides: GuardOverrides | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[ApplyEvent], None] = lambda event: None,  # noqa: ARG005 - the default does nothing
    point: Callable[[str], None] = lambda name: None,  # noqa: ARG005 - the default does nothing
    settle: SettlePolicy | None = None,
    origin: RunOrigin = RunOrigin(),  # noqa: B008 - frozen
    kinds: Mapping[str, Kind] | None = None,
) -> ApplyResult:
    """Execute the changes of a plan that was just made from the same manifests.

    `clock` gives seconds since 1970. `stop` is called before each change: true ends the run after the current one.
    `origin` is recorded with the run.
    Raises PlanError for a plan that may not be applied, BlockedError and LockedError as said above.
    """
    _refuse(plan, manifest, settings, overrides or GuardOverrides())
    hooks = ApplyHooks(clock=clock, sleep=sleep, stop=stop, progress=progress, point=point)
    known = kinds or all_kinds()
    if not writer.applies:
        return ApplyResult(outcomes=_emit(plan, manifest, writer, known), partial=_partial(plan))
    with locked_context(
        reader,
        writer,
        ledger,
        scope=scope,
        owner=owner,
        run=run,
        settings=settings,
        hooks=hooks,
        kinds=known,
        settle=settle,
    ) as site:
        applied = _locked(site, plan, manifest, origin)
    hooks.point("unlocked")
    hooks.progress(ApplyEvent(step=ApplyPhase.UNLOCKED))
    return applied


def _refuse(plan: Plan, manifest: DesiredState, settings: PlanOptions, overrides: GuardOverrides) -> None:
    if plan.untrusted or settings.untrusted:
        raise PlanError("plans made with --untrusted cannot be applied", code="E_PLAN_UNTRUSTED")
    if not manifest.valid:
        raise PlanError("the manifests hold errors: nothing is applied", code="E_PLAN_ERRORED")
    if settings.depth == "list":
        raise PlanError(
            "a plan made with --depth list does not know every field: nothing is applied",
            code="E_PLAN_DEPTH",
            hint="plan with --depth auto",
        )
    check_guards(plan, overrides)


def _locked(site: ApplyContext, plan: Plan, manifest: DesiredState, origin: RunOrigin) -> ApplyResult:
    site.hooks.progress(ApplyEvent(step=ApplyPhase.LOCKED, message=site.lease.id))
    site.hooks.point("locked")
    declared = {resource.address: resource for resource in manifest.resources}
    course = RunState(references=known_ids(plan))
    recovered: tuple[Outcome, ...] = ()
    adopted = 0
    command = "destroy" if plan.destroys else "apply"
    try:
        site.ledger.start(RunRecord(id=site.run, scope=site.scope, owner=site.owner, command=command, origin=origin))
        site.hooks.point("started")
        recovered = resolve_open_intents(site)
        site = replace(site, past=site.ledger.load_state(site.scope, site.owner))
        _own(site, plan, declared)
        adopted = len(plan.adopting)
        site.hooks.point("owned")
    except (LedgerError, LockedError) as error:
        course.error = error
    execute_plan(site, plan, declared, course)
    _recount(site, plan, course)
    site.hooks.point("carried")
    after = replan(site, plan, manifest, course)
    applied = ApplyResult(
        outcomes=tuple(course.outcomes),
        recovered=recovered,
        error=course.error,
        after=after,
        partial=_partial(plan),
        adopted=adopted,
    )
    return _closed(site, applied)


def _partial(plan: Plan) -> bool:
    return plan.errored or plan.partial or bool(plan.held)


def _own(site: ApplyContext, plan: Plan, declared: Mapping[str, DeclaredResource]) -> None:
    objects = ledger_updates.owned_records(plan, declared, site.kinds, site.past)
    site.ledger.record_owned(site.scope, site.run, objects, ledger_updates.sweeps(plan))
    site.ledger.remove_objects(site.scope, ledger_updates.records_without_object(plan, site.past))
    site.ledger.record_drift(site.scope, ledger_updates.drifting(plan), ledger_updates.seen(plan))


def _recount(site: ApplyContext, plan: Plan, course: RunState) -> None:
    """Record how many objects are left after this run's own deletes: a later read is compared with that."""
    before = ledger_updates.sweeps(plan)
    after = ledger_updates.sweeps_after(before, course.outcomes)
    if before != after and course.error is None:
        try:
            site.ledger.record_owned(site.scope, site.run, (), after)
        except LedgerError as error:
            course.error = error


def _closed(site: ApplyContext, applied: ApplyResult) -> ApplyResult:
    try:
        site.ledger.end(site.run, _told(applied))
    except LedgerError as error:
        return replace(applied, error=applied.error or error)
    site.hooks.point("ended")
    return applied


def _told(applied: ApplyResult) -> str:
    counts = dict.fromkeys(OutcomeStatus, 0)
    for outcome in applied.outcomes:
        counts[outcome.status] += 1
    parts = [f"{count} {status.value}" for status, count in counts.items() if count]
    return ", ".join([*parts, *([f"{applied.adopted} adopted"] if applied.adopted else [])]) or "nothing to do"


def _emit(plan: Plan, manifest: DesiredState, writer: Writer, kinds: Mapping[str, Kind]) -> tuple[Outcome, ...]:
    """Pass every change to a writer that only shows it; nothing is locked, journalled or verified."""
    declared = {resource.address: resource for resource in manifest.resources}
    references = known_ids(plan)
    outcomes = []
    for change in plan.pending:
        desired = None if change.action is Action.DELETE else declared.get(change.address)
        writer.write(WriteRequest(change=change, kind=kinds[change.kind], desired=desired, references=references))
        outcomes.append(make_outcome(change, OutcomeStatus.SKIPPED, code=EMITTED, reason="shown only, not sent"))
    return tuple(outcomes)


def _clean(outcome: Outcome) -> bool:
    return outcome.code.startswith("N_") or (outcome.status is OutcomeStatus.APPLIED and not outcome.code)

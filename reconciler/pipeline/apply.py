"""Apply: a plan carried out, one change at a time, under the lock, with everything written down before it is tried.

The order of calls around it: `recover` (settles what an earlier run left open) → `plan` → ask → `apply`. What `apply`
returns holds an outcome for each change; LockedError is raised where somebody else holds the lock, BlockedError where
a guard holds the plan back, and then nothing was done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.diff.guard import blocking
from reconciler.errors import BlockedError, LedgerError, LockedError, PlanError, ReconcilerError
from reconciler.kinds import all_kinds
from reconciler.kinds.kind import Kind
from reconciler.model.change import Action, Change
from reconciler.model.event import Event, Step
from reconciler.model.history import Run
from reconciler.model.manifest import Manifest
from reconciler.model.outcome import Outcome, Status, outcome_of
from reconciler.model.plan import Plan
from reconciler.model.resource import Declared
from reconciler.model.settings import Overrides, PlanSettings
from reconciler.pipeline import remember
from reconciler.pipeline.carry import carry
from reconciler.pipeline.order import hindered, known_ids, needs, reference
from reconciler.pipeline.plan import plan as make_plan
from reconciler.pipeline.recover import settle_open
from reconciler.pipeline.site import Hooks, Settle, Site
from reconciler.ports import Ledger, Reader, Task, Writer

EMITTED = "N_EMITTED"
"""Code of an outcome that only shows what would be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What an apply came to.

    `outcomes` has one for each change that the plan would make, in its order; `recovered` those of earlier runs that
    were settled first. `error` is what ended the run early. `after` is the second plan, None where none could be made.
    `partial` tells that the plan itself left something out: held back, ambiguous, or not read.
    """

    outcomes: tuple[Outcome, ...] = ()
    recovered: tuple[Outcome, ...] = ()
    error: ReconcilerError | None = None
    after: Plan | None = None
    partial: bool = False

    @property
    def exit_code(self) -> int:
        """0 all done, 3 a part, else that of what ended the run early."""
        if self.error is not None:
            return self.error.exit_code
        return 0 if not self.partial and all(map(_clean, (*self.outcomes, *self.recovered))) else 3


def apply(
    plan: Plan,
    manifest: Manifest,
    reader: Reader,
    writer: Writer,
    ledger: Ledger,
    *,
    scope: str,
    owner: str,
    run: str,
    settings: PlanSettings,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    overrides: Overrides | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[Event], None] = lambda event: None,  # noqa: ARG005 - nobody listens
    point: Callable[[str], None] = lambda name: None,  # noqa: ARG005 - nobody tests
    settle: Settle | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Applied:
    """Carry out the changes of a plan that was made a moment ago from the same manifest.

    `clock` gives seconds since 1970. `stop` is asked before each change: true ends the run cleanly after the one at
    hand. Raises PlanError for a plan that may not be applied, BlockedError and LockedError as said above.
    """
    _refuse(plan, manifest, settings, overrides or Overrides())
    hooks = Hooks(clock=clock, sleep=sleep, stop=stop, progress=progress, point=point)
    known = kinds or all_kinds()
    if not writer.applies:
        return Applied(outcomes=_emit(plan, manifest, writer, known), partial=_partial(plan))
    with ledger.lock(scope, owner) as lease:
        site = Site(
            reader=reader,
            writer=writer,
            ledger=ledger,
            lease=lease,
            scope=scope,
            owner=owner,
            run=run,
            past=ledger.past(scope, owner),
            settings=settings,
            hooks=hooks,
            kinds=known,
            settle=settle or Settle(),
        )
        applied = _locked(site, plan, manifest)
    hooks.point("unlocked")
    hooks.progress(Event(step=Step.UNLOCKED))
    return applied


def _refuse(plan: Plan, manifest: Manifest, settings: PlanSettings, overrides: Overrides) -> None:
    if plan.untrusted or settings.untrusted:
        raise PlanError("a plan of manifests that may be a stranger's is never applied", code="E_PLAN_UNTRUSTED")
    if not manifest.valid:
        raise PlanError("the manifests hold errors: nothing is applied", code="E_PLAN_ERRORED")
    if settings.depth == "list":
        raise PlanError(
            "a plan made with --depth list does not know every field: nothing is applied",
            code="E_PLAN_DEPTH",
            hint="plan with --depth auto",
        )
    if blocks := blocking(plan, overrides):
        raise BlockedError("a guard holds the plan back", blocks)


@dataclass(slots=True, kw_only=True)
class _Course:
    """How far a run has come; `undone` maps what was not done to the address that others would need."""

    references: dict[str, str]
    outcomes: list[Outcome] = field(default_factory=list)
    undone: dict[str, str] = field(default_factory=dict)
    error: ReconcilerError | None = None


def _locked(site: Site, plan: Plan, manifest: Manifest) -> Applied:
    site.hooks.progress(Event(step=Step.LOCKED, message=site.lease.id))
    site.hooks.point("locked")
    declared = {resource.address: resource for resource in manifest.resources}
    course = _Course(references=known_ids(plan))
    recovered: tuple[Outcome, ...] = ()
    try:
        site.ledger.start(Run(id=site.run, scope=site.scope, owner=site.owner, command="apply"))
        site.hooks.point("started")
        recovered = settle_open(site)
        site = replace(site, past=site.ledger.past(site.scope, site.owner))
        _own(site, plan, declared)
        site.hooks.point("owned")
    except (LedgerError, LockedError) as error:
        course.error = error
    _carry_all(site, plan, declared, course)
    site.hooks.point("carried")
    after = _second(site, manifest, course)
    applied = Applied(
        outcomes=tuple(course.outcomes),
        recovered=recovered,
        error=course.error,
        after=after,
        partial=_partial(plan),
    )
    return _closed(site, applied)


def _partial(plan: Plan) -> bool:
    return plan.errored or plan.partial or bool(plan.held)


def _own(site: Site, plan: Plan, declared: Mapping[str, Declared]) -> None:
    objects = remember.in_step(plan, declared, site.kinds, site.past)
    site.ledger.remember(site.scope, site.run, objects, remember.sweeps(plan))
    site.ledger.drift(site.scope, remember.drifting(plan), remember.seen(plan))


def _carry_all(site: Site, plan: Plan, declared: Mapping[str, Declared], course: _Course) -> None:
    changes = plan.pending
    for number, change in enumerate(changes):
        resource = None if change.action is Action.DELETE else declared.get(change.address)
        site.hooks.progress(_event(Step.STARTED, change, number, len(changes)))
        outcome = _one(site, change, resource, course)
        course.outcomes.append(outcome)
        _note(site, change, outcome, course)
        event = _event(Step.FINISHED, change, number + 1, len(changes))
        site.hooks.progress(replace(event, outcome=outcome, message=outcome.reason))


def _one(site: Site, change: Change, resource: Declared | None, course: _Course) -> Outcome:
    """Return the outcome of one change; what ends the run is kept in the course, and the rest is skipped."""
    if course.error is not None:
        return outcome_of(change, Status.SKIPPED, code=course.error.code, reason=f"stopped: {course.error.message}")
    if site.hooks.stop():
        return outcome_of(change, Status.SKIPPED, code="E_STOPPED", reason="stopped by a signal before it was tried")
    if any((intent.kind, intent.name) == (change.kind, change.name) for intent in site.past.intents):
        reason = "nobody knows yet what became of an earlier try; see reconciler history resolve"
        return outcome_of(change, Status.SKIPPED, code="E_UNKNOWN_OUTCOME", reason=reason)
    spec = resource.spec if resource else None
    if reason := hindered(change, site.kinds[change.kind], spec, course.undone):
        return outcome_of(change, Status.SKIPPED, code="E_DEPENDENCY", reason=reason)
    site.hooks.point("change")
    try:
        carried = carry(site, change, resource, course.references)
    except (LedgerError, LockedError) as error:
        course.error = error
        return outcome_of(change, Status.SKIPPED, code=error.code, reason=f"not tried: {error.message}")
    course.error = carried.error
    return carried.outcome


def _note(site: Site, change: Change, outcome: Outcome, course: _Course) -> None:
    """Keep what later changes need to know of this one."""
    done = outcome.status is Status.APPLIED
    if change.action is Action.CREATE:
        key = reference(change.kind, change.name)
        if done:
            course.references[key] = outcome.id
        else:
            course.undone[key] = change.address
    if change.action is Action.DELETE and not done:
        for key in _referred(site, change):
            course.undone.setdefault(key, change.address)


def _referred(site: Site, change: Change) -> frozenset[str]:
    """Return what an object refers to, as far as the list or the ledger knows."""
    known = site.past.objects.get((change.kind, change.id))
    kind = site.kinds[change.kind]
    specs = (change.before, known.last_applied if known else None)
    return frozenset(key for spec in specs if isinstance(spec, Mapping) for key in needs(kind, spec))


def _second(site: Site, manifest: Manifest, course: _Course) -> Plan | None:
    """Plan once more, quietly: what was applied and still differs did not stick."""
    if course.error is not None or not course.outcomes:
        return None
    site.hooks.progress(Event(step=Step.VERIFYING))
    try:
        past = site.ledger.past(site.scope, site.owner)
        after = make_plan(manifest, site.reader, past, site.settings)
    except ReconcilerError as error:
        site.hooks.progress(Event(step=Step.VERIFYING, message=f"no second plan could be made: {error.message}"))
        return None
    site.hooks.point("planned")
    _mark_stuck(course, after)
    return after


def _mark_stuck(course: _Course, after: Plan) -> None:
    """Name the fields that moved back between the write and the second plan, once, with the change they belong to."""
    left = {change.address: change for change in after.pending if change.action is Action.UPDATE}
    for number, outcome in enumerate(course.outcomes):
        change = left.get(outcome.address)
        if change is None or outcome.status is not Status.APPLIED or outcome.stuck:
            continue
        paths = tuple(dict.fromkeys(item.path for item in change.fields))
        reason = f"{', '.join(paths)} changed again after the write"
        course.outcomes[number] = replace(outcome, code="E_SERVER_REWROTE", reason=reason, stuck=paths)


def _closed(site: Site, applied: Applied) -> Applied:
    try:
        site.ledger.end(site.run, _told(applied))
    except LedgerError as error:
        return replace(applied, error=applied.error or error)
    site.hooks.point("ended")
    return applied


def _told(applied: Applied) -> str:
    counts = dict.fromkeys(Status, 0)
    for outcome in applied.outcomes:
        counts[outcome.status] += 1
    return ", ".join(f"{count} {status.value}" for status, count in counts.items() if count) or "nothing to do"


def _emit(plan: Plan, manifest: Manifest, writer: Writer, kinds: Mapping[str, Kind]) -> tuple[Outcome, ...]:
    """Hand every change to a writer that only shows; nothing is locked, journalled or verified."""
    declared = {resource.address: resource for resource in manifest.resources}
    references = known_ids(plan)
    outcomes = []
    for change in plan.pending:
        desired = None if change.action is Action.DELETE else declared.get(change.address)
        writer.write(Task(change=change, kind=kinds[change.kind], desired=desired, references=references))
        outcomes.append(outcome_of(change, Status.SKIPPED, code=EMITTED, reason="shown only, not sent"))
    return tuple(outcomes)


def _clean(outcome: Outcome) -> bool:
    return outcome.code.startswith("N_") or (outcome.status is Status.APPLIED and not outcome.code)


def _event(step: Step, change: Change, done: int, total: int) -> Event:
    return Event(step=step, address=change.address, action=change.action.value, done=done, total=total)

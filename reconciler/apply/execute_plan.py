"""Executes the changes of a plan in order. Skips changes with failed dependencies; stops on ledger and lock errors."""

from collections.abc import Mapping
from dataclasses import field, replace

from reconciler.apply.context import ApplyContext
from reconciler.apply.execute_change import execute_change
from reconciler.apply.swapped_names import holder_of, step_aside
from reconciler.diff.dependency_order import hindered, needs, reference
from reconciler.errors import AuthError, LedgerError, LockedError, ReconcilerError
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change
from reconciler.model.outcome import ApplyEvent, ApplyPhase, Outcome, OutcomeStatus, make_outcome
from reconciler.model.plan import Plan
from reconciler.model.resource import DeclaredResource
from reconciler.strings import environment_option


@dataclass(slots=True, kw_only=True)
class RunState:
    """Progress of a run; `undone` maps each object that was not written to the address that others depend on.

    `error` ends the run: the ledger or the lock is lost. `stopped` is the reason why nothing more is sent: refused
    credentials. `ended_at` is the change with the full reason.
    """

    references: dict[str, str]
    outcomes: list[Outcome] = field(default_factory=list)
    undone: dict[str, str] = field(default_factory=dict)
    error: ReconcilerError | None = None
    stopped: AuthError | None = None
    ended_at: str = ""


def execute_plan(site: ApplyContext, plan: Plan, declared: Mapping[str, DeclaredResource], course: RunState) -> None:
    """Execute every change with an action; each gets an outcome, also after an error."""
    changes = list(plan.pending)
    for number in range(len(changes)):
        change = changes[number]  # one that was renamed for an earlier change is a different change by now
        resource = None if change.action is Action.DELETE else declared.get(change.address)
        site.hooks.progress(_event(ApplyPhase.STARTED, change, number, len(changes)))
        outcome = _one(site, change, resource, course)
        holder = holder_of(change, changes[number + 1 :], outcome)
        if holder is not None and holder.address in declared:
            aside, outcome = _swapped(site, (change, resource), (holder, declared[holder.address]), outcome, course)
            changes[changes.index(holder)] = aside
        course.outcomes.append(outcome)
        if (course.error or course.stopped) and not course.ended_at:
            course.ended_at = change.address
        _note(site, change, outcome, course)
        event = _event(ApplyPhase.FINISHED, change, number + 1, len(changes))
        site.hooks.progress(replace(event, outcome=outcome, message=outcome.reason))


def _swapped(
    site: ApplyContext,
    wants: tuple[Change, DeclaredResource | None],
    holds: tuple[Change, DeclaredResource],
    outcome: Outcome,
    course: RunState,
) -> tuple[Change, Outcome]:
    """Free the name for a refused change and retry it; return the other change and its outcome."""
    holder, declared = holds
    try:
        carried, aside = step_aside(site, holder, declared, course.references)
    except (LedgerError, LockedError) as error:
        course.error = error
        return holder, outcome
    _end(course, carried.error)
    if aside is not None and course.error is None and course.stopped is None:
        again = _one(site, wants[0], wants[1], course)
        return aside, replace(again, calls=again.calls + outcome.calls + carried.outcome.calls)
    reason = f"its name is held by {holder.address}, which cannot step aside: {carried.outcome.reason}"
    course.undone[reference(holder.kind, holder.name)] = wants[0].address
    return holder, replace(outcome, reason=f"{outcome.reason}; {reason}")


def _end(course: RunState, error: ReconcilerError | None) -> None:
    if isinstance(error, AuthError):
        course.stopped = error
    elif error is not None:
        course.error = error


def _one(site: ApplyContext, change: Change, resource: DeclaredResource | None, course: RunState) -> Outcome:
    """Return the outcome of one change; an error that ends the run is kept in the run state, the rest is skipped."""
    if (ended := course.error or course.stopped) is not None:
        since = f", see {course.ended_at}" if course.ended_at else f": {ended.message}"
        return make_outcome(change, OutcomeStatus.SKIPPED, code=ended.code, reason=f"stopped{since}")
    if site.hooks.stop():
        return make_outcome(
            change, OutcomeStatus.SKIPPED, code="E_STOPPED", reason="stopped by a signal before it was tried"
        )
    if any((intent.kind, intent.name) == (change.kind, change.name) for intent in site.past.intents):
        resolve = f"reconciler history resolve ID{environment_option(site.settings.environment)}"
        reason = f"an earlier write of this object has an unknown outcome; run `{resolve}`"
        return make_outcome(change, OutcomeStatus.SKIPPED, code="E_UNKNOWN_OUTCOME", reason=reason)
    spec = resource.spec if resource else None
    if reason := hindered(change, site.kinds[change.kind], spec, course.undone):
        return make_outcome(change, OutcomeStatus.SKIPPED, code="E_DEPENDENCY", reason=reason)
    site.hooks.point("change")
    try:
        carried = execute_change(site, change, resource, course.references)
    except (LedgerError, LockedError) as error:
        course.error = error
        return make_outcome(change, OutcomeStatus.SKIPPED, code=error.code, reason=f"not tried: {error.message}")
    _end(course, carried.error)
    return carried.outcome


def _note(site: ApplyContext, change: Change, outcome: Outcome, course: RunState) -> None:
    """Record what later changes depend on."""
    done = outcome.status is OutcomeStatus.APPLIED
    if change.action is Action.CREATE:
        key = reference(change.kind, change.name)
        if done:
            course.references[key] = outcome.id
        else:
            course.undone[key] = change.address
    if change.action is Action.DELETE and not done:
        for key in _referred(site, change):
            course.undone.setdefault(key, change.address)


def _referred(site: ApplyContext, change: Change) -> frozenset[str]:
    """Return the ids of referenced objects, as far as the list or the ledger has them."""
    known = site.past.objects.get((change.kind, change.id))
    kind = site.kinds[change.kind]
    specs = (change.before, known.last_applied if known else None)
    return frozenset(key for spec in specs if isinstance(spec, Mapping) for key in needs(kind, spec))


def _event(step: ApplyPhase, change: Change, done: int, total: int) -> ApplyEvent:
    return ApplyEvent(
        step=step, address=change.address, action=change.action.value, done=done, total=total, id=change.id
    )

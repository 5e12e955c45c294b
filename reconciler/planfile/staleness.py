"""Intersects a saved or reviewed plan with a new one; only the intersection is applied."""

from collections.abc import Collection
from dataclasses import replace

from reconciler.errors import PlanError
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity, sort_diagnostics
from reconciler.model.plan import Plan
from reconciler.planfile.adoption import without_new_owners
from reconciler.planfile.saved_plan import Binding, digest, identity


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanIntersection:
    """Intersection of a saved and a new plan: `plan` is the new one with only the common changes.

    `stale` are saved changes that no longer match, `extra` new ones that are not in the saved plan; neither is applied.
    """

    plan: Plan
    stale: tuple[Change, ...] = ()
    extra: tuple[Change, ...] = ()


def intersect(saved: Plan, fresh: Plan) -> PlanIntersection:
    """Return the part of a new plan that is identical in the saved one."""
    adopting = {(change.address, change.id) for change in saved.adopting}
    fresh = without_new_owners(fresh, lambda change: _taken(change, adopting) or change.action is not Action.NONE)
    shown = {identity(change) for change in saved.pending}
    extra = tuple(change for change in fresh.pending if identity(change) not in shown or not _taken(change, adopting))
    left_out = {id(change) for change in extra}
    now = {identity(change) for change in fresh.pending if id(change) not in left_out}
    rest = tuple(change for change in fresh.changes if id(change) not in left_out)
    return PlanIntersection(
        plan=replace(_part(fresh, len(extra)), changes=rest) if extra else fresh,
        stale=tuple(change for change in saved.pending if identity(change) not in now),
        extra=extra,
    )


def _taken(change: Change, adopting: Collection[tuple[str, str]]) -> bool:
    """Whether the saved plan has the adoption of a change, if any."""
    return not change.adopt or (change.address, change.id) in adopting


def _part(fresh: Plan, left_out: int) -> Plan:
    """Mark a plan as partial: objects that it leaves out still exist, and are still recorded."""
    said = Diagnostic(
        severity=Severity.WARNING,
        code="W_PARTIAL",
        message=f"only what the kept plan shows is done; {left_out} other changes are left out",
        hint="plan again to see them",
    )
    return replace(fresh, complete=False, diagnostics=sort_diagnostics((*fresh.diagnostics, said)))


def accepted(saved: Plan, fresh: Plan, *, skip_stale: bool) -> PlanIntersection:
    """Return the plan to apply. Raises PlanError (E_PLAN_STALE) where a saved change no longer matches."""
    met = intersect(saved, fresh)
    if met.stale and not skip_stale:
        names = ", ".join(change.address for change in met.stale)
        raise PlanError(
            f"{len(met.stale)} of {len(saved.pending)} planned changes are stale, live or manifest moved: {names}",
            code="E_PLAN_STALE",
            hint="plan again, or apply the others with --skip-stale",
        )
    return met


def expected(plan: Plan, binding: Binding, wanted: str) -> None:
    """Raise PlanError (E_PLAN_EXPECT) unless the plan is the reviewed one, for the same target."""
    found = digest(plan, binding)
    if found != wanted:
        raise PlanError(
            f"the plan is {found}, not the one that was reviewed ({wanted})",
            code="E_PLAN_EXPECT",
            hint="review the plan as it is now",
        )

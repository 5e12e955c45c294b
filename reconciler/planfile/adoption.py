"""Plans without their adoptions: `--no-adopt`, and adoptions that a saved plan does not contain."""

from collections.abc import Callable
from dataclasses import replace

from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity, sort_diagnostics
from reconciler.model.plan import Plan


def without_adoption(plan: Plan) -> Plan:
    """Remove the changes and adoptions of objects that are not owned."""
    left_out = plan.adopting
    if not left_out:
        return plan
    updates = sum(1 for change in left_out if change.action is not Action.NONE)
    said = Diagnostic(
        severity=Severity.WARNING,
        code="W_PARTIAL",
        message=f"--no-adopt leaves out {len(left_out)} objects that are not owned, {updates} of them would be changed",
        hint="apply with --adopt to own and change them",
    )
    return replace(
        plan,
        changes=tuple(_left_alone(change) if change.adopt else change for change in plan.changes),
        complete=plan.complete and not updates,
        diagnostics=sort_diagnostics((*plan.diagnostics, said)),
    )


def without_new_owners(plan: Plan, shown: Callable[[Change], bool]) -> Plan:
    """Remove adoptions of unchanged objects for which `shown` is false."""
    if all(shown(change) for change in plan.adopting):
        return plan
    changes = (change if not change.adopt or shown(change) else replace(change, adopt=False) for change in plan.changes)
    return replace(plan, changes=tuple(changes))


def _left_alone(change: Change) -> Change:
    return replace(
        change,
        action=Action.NONE,
        after=change.before,
        unknown=(),
        fields=(),
        attribution=None,
        reason="",
        blocks=(),
        before_fingerprint="",
        after_fingerprint="",
        adopt=False,
    )

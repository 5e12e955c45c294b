"""`destroy`: a plan whose desired side is empty; ownership, pruning and the other guards decide as ever."""

from collections.abc import Set
from dataclasses import replace

from reconciler.diff.deletion_guards import EMPTY, PROTECTED
from reconciler.diff.selection import SelectionFilter
from reconciler.errors import PlanError
from reconciler.model.change import Action, Change, GuardViolation
from reconciler.model.desired_state import DesiredState
from reconciler.model.options import Selection
from reconciler.model.plan import Plan
from reconciler.model.resource import address
from reconciler.project.config import Project
from reconciler.project.plan_environment import PlanRequest


def check_prune(project: Project, name: str) -> None:
    """Refuse an environment that never deletes. Raises PlanError (E_DESTROY_PRUNE)."""
    if project.environments[name].prune != "owned":
        raise PlanError(
            f"nothing of {name} is deleted: its objects stay when their manifests go (prune: none)",
            code="E_DESTROY_PRUNE",
            hint=f"set `prune: owned` in environments.{name} of reconciler.yaml; only what the ledger owns goes",
        )


def empty_desired(manifest: DesiredState, ask: PlanRequest) -> tuple[DesiredState, PlanRequest]:
    """Return the manifests without any resource, and the request with a selection that means live objects.

    Labels and files select manifests, so they become the addresses of the manifests that they select. Raises PlanError
    where they select none.
    """
    asked = ask.selection
    if asked.labels or asked.files:
        chosen = SelectionFilter(asked, manifest.resources)
        targets = tuple(one.address for one in manifest.resources if chosen.manifest(one))
        if not targets:
            wrong = next(chosen.diagnostics())
            raise PlanError(wrong.message, code=wrong.code, hint=wrong.hint)
        asked = Selection(targets=targets, excludes=asked.excludes)
    return replace(manifest, resources=()), replace(ask, selection=replace(asked, with_dependencies=False))


def destroy_plan(plan: Plan, manifest: DesiredState) -> Plan:
    """Return a plan of an empty desired side with the guards of a destroy.

    That nothing is declared is meant; what its manifest protects with prevent_destroy stays, also before the ledger
    knows of it.
    """
    kept = [one for one in manifest.resources if one.prevent_destroy]
    names = {address(one.kind, name) for one in kept for name in (one.name, *one.aliases)}
    ids = {(one.kind, one.id) for one in kept if one.id}
    return replace(plan, changes=tuple(_destroyed(change, names, ids) for change in plan.changes), destroys=True)


def _destroyed(change: Change, names: Set[str], ids: Set[tuple[str, str]]) -> Change:
    blocks = tuple(block for block in change.blocks if block.code != EMPTY)
    if change.action is Action.DELETE and (change.address in names or (change.kind, change.id) in ids):
        text = "its manifest says prevent_destroy; take that out and apply first"
        blocks = (*(one for one in blocks if one.code != PROTECTED), GuardViolation(code=PROTECTED, message=text))
    return replace(change, blocks=blocks, reason="destroy was requested", attribution=None)

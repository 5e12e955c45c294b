"""What of a plan counts as drift in the history: what the live side did, or may have done."""

from reconciler.fleet.visited import Visited
from reconciler.model.change import Action, Attribution, Change
from reconciler.model.history import Found
from reconciler.model.plan import Plan, stops_one

_COUNTS = (Attribution.DRIFT, Attribution.CONFLICT, Attribution.UNATTRIBUTED)
"""Who moved a field, where it is drift or nobody can tell; what Git moved waits for an apply and is none."""


def found(owner: str, one: Visited, result: str) -> Found:
    """Return what the ledger keeps of one environment."""
    plan = one.plan
    if plan is None or plan.errored:
        return Found(owner=owner, result=result, looked=False)
    return Found(
        owner=owner,
        result=result,
        differs=dict(item for change in plan.changes for item in _differing(change)),
        everything=plan.complete,
        seen=frozenset(change.address for change in plan.changes if change.id),
        doubtful=_doubtful(plan),
    )


def _differing(change: Change) -> list[tuple[tuple[str, str], str]]:
    if change.action is Action.UPDATE:
        moved = [field for field in change.fields if field.attribution in _COUNTS]
        return [((change.address, field.path), field.attribution.value) for field in moved]
    if change.action is Action.CREATE and change.attribution in _COUNTS:
        return [((change.address, ""), change.attribution.value)]
    return []


def _doubtful(plan: Plan) -> frozenset[str]:
    """Return what could not be judged this time: neither in step nor not."""
    ambiguous = (one.address for one in plan.diagnostics if one.address and stops_one(one))
    return frozenset((*ambiguous, *(one.address for one in plan.held)))

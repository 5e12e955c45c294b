"""The second, quiet plan: what was applied and differs again did not stick."""

from dataclasses import replace

from reconciler.errors import ReconcilerError
from reconciler.model.change import Action
from reconciler.model.event import Event, Step
from reconciler.model.manifest import Manifest
from reconciler.model.outcome import Status
from reconciler.model.plan import Plan
from reconciler.pipeline.course import Course
from reconciler.pipeline.plan import plan as make_plan
from reconciler.pipeline.recheck import differences
from reconciler.pipeline.site import Site
from reconciler.pipeline.verify import ignore_entry


def planned_again(site: Site, manifest: Manifest, course: Course) -> Plan | None:
    """Plan once more, and name what moved back; None where the run ended early or nothing was to be done."""
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


def _mark_stuck(course: Course, after: Plan) -> None:
    """Name the fields that moved back between the write and the second plan, once, with the change they belong to."""
    left = {change.address: change for change in after.pending if change.action is Action.UPDATE}
    for number, outcome in enumerate(course.outcomes):
        change = left.get(outcome.address)
        if change is None or outcome.status is not Status.APPLIED or outcome.stuck:
            continue
        paths = tuple(dict.fromkeys(item.path for item in differences(change)))
        reason = f"{', '.join(paths)} changed again after the write; if that is well, declare it: {ignore_entry(paths)}"
        course.outcomes[number] = replace(outcome, code="E_SERVER_REWROTE", reason=reason, stuck=paths)

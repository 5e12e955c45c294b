"""The second, quiet plan: what was applied and differs again did not stick."""

from dataclasses import replace

from reconciler.errors import ReconcilerError
from reconciler.model.change import Action, Change
from reconciler.model.event import Event, Step
from reconciler.model.manifest import Manifest
from reconciler.model.outcome import Status
from reconciler.model.plan import Plan
from reconciler.model.resource import Declared
from reconciler.pipeline.before import shown
from reconciler.pipeline.course import Course
from reconciler.pipeline.plan import plan as make_plan
from reconciler.pipeline.recheck import compare, differences
from reconciler.pipeline.settle import until_seen
from reconciler.pipeline.site import Site
from reconciler.pipeline.verify import ignore_entry


def _only_lags(site: Site, declared: Declared, change: Change, course: Course) -> bool:
    """Tell whether an object that the second plan saw as it was before the write is as declared after all."""

    def look() -> bool | None:
        live = shown(site, site.kinds[change.kind], change.id)
        return (live is not None and compare(site, declared, live, course.references).action is Action.NONE) or None

    try:
        return bool(until_seen(site, change.address, look))
    except ReconcilerError:
        return False


def planned_again(site: Site, plan: Plan, manifest: Manifest, course: Course) -> Plan | None:
    """Plan once more, and name what moved back; None where the run ended early or nothing was to be done."""
    if course.error is not None or course.stopped is not None or not course.outcomes:
        return None
    site.hooks.progress(Event(step=Step.VERIFYING))
    try:
        past = site.ledger.past(site.scope, site.owner)
        after = make_plan(manifest, site.reader, past, site.settings)
    except ReconcilerError as error:
        site.hooks.progress(Event(step=Step.VERIFYING, message=f"no second plan could be made: {error.message}"))
        return None
    site.hooks.point("planned")
    _mark_stuck(site, plan, manifest, course, after)
    return after


def _mark_stuck(site: Site, plan: Plan, manifest: Manifest, course: Course, after: Plan) -> None:
    """Name the fields that moved back between the write and the second plan, once, with the change they belong to."""
    left = {change.address: change for change in after.pending if change.action is Action.UPDATE}
    declared = {one.address: one for one in manifest.resources}
    planned = {change.address: change for change in plan.pending}
    for number, outcome in enumerate(course.outcomes):
        change, resource = left.get(outcome.address), declared.get(outcome.address)
        if change is None or outcome.status is not Status.APPLIED or outcome.stuck or outcome.code:
            continue
        before = planned[outcome.address].before_fingerprint
        if resource and change.before_fingerprint == before and _only_lags(site, resource, change, course):
            continue
        paths = tuple(dict.fromkeys(item.path for item in differences(change)))
        reason = f"{', '.join(paths)} changed again after the write; if that is well, declare it: {ignore_entry(paths)}"
        course.outcomes[number] = replace(outcome, code="E_SERVER_REWROTE", reason=reason, stuck=paths)

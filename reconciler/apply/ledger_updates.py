"""Ledger records that an apply writes for each object: ownership, last applied values, protection."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.diff.full_spec import managed_fields
from reconciler.kinds.base.kind import Kind
from reconciler.model.change import Action, Attribution
from reconciler.model.json_types import Json
from reconciler.model.ledger_state import LedgerState, ObjectRecord
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.plan import Plan
from reconciler.model.resource import DeclaredResource


def last_applied(kind: Kind, declared: DeclaredResource, digests: Mapping[str, str]) -> Json:
    """Return the managed part for the ledger: defaults filled in, each secret as name and keyed digest."""
    return managed_fields(kind, declared.spec, digest=lambda name: digests.get(name, ""))


def applied(kind: Kind, declared: DeclaredResource, object_id: str, owner: str, last_applied: Json) -> ObjectRecord:
    """Return the record of an object that is now as declared."""
    return ObjectRecord(
        kind=kind.name,
        id=object_id,
        name=declared.name,
        address=declared.address,
        owner=owner,
        last_applied=last_applied,
        protected=declared.prevent_destroy,
    )


def owned_records(
    plan: Plan, declared: Mapping[str, DeclaredResource], kinds: Mapping[str, Kind], past: LedgerState
) -> tuple[ObjectRecord, ...]:
    """Return the new records of all declared live objects: ownership, and applied values where they are up to date.

    Objects that are neither owned nor to be adopted are left to their owner.
    """
    found = []
    for change in plan.changes:
        resource = declared.get(change.address)
        if resource is None or not change.id or change.action is Action.DELETE:
            continue
        old = past.objects.get((change.kind, change.id))
        if not (change.adopt or past.owns(old)):
            continue
        same = change.action is Action.NONE
        before = old.last_applied if old else None
        last = last_applied(kinds[change.kind], resource, known_digests(before)) if same else before
        now = applied(kinds[change.kind], resource, change.id, past.owner, last)
        if old is not None and not same:  # values that the service did not keep last time are still recorded
            now = replace(now, stuck=old.stuck, stuck_as=old.stuck_as, unkept=old.unkept, unkept_on=old.unkept_on)
        if old is None or _told(old) != _told(now):
            found.append(now)
    return tuple(found)


def known_digests(last: Json) -> dict[str, str]:
    """Return the digests in a record, by the names of their secrets."""
    if isinstance(last, Mapping):
        secret, digest = last.get("secret"), last.get("digest")
        if isinstance(secret, str) and isinstance(digest, str):
            return {secret: digest}
        return {name: digest for part in last.values() for name, digest in known_digests(part).items()}
    return (
        {name: digest for part in last for name, digest in known_digests(part).items()}
        if isinstance(last, list)
        else {}
    )


def drifting(plan: Plan) -> frozenset[tuple[str, str]]:
    """Return the objects (kind, id) that were changed outside the manifests."""
    moved = {Attribution.DRIFT, Attribution.CONFLICT}
    return frozenset(
        (change.kind, change.id)
        for change in plan.changes
        if change.id and any(field.attribution in moved for field in change.fields)
    )


def seen(plan: Plan) -> frozenset[tuple[str, str]]:
    """Return the declared objects (kind, id) that a plan covers."""
    return frozenset((change.kind, change.id) for change in plan.changes if change.id)


def records_without_object(plan: Plan, past: LedgerState) -> frozenset[tuple[str, str]]:
    """Return the owned records (kind, id) without a live object; empty where the plan does not prove that."""
    if not plan.complete:
        return frozenset()
    found = seen(plan) | {(item.kind, item.id) for item in plan.unmanaged}
    return frozenset(key for key, thing in past.objects.items() if past.owns(thing) and key not in found)


def sweeps(plan: Plan) -> dict[str, int]:
    """Return the number of live objects of each kind that a plan read; empty for a partial plan."""
    found = Counter([change.kind for change in plan.changes if change.id] + [item.kind for item in plan.unmanaged])
    return dict(found) if plan.complete else {}


def sweeps_after(counts: Mapping[str, int], outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return these numbers without the objects that were deleted."""
    applied = (one for one in outcomes if one.status is OutcomeStatus.APPLIED)
    gone = Counter(one.kind for one in applied if one.action is Action.DELETE)
    return {kind: max(0, number - gone[kind]) for kind, number in counts.items()}


def _told(thing: ObjectRecord) -> tuple[object, ...]:
    return (thing.name, thing.address, thing.owner, thing.last_applied, thing.protected)

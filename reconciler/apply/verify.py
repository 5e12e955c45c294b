"""Verifies writes by reading back: reads lag, and the service may not keep every value."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.apply.context import ApplyContext, read_object
from reconciler.apply.recompare import compare, differences
from reconciler.apply.unknown_outcome import LostCreateStatus, find_lost_create, until_seen
from reconciler.errors import LedgerError, LockedError, ReconcilerError
from reconciler.interfaces import WriteRequest
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.json_types import Json, as_object
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import Outcome, OutcomeStatus
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.strings import environment_option
from reconciler.timestamps import seconds_of

UNSEEN = "E_UNKNOWN_OUTCOME"
"""Code of an open outcome: the write has a response but is not visible (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Outcome after reading back.

    `unkept` are the fields that the service did not keep, with the fingerprints (live, desired) at that time.
    """

    outcome: Outcome
    unkept: tuple[FieldChange, ...] = ()
    unkept_as: tuple[str, str] = ("", "")


def verify(
    site: ApplyContext, task: WriteRequest, intent: WriteIntent, outcome: Outcome, answer: Json = None
) -> Verified:
    """Read back a write that the writer reports as done. Raises LockedError and LedgerError, which end the run."""
    try:
        if task.desired is None:
            return Verified(outcome=_deleted(site, task, outcome))
        if task.change.action is Action.CREATE:
            return _created(site, task, task.desired, intent, outcome)
        return _updated(site, task, task.desired, outcome, answer)
    except (LockedError, LedgerError):
        raise
    except ReconcilerError as error:
        return Verified(outcome=_unverified(task, outcome, f"it could not be read back: {error.message}"))


def is_deleted(site: ApplyContext, kind: Kind, object_id: str) -> bool:
    """Tell whether an object certainly does not exist; False where that cannot be determined."""
    try:
        return read_object(site, kind, object_id) is None
    except ReconcilerError:
        return False


def _unverified(task: WriteRequest, outcome: Outcome, reason: str) -> Outcome:
    """Return the outcome of a write that is not visible: an update is planned again, others stay open."""
    status = outcome.status if task.change.action is Action.UPDATE else OutcomeStatus.UNKNOWN
    return replace(outcome, status=status, code="E_NOT_VERIFIED", reason=_joined(outcome.reason, reason))


def _deleted(site: ApplyContext, task: WriteRequest, outcome: Outcome) -> Outcome:
    if until_seen(site, outcome.address, lambda: read_object(site, task.kind, outcome.id) is None or None):
        return outcome
    reason = "the service answered that it is deleted, and still shows it; the next run looks again"
    return replace(outcome, status=OutcomeStatus.UNKNOWN, code=UNSEEN, reason=reason)


def _created(
    site: ApplyContext, task: WriteRequest, desired: DeclaredResource, intent: WriteIntent, outcome: Outcome
) -> Verified:
    settled = find_lost_create(site, replace(intent, id=outcome.id, answered=True), desired)
    if settled.verdict is not LostCreateStatus.FOUND or settled.live is None:
        resolve = f"reconciler history resolve {intent.operation}{environment_option(site.settings.environment)}"
        reason = f"{settled.reason}. The next run looks again, or decide with: {resolve}"
        return Verified(outcome=replace(outcome, status=OutcomeStatus.UNKNOWN, code=UNSEEN, reason=reason))
    found = replace(outcome, id=settled.live.id)
    return _judged(found, compare(site, desired, settled.live, task.references))


def _updated(
    site: ApplyContext, task: WriteRequest, desired: DeclaredResource, outcome: Outcome, answer: Json
) -> Verified:
    """Read until the object differs from its state before; the response itself decides whether to wait."""
    said = _answered(site, task, desired, answer)

    def read_again() -> Change | None:
        live = read_object(site, task.kind, outcome.id)
        now = None if live is None else compare(site, desired, live, task.references)
        return None if live is None or now is None or _untouched(task, live, now) else now

    untouched = said is not None and said.before_fingerprint == task.change.before_fingerprint
    now = read_again() if untouched and said is not None and said.action is not Action.NONE else None
    now = now or (None if untouched else until_seen(site, outcome.address, read_again))
    if now is not None:
        return _judged(outcome, now)
    if said is not None and said.action is Action.NONE:
        reason = "the answer to the write holds all that is declared, and reading shows the object as it was before"
        return Verified(outcome=_unverified(task, outcome, reason))
    return Verified(outcome=_not_applied(outcome, "the object is as it was before"))


def _answered(site: ApplyContext, task: WriteRequest, desired: DeclaredResource, answer: Json) -> Change | None:
    """Compare the object in the response to a write; None where it is not the whole object."""
    kind = task.kind
    if not isinstance(answer, Mapping) or answer.get(kind.id_field) != task.change.id or kind.name_field not in answer:
        return None
    hidden = frozenset(name for name, field in kind.top_fields.items() if name not in answer and not field.in_show)
    live = LiveResource(
        kind=kind.name, name=str(answer[kind.name_field]), spec=answer, id=task.change.id, hidden=hidden, shown=True
    )
    try:
        return compare(site, desired, live, task.references)
    except ReconcilerError:
        return None


def _untouched(task: WriteRequest, live: LiveResource, now: Change) -> bool:
    """Tell whether an object is as before the write, or earlier: not kept, or not visible yet."""
    if now.action is Action.NONE or task.live is None:
        return False
    if is_older(task.kind, live.spec, task.live.spec):
        return True
    return live.stamp == task.live.stamp and now.before_fingerprint == task.change.before_fingerprint


def is_older(kind: Kind, shown: Json, before: Json) -> bool:
    """Tell whether a read shows an object as it was earlier than another one did: of a replica that lags behind."""
    times = [seconds_of(as_object(one).get(kind.updated_field)) for one in (shown, before)]
    return times[0] is not None and times[1] is not None and times[0] < times[1]


def _judged(outcome: Outcome, now: Change) -> Verified:
    if now.action is Action.NONE:
        return Verified(outcome=outcome)
    unkept = differences(now)
    paths = tuple(dict.fromkeys(field.path for field in unkept))
    reason = f"the service changed or dropped {', '.join(paths)}; to accept this, add: {ignore_entry(paths)}"
    told = replace(outcome, code="E_SERVER_REWROTE", reason=_joined(outcome.reason, reason), stuck=paths)
    return Verified(outcome=told, unkept=unkept, unkept_as=(now.before_fingerprint, now.after_fingerprint))


def ignore_entry(paths: Sequence[str]) -> str:
    """Return the entry of `metadata.lifecycle` that makes plan and apply ignore these paths."""
    rules = ", ".join(f"{{path: {_quoted(path)}, reason: the service does not keep it}}" for path in paths)
    return f"ignore_changes: [{rules}]"


def _quoted(path: str) -> str:
    """Quote a path for YAML so that it parses to the same text; it may contain quotes and forbidden characters."""
    text = json.dumps(path, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in text)


def _not_applied(outcome: Outcome, reason: str) -> Outcome:
    said = f"the writer reported success, but {reason}"
    return replace(outcome, status=OutcomeStatus.FAILED, code="E_NOT_APPLIED", reason=said)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)

"""Executes one change: precheck, intent, write, outcome, verification. Every step is in the journal."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import field, replace

from reconciler.apply import ledger_updates
from reconciler.apply.context import ApplyContext, read_object
from reconciler.apply.precheck import PrecheckResult, precheck
from reconciler.apply.recompare import compare
from reconciler.apply.unknown_outcome import LostCreateStatus, find_lost_create, until_seen
from reconciler.apply.verify import UNSEEN, Verified, is_deleted, verify
from reconciler.diff.rejected_fields import unkept_values
from reconciler.errors import (
    ApiError,
    AuthError,
    LedgerError,
    LockedError,
    NotFoundError,
    ReconcilerError,
    TransportError,
)
from reconciler.interfaces import WriteRequest, WriteResult
from reconciler.json_codec import ledger_digest
from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.change import Action, Attribution, Change
from reconciler.model.json_types import Json
from reconciler.model.ledger_state import ObjectRecord, WriteIntent
from reconciler.model.outcome import Outcome, OutcomeStatus, make_outcome
from reconciler.model.resource import DeclaredResource
from reconciler.strings import count, environment_option
from reconciler.timestamps import format_rfc3339, seconds_of

ATTEMPTS = 2
"""Most attempts for one change, where the first certainly had no effect."""

RECORDED_AGAIN = 5.0
"""Seconds after its intent from which on the time of a call is recorded again."""

_ID = late_pattern(r"[\w.:~-]{1,256}", re.ASCII)
"""Valid ids: one segment of a URL path. Another id would be recorded and never be found again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeResult:
    """Result of one change; `error` is set where the run cannot continue after it."""

    outcome: Outcome
    error: ReconcilerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAttempt:
    """Result of one attempt; `again` where it certainly had no effect and may be repeated once.

    `error` is set where the lock was lost (nothing was sent) or the credentials are refused.
    """

    outcome: Outcome
    written: WriteResult = field(default_factory=WriteResult)
    again: bool = False
    error: ReconcilerError | None = None


def execute_change(
    site: ApplyContext, change: Change, declared: DeclaredResource | None, references: Mapping[str, str]
) -> ChangeResult:
    """Execute one change. LedgerError and LockedError raised here mean that nothing was sent for it."""
    checked = precheck(site, change, declared)
    if checked.outcome is not None:
        return ChangeResult(outcome=checked.outcome, error=checked.error)
    site.hooks.point("checked")
    task = _task(site, change, declared, references, checked)
    for left in reversed(range(ATTEMPTS)):
        intent = _intent(site, change, declared)
        site.ledger.record_intent(site.scope, site.run, intent)
        site.hooks.point("intended")
        sends = _Sends(site=site, intent=intent)
        attempt = _attempt(site, replace(task, sending=sends), sends)
        site.hooks.point("written")
        carried = _recorded(site, task, sends.intent, attempt)
        if carried.error or not (attempt.again and left):
            return carried
        # repeated only where the object is still as planned: a part of the write may have been processed
        if precheck(site, change, declared).outcome is not None:
            return carried
    raise AssertionError("the last attempt returns")


def _recorded(site: ApplyContext, task: WriteRequest, intent: WriteIntent, attempt: WriteAttempt) -> ChangeResult:
    """Verify the write and journal the outcome; success is recorded only after a read confirms it.

    A kill in between leaves the intent open. The id of a new object is journalled first, so it is never created again.
    """
    outcome = attempt.outcome
    try:
        if outcome.status is not OutcomeStatus.APPLIED:
            site.ledger.record_outcome(site.scope, site.run, intent, outcome, None)
            site.hooks.point("recorded")
            return ChangeResult(outcome=outcome, error=attempt.error)
        if task.change.action is not Action.UPDATE:
            intent = replace(intent, id=outcome.id, answered=True)
        if task.change.action is Action.CREATE:
            answered = replace(
                outcome, status=OutcomeStatus.UNKNOWN, code=UNSEEN, reason="answered, and not read back yet"
            )
            site.ledger.record_outcome(site.scope, site.run, intent, answered, None)
        site.hooks.point("recorded")
        verified = verify(site, task, intent, outcome, attempt.written.answer)
        site.hooks.point("verified")
        outcome = verified.outcome
        site.ledger.record_outcome(site.scope, site.run, intent, outcome, _remembered(site, task, attempt, verified))
    except LockedError as error:
        reason = f"it was sent, and reading back was cut off: {error.message}"
        return ChangeResult(
            outcome=replace(outcome, status=OutcomeStatus.UNKNOWN, code=UNSEEN, reason=reason), error=error
        )
    except LedgerError as error:
        said = f"{outcome.reason}; " if outcome.reason else ""
        return ChangeResult(outcome=replace(outcome, reason=f"{said}not recorded: {error.message}"), error=error)
    return ChangeResult(outcome=outcome)


@dataclass(slots=True, kw_only=True)
class _Sends:
    """Calls of one change: called before each, it keeps the time of the latest in the journal (WriteRequest.sending).

    A refusal may delay a call by minutes, and a change of several items takes several calls; the window in which the
    last one may still become visible begins when that one is sent.
    """

    site: ApplyContext
    intent: WriteIntent
    made: int = 0

    def __call__(self) -> None:
        now = self.site.now()
        if now - (seconds_of(self.intent.started) or 0.0) > RECORDED_AGAIN:
            self.site.lease.check()
            self.intent = replace(self.intent, started=format_rfc3339(now))
            self.site.ledger.record_intent(self.site.scope, self.site.run, self.intent)
        self.made += 1


def _attempt(site: ApplyContext, task: WriteRequest, sends: _Sends) -> WriteAttempt:
    """Write while the lock is held; the lock is checked last, so that a pause at any earlier point is noticed."""
    try:
        site.lease.check()
        written = _kept(site.writer.write(task))
    except (LockedError, LedgerError) as error:
        return WriteAttempt(outcome=_not_sent(task, error, made=sends.made), error=error)
    except TransportError as error:
        return _lost(site, task, sends.intent, error) if error.sent else _failed(task, error)
    except ApiError as error:
        return _refused(site, task, sends.intent, error)
    except ReconcilerError as error:
        return _failed(task, error)
    except Exception as error:  # a writer may fail in any way; what it sent by then is unknown
        return _lost(site, task, sends.intent, TransportError(f"the writer failed: {type(error).__name__}: {error}"))
    if task.change.action is Action.CREATE and not written.id:
        return _lost(site, task, sends.intent, TransportError("the answer names no id"), calls=written.calls)
    if task.change.action is Action.CREATE and (task.kind.name, written.id) in site.past.objects:
        known = TransportError(f"the answer names {written.id}, which was there before")
        return _lost(site, task, sends.intent, known, calls=written.calls)
    done = make_outcome(task.change, OutcomeStatus.APPLIED, object_id=written.id, calls=written.calls)
    return WriteAttempt(outcome=replace(done, reason="; ".join(written.warnings)), written=written)


def _not_sent(task: WriteRequest, error: ReconcilerError, *, made: int) -> Outcome:
    """Return the outcome where the lock or the ledger was lost before a call; of an update, `made` calls were sent."""
    if made and task.change.action is Action.UPDATE:
        reason = f"cut off after {count(made, 'call')}: {error.message}"
        return make_outcome(task.change, OutcomeStatus.UNKNOWN, code=UNSEEN, reason=reason, calls=made)
    return make_outcome(task.change, OutcomeStatus.SKIPPED, code=error.code, reason=f"not sent: {error.message}")


def _kept(written: object) -> WriteResult:
    """Validate a writer's result: a plugin may return anything, a service any id."""
    if not isinstance(written, WriteResult):
        raise TypeError(f"it returned {type(written).__name__}, not Written")
    named: object = written.id
    return written if isinstance(named, str) and _ID.fullmatch(named) else replace(written, id="")


def _refused(site: ApplyContext, task: WriteRequest, intent: WriteIntent, error: ApiError) -> WriteAttempt:
    """Distinguish a refusal, a response with an unknown outcome, and an object that is already deleted."""
    if error.status >= 500:
        return _lost(site, task, intent, error)
    # the service's own 404 is trusted: show may lag behind it
    deletes, missing = task.change.action is Action.DELETE, isinstance(error, NotFoundError)
    if deletes and (missing or (error.status == 400 and is_deleted(site, task.kind, task.change.id))):
        return WriteAttempt(
            outcome=make_outcome(task.change, OutcomeStatus.APPLIED, reason="it was gone already", calls=1)
        )
    return _failed(task, error, calls=1 if error.status else 0)


def _lost(
    site: ApplyContext, task: WriteRequest, intent: WriteIntent, error: ReconcilerError, *, calls: int = 1
) -> WriteAttempt:
    """Determine the outcome of a write with a lost response: search for a create, show any other object."""
    try:
        if task.change.action is Action.CREATE:
            return _lost_create(site, task, intent, error, calls)
        if isinstance(error, TransportError) and error.creates:
            return _lost_items(site, task, error, calls)
        return _lost_repeatable(site, task, error, calls)
    except (LockedError, LedgerError) as ended:
        reason = f"{error.message}; and looking for it was cut off: {ended.message}"
        unknown = make_outcome(task.change, OutcomeStatus.UNKNOWN, code=UNSEEN, reason=reason, calls=calls)
        return WriteAttempt(outcome=unknown, error=ended)


def _lost_repeatable(site: ApplyContext, task: WriteRequest, error: ReconcilerError, calls: int) -> WriteAttempt:
    object_id = task.change.id
    if task.change.action is Action.DELETE and is_deleted(site, task.kind, object_id):
        return WriteAttempt(outcome=make_outcome(task.change, OutcomeStatus.APPLIED, calls=calls))
    if task.change.action is Action.UPDATE and _is_as_declared(site, task):
        return WriteAttempt(outcome=make_outcome(task.change, OutcomeStatus.APPLIED, calls=calls))
    # both are idempotent, so a retry is safe
    return replace(_failed(task, error, calls=calls), again=True)


def _lost_items(site: ApplyContext, task: WriteRequest, error: ReconcilerError, calls: int) -> WriteAttempt:
    """Wait for a new item with a lost response, up to the full window: an early retry would create it twice."""
    if until_seen(site, task.change.address, lambda: _is_as_declared(site, task) or None, answered=False):
        return WriteAttempt(outcome=make_outcome(task.change, OutcomeStatus.APPLIED, calls=calls))
    if site.hooks.stop():
        reason = f"{error.message}; stopped while waiting for it to settle"
        return WriteAttempt(
            outcome=make_outcome(task.change, OutcomeStatus.UNKNOWN, code=UNSEEN, reason=reason, calls=calls)
        )
    return replace(_failed(task, error, calls=calls), again=True)


def _is_as_declared(site: ApplyContext, task: WriteRequest) -> bool:
    """Tell whether an object is certainly as declared; False where that cannot be determined."""
    try:
        live = read_object(site, task.kind, task.change.id)
        if live is None or task.desired is None:
            return False
        return compare(site, task.desired, live, task.references).action is Action.NONE
    except ReconcilerError:
        return False


def _lost_create(
    site: ApplyContext, task: WriteRequest, intent: WriteIntent, error: ReconcilerError, calls: int
) -> WriteAttempt:
    settled = find_lost_create(site, intent, task.desired)
    if settled.verdict is LostCreateStatus.FOUND and settled.live is not None:
        return WriteAttempt(
            outcome=make_outcome(task.change, OutcomeStatus.APPLIED, object_id=settled.live.id, calls=calls)
        )
    if settled.verdict is LostCreateStatus.ABSENT:
        return replace(_failed(task, error, calls=calls), again=True)
    resolve = f"reconciler history resolve {intent.operation}{environment_option(site.settings.environment)}"
    reason = f"{error.message}; {settled.reason}. Decide with: {resolve}"
    return WriteAttempt(
        outcome=make_outcome(task.change, OutcomeStatus.UNKNOWN, code=UNSEEN, reason=reason, calls=calls)
    )


def _failed(task: WriteRequest, error: ReconcilerError, *, calls: int = 0) -> WriteAttempt:
    reason = f"{error.message} ({error.hint})" if error.hint else error.message
    outcome = make_outcome(task.change, OutcomeStatus.FAILED, code=error.code, reason=reason, calls=calls)
    return WriteAttempt(outcome=outcome, error=error if isinstance(error, AuthError) else None)


def _task(
    site: ApplyContext,
    change: Change,
    declared: DeclaredResource | None,
    references: Mapping[str, str],
    checked: PrecheckResult,
) -> WriteRequest:
    today = site.settings.today.isoformat()
    rules = declared.ignore_changes if declared else ()
    return WriteRequest(
        change=change,
        kind=site.kinds[change.kind],
        desired=declared,
        references=dict(references),
        ignored=tuple(rule.path for rule in rules if not rule.expires or rule.expires > today),
        live=checked.live,
        digest_key=site.past.digest_key,
    )


def _intent(site: ApplyContext, change: Change, declared: DeclaredResource | None) -> WriteIntent:
    body: Json = dict(declared.spec) if declared else None
    digest = ledger_digest(body) if body is not None else ""
    return WriteIntent(
        operation=secrets.token_hex(8),
        action=change.action,
        kind=change.kind,
        name=change.name,
        id=change.id,
        address=change.address,
        started=format_rfc3339(site.now()),
        body_digest=digest,
        body=body,
        owner=site.owner,
        fields=_changed(change),
    )


def _changed(change: Change) -> tuple[str, ...]:
    """Return the paths that a change is about: of a new object what its manifest states, of a delete none."""
    if change.action is Action.CREATE and isinstance(change.after, Mapping):
        return tuple(name for name in change.after if name not in change.defaults)
    return tuple(dict.fromkeys(one.path for one in change.fields if one.attribution is not Attribution.ALREADY))


def _remembered(
    site: ApplyContext, task: WriteRequest, attempt: WriteAttempt, verified: Verified
) -> ObjectRecord | None:
    """Return the new record of a verified change, None where nothing new is known."""
    outcome = verified.outcome
    if task.desired is None or outcome.status is not OutcomeStatus.APPLIED or outcome.code == "E_NOT_VERIFIED":
        return None
    last = ledger_updates.last_applied(task.kind, task.desired, attempt.written.secrets)
    kept = ledger_updates.applied(task.kind, task.desired, outcome.id, site.owner, last)
    if not verified.unkept:
        return kept
    return replace(
        kept,
        stuck=outcome.stuck,
        stuck_as=verified.unkept_as,
        unkept=unkept_values(verified.unkept),
        unkept_on=format_rfc3339(site.now())[:10],
    )

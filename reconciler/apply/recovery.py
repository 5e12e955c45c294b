"""Resolves open intents of an earlier run before a new plan: found, absent, or left to the operator."""

from collections.abc import Callable, Mapping

from reconciler.apply import ledger_updates
from reconciler.apply.context import ApplyContext, ApplyHooks, SettlePolicy, locked_context, read_object
from reconciler.apply.recompare import differing
from reconciler.apply.unknown_outcome import LostCreateStatus, find_lost_create, until_seen
from reconciler.apply.verify import UNSEEN
from reconciler.errors import LedgerError, LockedError, ReconcilerError
from reconciler.interfaces import Ledger, Reader, Writer
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.model.change import Action
from reconciler.model.ledger_state import ObjectRecord, WriteIntent
from reconciler.model.options import PlanOptions
from reconciler.model.outcome import ApplyEvent, Outcome, OutcomeStatus, make_outcome
from reconciler.model.resource import DeclaredResource
from reconciler.model.source_map import NoSource
from reconciler.strings import environment_option
from reconciler.timestamps import seconds_of

LONG_AGO = 1.0
"""A beginning, in seconds since 1970, after which no window is open any more: one read decides."""


def recover(
    reader: Reader,
    writer: Writer,
    ledger: Ledger,
    *,
    scope: str,
    owner: str,
    run: str,
    settings: PlanOptions,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[ApplyEvent], None] = lambda event: None,  # noqa: ARG005 - the default does nothing
    settle: SettlePolicy | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> tuple[Outcome, ...]:
    """Resolve the open intents of a scope under its lock; does nothing, and takes no lock, where there are none."""
    if not ledger.load_state(scope, owner).intents:
        return ()
    with locked_context(
        reader,
        writer,
        ledger,
        scope=scope,
        owner=owner,
        run=run,
        settings=settings,
        hooks=ApplyHooks(clock=clock, sleep=sleep, stop=stop, progress=progress),
        kinds=kinds or all_kinds(),
        settle=settle,
    ) as site:
        return resolve_open_intents(site)


def resolve_open_intents(site: ApplyContext) -> tuple[Outcome, ...]:
    """Resolve each open intent of the context's scope; what stays UNKNOWN stays open.

    An intent that cannot be resolved gives one UNKNOWN outcome; only the loss of the lock or the ledger ends the step.
    """
    return tuple(_settled(site, intent) for intent in site.past.intents)


def _settled(site: ApplyContext, intent: WriteIntent) -> Outcome:
    if intent.kind not in site.kinds:
        return _unknown(intent, f"the kind {intent.kind!r} is not known here", site.settings.environment)
    try:
        outcome = _create(site, intent) if intent.action is Action.CREATE else _repeatable(site, intent)
    except (LedgerError, LockedError):
        raise
    except ReconcilerError as error:
        return _unknown(intent, f"it cannot be settled: {error.message}", site.settings.environment)
    if outcome.status is not OutcomeStatus.UNKNOWN:
        site.ledger.record_outcome(site.scope, site.run, intent, outcome, _remembered(site, intent, outcome))
    return outcome


def _create(site: ApplyContext, intent: WriteIntent) -> Outcome:
    settled = find_lost_create(site, intent, _declared(intent))
    if settled.verdict is LostCreateStatus.FOUND and settled.live is not None:
        reason = "an earlier run had created it"
        return make_outcome(intent, OutcomeStatus.APPLIED, object_id=settled.live.id, reason=reason)
    if settled.verdict is LostCreateStatus.ABSENT:
        return make_outcome(
            intent, OutcomeStatus.FAILED, code="N_NOT_CREATED", reason="an earlier run had not created it"
        )
    return _unknown(intent, settled.reason, site.settings.environment)


def _unknown(intent: WriteIntent, reason: str, environment: str) -> Outcome:
    resolve = f"reconciler history resolve {intent.operation}{environment_option(environment)}"
    told = f"{reason}. Decide with: {resolve}"
    return make_outcome(intent, OutcomeStatus.UNKNOWN, code=UNSEEN, reason=told)


def _repeatable(site: ApplyContext, intent: WriteIntent) -> Outcome:
    """Resolve an update or a delete: both are idempotent, so the next plan has what is left of them.

    Two cases wait first: a delete with a response, since reads lag; and an update that may have added items one by one,
    since a late item would exist twice.
    """
    kind = site.kinds[intent.kind]
    deletes = intent.action is Action.DELETE
    waits = intent.answered or (not deletes and bool(kind.items_field))
    if not (deletes or waits):
        return _again(intent)
    done = (lambda: read_object(site, kind, intent.id) is None or None) if deletes else (lambda: _in_step(site, intent))
    since = (seconds_of(intent.started) or None) if waits else LONG_AGO
    try:
        seen = until_seen(site, intent.address, done, since=since, answered=deletes or intent.answered)
    except (LedgerError, LockedError):
        raise
    except ReconcilerError:
        seen = None  # it is planned and reported again
    if seen:
        word = "deleted" if deletes else "updated"
        return make_outcome(intent, OutcomeStatus.APPLIED, reason=f"an earlier run had {word} it")
    if waits and site.hooks.stop():
        return _unknown(intent, "stopped while waiting for it to settle", site.settings.environment)
    return _again(intent)


def _again(intent: WriteIntent) -> Outcome:
    return make_outcome(
        intent, OutcomeStatus.FAILED, code="N_PLANNED_AGAIN", reason="an earlier run was cut off; planned again"
    )


def _in_step(site: ApplyContext, intent: WriteIntent) -> bool | None:
    """Tell whether an object is as an interrupted update would leave it; None where it is not."""
    declared = _declared(intent)
    live = read_object(site, site.kinds[intent.kind], intent.id) if declared is not None else None
    if declared is None or live is None:
        return None
    return not differing(site, declared, live) or None


def _remembered(site: ApplyContext, intent: WriteIntent, outcome: Outcome) -> ObjectRecord | None:
    declared = _declared(intent)
    if intent.action is not Action.CREATE or outcome.status is not OutcomeStatus.APPLIED or declared is None:
        return None
    kind = site.kinds[intent.kind]
    last = ledger_updates.last_applied(kind, declared, {})
    return ledger_updates.applied(kind, declared, outcome.id, intent.owner or site.owner, last)


def _declared(intent: WriteIntent) -> DeclaredResource | None:
    if not isinstance(intent.body, Mapping):
        return None
    return DeclaredResource(kind=intent.kind, name=intent.name, spec=intent.body, locate=NoSource("(journal)"))

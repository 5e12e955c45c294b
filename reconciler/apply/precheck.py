"""Last read before a write: only an object that is still as planned is written."""

from dataclasses import replace

from reconciler.apply.context import ApplyContext, read_object
from reconciler.apply.recent_writes import is_visible_again, shows_more_items
from reconciler.apply.recompare import compare_undeclared
from reconciler.diff.full_spec import live_state
from reconciler.diff.matching import similar_name_reason
from reconciler.errors import AuthError, ReconcilerError
from reconciler.interfaces import NameSearch
from reconciler.late_methods import dataclass
from reconciler.model.change import Action, Change
from reconciler.model.json_types import as_object
from reconciler.model.outcome import Outcome, OutcomeStatus, make_outcome
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.strings import normalize_name

STALE = "E_STALE_OBJECT"
"""Code for a live object that is no longer as planned."""

_LAGGED = "it was written a moment ago, and the plan was made from a read that lags behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecheckResult:
    """Change that may be written, with the object as read; or its outcome, where it may not.

    `error` is set where the run cannot continue: the credentials are refused.
    """

    live: LiveResource | None = None
    outcome: Outcome | None = None
    error: ReconcilerError | None = None


def precheck(site: ApplyContext, change: Change, declared: DeclaredResource | None) -> PrecheckResult:
    """Read the live object again; refuse the write where it changed, appeared, vanished, or cannot be read."""
    try:
        if change.action is Action.CREATE:
            return _free(site, change)
        if change.action is Action.DELETE or declared is None:
            return _deletable(site, change)
        return _updatable(site, change, declared)
    except ReconcilerError as error:
        refused = _no(change, error.code, f"it cannot be looked at before the write: {error.message}", failed=True)
        return replace(refused, error=error if isinstance(error, AuthError) else None)


def _free(site: ApplyContext, change: Change) -> PrecheckResult:
    kind = site.kinds[change.kind]
    known = (thing.id for thing in site.past.objects.values() if (thing.kind, thing.name) == (kind.name, change.name))
    if any(read_object(site, kind, object_id) for object_id in known):
        return _no(change, STALE, "an object of this name was created since the plan was made")
    search = site.reader.find_alike if isinstance(site.reader, NameSearch) else site.reader.find
    found = [live for live in search(kind, change.name) if not live.foreign]
    if any(normalize_name(live.name) == normalize_name(change.name) for live in found):
        return _no(change, STALE, "an object of this name appeared since the plan was made")
    if others := [live for live in found if (kind.name, live.id) not in site.past.objects]:
        return _no(change, STALE, similar_name_reason(change.name, others))
    if is_visible_again(site, kind, change):
        return _no(change, STALE, _LAGGED)
    return PrecheckResult()


def _deletable(site: ApplyContext, change: Change) -> PrecheckResult:
    kind = site.kinds[change.kind]
    rows = [live for live in site.reader.find(kind, change.name) if live.id == change.id]
    live = rows[0] if rows else read_object(site, kind, change.id)
    if live is None:
        return PrecheckResult(outcome=make_outcome(change, OutcomeStatus.APPLIED, reason="it was gone already"))
    now = compare_undeclared(site, live)
    if now.before_fingerprint != change.before_fingerprint:
        return _no(change, STALE, "it was changed since the plan was made")
    on_air = kind.busy_reason(live.spec)
    if on_air and not kind.busy_reason(as_object(change.before)):
        return _no(change, STALE, f"{on_air} since the plan was made")
    return PrecheckResult(live=live)


def _updatable(site: ApplyContext, change: Change, declared: DeclaredResource) -> PrecheckResult:
    live = read_object(site, site.kinds[change.kind], change.id)
    if live is None:
        return _no(change, STALE, "it was deleted since the plan was made")
    if live.foreign:
        return _no(change, STALE, f"{live.foreign} since the plan was made")
    if live_state(site.kinds[change.kind], declared, live) != change.before_fingerprint:
        return _no(change, STALE, "it was changed since the plan was made")
    if shows_more_items(site, site.kinds[change.kind], change, declared, live):
        return _no(change, STALE, _LAGGED)
    return PrecheckResult(live=live) if not (again := _pointless(site, change)) else PrecheckResult(outcome=again)


def _pointless(site: ApplyContext, change: Change) -> Outcome | None:
    """Refuse a write that the service did not keep last time: same live object, same desired state."""
    known = site.past.objects.get((change.kind, change.id))
    if known is None or not known.stuck:
        return None
    if known.stuck_as != (change.before_fingerprint, change.after_fingerprint):
        return None
    reason = f"the service did not keep {', '.join(known.stuck)} the last time this was sent: not sent again"
    return replace(
        make_outcome(change, OutcomeStatus.SKIPPED, code="E_SERVER_REWROTE", reason=reason), stuck=known.stuck
    )


def _no(change: Change, code: str, reason: str, *, failed: bool = False) -> PrecheckResult:
    hint = "" if failed else "; plan again"
    status = OutcomeStatus.FAILED if failed else OutcomeStatus.SKIPPED
    return PrecheckResult(outcome=make_outcome(change, status, code=code, reason=reason + hint))

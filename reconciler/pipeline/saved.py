"""Saved plans: the plan plus an envelope that says for whom, by what, until when, and that nobody touched it.

Apply never executes the file. It plans again from the sources and does exactly what stands in both, compared by
address, action and fingerprints; a file that was edited, copied to another project, used before or left lying is
refused.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.errors import PlanError
from reconciler.model.change import Change
from reconciler.model.diagnostic import Diagnostic, Severity, arranged
from reconciler.model.plan import Plan
from reconciler.model.plan_json import encode
from reconciler.model.plan_read import decode

LIFETIME = timedelta(hours=24)
"""So long a saved plan may be applied."""

LARGEST = 512 * 1024 * 1024
"""A larger file is not read at all (bytes)."""

_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_KEY = "saved"
_START = b'{"saved":{"digest":"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A saved plan as read: the plan, and what its envelope says. `use` is spent by the first apply."""

    plan: Plan
    scope: str
    tool_version: str
    created: datetime
    expires: datetime
    use: str
    digest: str


def digest(plan: Plan) -> str:
    """Return the digest that names what a plan would do (`--expect`); what is merely shown does not count."""
    changes = [_identity(change) for change in plan.pending]
    return "sha256:" + hashlib.sha256(_canonical({"environment": plan.environment, "changes": changes})).hexdigest()


def write(plan: Plan, *, scope: str, tool_version: str, now: datetime, use: str) -> str:
    """Return the text of a saved plan; `use` is a random text of this file. Raises PlanError for untrusted plans."""
    if plan.untrusted:
        raise PlanError(
            "a plan of manifests that may be a stranger's is not saved: it could never be applied",
            code="E_PLAN_UNTRUSTED",
            hint="keep it with --format json to read it later",
        )
    envelope = {
        "created": now.astimezone(UTC).strftime(_STAMP),
        "expires": (now + LIFETIME).astimezone(UTC).strftime(_STAMP),
        "plan_digest": digest(plan),
        "scope": scope,
        "tool_version": tool_version,
        "use": use,
    }
    body = encode(plan)
    whole = {_KEY: {"digest": _seal(envelope, body), **envelope}, **body}
    return json.dumps(whole, ensure_ascii=True, separators=(",", ":")) + "\n"


def read(data: bytes, *, scope: str, now: datetime, used: Callable[[str], bool]) -> Saved:
    """Return a saved plan that may be applied now to this scope; raises PlanError, with a code for each reason.

    E_PLAN_FORMAT: no saved plan, or of another format. E_PLAN_DIGEST: edited or damaged. E_PLAN_UNTRUSTED,
    E_PLAN_SCOPE, E_PLAN_EXPIRED, E_PLAN_USED. `used` tells whether a use was spent before.
    """
    whole = _parsed(data)
    envelope = whole.get(_KEY)
    if not isinstance(envelope, dict):
        raise PlanError("this is a plan, but no saved one", code="E_PLAN_FORMAT", hint="save it with plan --out FILE")
    body = {name: value for name, value in whole.items() if name != _KEY}
    _check_seal(envelope, body)
    saved = _opened(envelope, _decoded(body))
    if saved.plan.untrusted:
        raise PlanError("a plan of manifests that may be a stranger's is never applied", code="E_PLAN_UNTRUSTED")
    if saved.scope != scope:
        hint = "apply it with the environment it was made for, or plan again"
        raise PlanError(f"the plan was made for {saved.scope}, not for {scope}", code="E_PLAN_SCOPE", hint=hint)
    if not saved.created <= now + timedelta(minutes=5) or now >= saved.expires:
        text = f"the plan counts from {envelope['created']} until {envelope['expires']}"
        raise PlanError(text, code="E_PLAN_EXPIRED", hint="plan again")
    if used(saved.use):
        raise PlanError("the plan was applied before; a plan is used once", code="E_PLAN_USED", hint="plan again")
    return saved


def read_plans(data: bytes) -> tuple[Plan, ...]:
    """Return the plans of a JSON report or a saved plan, to be shown; raises PlanError."""
    whole = _parsed(data)
    envelope = whole.pop(_KEY, None)
    if isinstance(envelope, dict):
        _check_seal(envelope, whole)
    several = whole.get("plans")
    return tuple(map(_decoded, several)) if isinstance(several, list) else (_decoded(whole),)


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise PlanError("the plan file is too large to be one", code="E_PLAN_FORMAT")
    try:
        whole = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        if data.startswith(_START):
            raise PlanError("the saved plan is damaged", code="E_PLAN_DIGEST", hint="plan again") from None
        raise PlanError("this is no plan: a plan is plain JSON", code="E_PLAN_FORMAT") from None
    if not isinstance(whole, dict):
        raise PlanError("this is no plan: a plan is one JSON object", code="E_PLAN_FORMAT")
    return whole


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that is there twice could be read in two ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _decoded(body: Any) -> Plan:
    if not isinstance(body, Mapping):
        raise PlanError("this is no plan", code="E_PLAN_FORMAT")
    try:
        return decode(body)
    except ValueError as error:
        raise PlanError(f"the plan cannot be read: {error}", code="E_PLAN_FORMAT", hint="plan again") from None


def _check_seal(envelope: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    sealed = {name: value for name, value in envelope.items() if name != "digest"}
    if envelope.get("digest") != _seal(sealed, body):
        raise PlanError(
            "the saved plan is not what was saved: its digest differs", code="E_PLAN_DIGEST", hint="plan again"
        )


def _seal(envelope: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    return "sha256:" + hashlib.sha256(_canonical({"envelope": envelope, "plan": body})).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def _opened(envelope: Mapping[str, Any], plan: Plan) -> Saved:
    try:
        return Saved(
            plan=plan,
            scope=str(envelope["scope"]),
            tool_version=str(envelope["tool_version"]),
            created=datetime.strptime(envelope["created"], _STAMP).replace(tzinfo=UTC),
            expires=datetime.strptime(envelope["expires"], _STAMP).replace(tzinfo=UTC),
            use=str(envelope["use"]),
            digest=str(envelope["digest"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"the envelope cannot be read: {error}", code="E_PLAN_FORMAT") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What a saved and a fresh plan have in common: `plan` is the fresh one with nothing else in it to do.

    `stale` are saved changes that no longer match, `extra` fresh ones that were never shown; neither is done.
    """

    plan: Plan
    stale: tuple[Change, ...] = ()
    extra: tuple[Change, ...] = ()


def intersect(saved: Plan, fresh: Plan) -> Meeting:
    """Return what of a fresh plan was shown in the saved one, exactly so."""
    shown = {_identity(change) for change in saved.pending}
    now = {_identity(change) for change in fresh.pending}
    extra = tuple(change for change in fresh.pending if _identity(change) not in shown)
    left_out = {id(change) for change in extra}
    rest = tuple(change for change in fresh.changes if id(change) not in left_out)
    return Meeting(
        plan=replace(_part(fresh, len(extra)), changes=rest) if extra else fresh,
        stale=tuple(change for change in saved.pending if _identity(change) not in now),
        extra=extra,
    )


def _part(fresh: Plan, left_out: int) -> Plan:
    """Say that a plan is not the whole: what it leaves out is still there, and still remembered."""
    said = Diagnostic(
        severity=Severity.WARNING,
        code="W_PARTIAL",
        message=f"only what the kept plan shows is done; {left_out} other changes are left out",
        hint="plan again to see them",
    )
    return replace(fresh, complete=False, diagnostics=arranged((*fresh.diagnostics, said)))


def accepted(saved: Plan, fresh: Plan, *, skip_stale: bool) -> Meeting:
    """Return what may be applied; raises PlanError (E_PLAN_STALE) where something shown no longer holds."""
    met = intersect(saved, fresh)
    if met.stale and not skip_stale:
        names = ", ".join(change.address for change in met.stale)
        raise PlanError(
            f"{len(met.stale)} of {len(saved.pending)} planned changes are stale, live or manifest moved: {names}",
            code="E_PLAN_STALE",
            hint="plan again, or apply the others with --skip-stale",
        )
    return met


def expected(plan: Plan, wanted: str) -> None:
    """Raise PlanError (E_PLAN_EXPECT) unless the plan is the one that was reviewed."""
    if digest(plan) != wanted:
        raise PlanError(
            f"the plan is {digest(plan)}, not the one that was reviewed ({wanted})",
            code="E_PLAN_EXPECT",
            hint="review the plan as it is now",
        )


def _identity(change: Change) -> tuple[str, str, str, str, str]:
    action = change.action.value
    return (change.address, action, change.id, change.before_fingerprint, change.after_fingerprint)

"""A create whose answer was lost: looked for by exact name and time of creation, never sent a second time blindly."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.errors import ReconcilerError
from reconciler.kinds.kind import Kind
from reconciler.model.event import Event, Step
from reconciler.model.past import Intent
from reconciler.model.resource import Declared, Live
from reconciler.pipeline.recheck import differing
from reconciler.pipeline.site import Site, seconds


class Verdict(StrEnum):
    """What looking showed. ABSENT is only said after the whole window; UNSURE leaves the decision to a person."""

    FOUND = "found"
    ABSENT = "absent"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The verdict on one open create, with the object that was found or the evidence that was seen."""

    verdict: Verdict
    live: Live | None = None
    reason: str = ""


def settle_create(site: Site, intent: Intent, declared: Declared | None) -> Settled:
    """Look until one object is found that must be ours, or until the window is over and enough looks were taken.

    An object is ours when it alone has exactly this name, was created inside the window, and its listed fields equal
    what was sent. Anything else is left to `history resolve`.
    """
    began = seconds(intent.started) or site.hooks.clock()
    ends = min(began, site.hooks.clock()) + site.settle.window  # a clock that ran ahead must not make this one wait
    looks, pauses = 0, site.settle.pauses()
    while True:
        site.lease.check()
        found, trouble = _look(site, site.kinds[intent.kind], intent.name)
        looks += 1
        doubt = _doubt(site, declared, found[0], began) if len(found) == 1 else ""
        if len(found) == 1 and not doubt:
            return Settled(verdict=Verdict.FOUND, live=found[0])
        left = ends - site.hooks.clock()
        if left <= 0 and looks >= site.settle.looks:
            return _over(found, doubt, trouble)
        if site.hooks.stop():
            return Settled(verdict=Verdict.UNSURE, reason="stopped while waiting for it to settle")
        message = f"looking for it, at most {max(round(left), 0)} s longer"
        site.hooks.progress(Event(step=Step.SETTLING, address=intent.address, message=message))
        site.hooks.sleep(next(pauses))


def _over(found: Sequence[Live], doubt: str, trouble: str) -> Settled:
    """Decide when the window is over."""
    if trouble:
        return Settled(verdict=Verdict.UNSURE, reason=trouble)
    if not found:
        return Settled(verdict=Verdict.ABSENT)
    return Settled(verdict=Verdict.UNSURE, reason=_evidence(found, doubt))


def _look(site: Site, kind: Kind, name: str) -> tuple[tuple[Live, ...], str]:
    try:
        return tuple(live for live in site.reader.find(kind, name) if not live.foreign), ""
    except ReconcilerError as error:
        return (), f"it could not be looked for: {error.message}"


def _doubt(site: Site, declared: Declared | None, live: Live, began: float) -> str:
    """Say why an object of this name may not be the one that was sent; empty when it must be."""
    created = seconds(live.spec.get("create_time"))
    if created is None:
        return "its time of creation is unknown"
    ended = min(site.hooks.clock(), began + site.settle.window)
    if not began - site.settle.skew <= created <= ended + site.settle.skew:
        return f"it was created at {live.spec['create_time']}, not while this was being sent"
    if declared is None:
        return "what was sent is no longer known"
    different = differing(site, declared, live)
    return f"it differs in {', '.join(different)}" if different else ""


def _evidence(found: Sequence[Live], doubt: str) -> str:
    listed = ", ".join(f"{live.id} (created {live.spec.get('create_time', 'at an unknown time')})" for live in found)
    if len(found) > 1:
        return f"{len(found)} objects have this name: {listed}"
    return f"an object has this name: {listed}, but {doubt}"

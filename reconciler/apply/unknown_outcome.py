"""Determines the outcome of a write: reads may lag behind it, and a lost create is never sent again blindly."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from reconciler.apply.context import ApplyContext, read_object
from reconciler.apply.recompare import differing
from reconciler.errors import AuthError, LedgerError, LockedError, ReconcilerError
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.change import Action
from reconciler.model.ledger_state import WriteIntent
from reconciler.model.outcome import ApplyEvent, ApplyPhase
from reconciler.model.resource import DeclaredResource, LiveResource
from reconciler.semantics.equality import fold_name
from reconciler.timestamps import seconds_of

T = TypeVar("T")


class LostCreateStatus(StrEnum):
    """Status of a lost create. ABSENT needs the full window; UNSURE leaves the decision to an operator."""

    FOUND = "found"
    ABSENT = "absent"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostCreate:
    """Status of one open create, with the object that was found or the evidence."""

    verdict: LostCreateStatus
    live: LiveResource | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadBack:
    """Result of one read: the object with the returned id, the objects with the name, or the error."""

    answered: LiveResource | None = None
    named: tuple[LiveResource, ...] = ()
    trouble: str = ""
    final: bool = False


@dataclass(slots=True, kw_only=True)
class _Window:
    """Time in which a write may still become visible: what is left of it when reading begins, less what was waited.

    It begins at `began` by the service's clock, or now where that is None. Until a response gives the service's time,
    it begins now: the machine that recorded `began` and this one may differ by minutes. Waits are counted, not read
    from a clock: one may be set meanwhile, and the date of a response may stand still. `was_over` means that the window
    ended before the first read.
    """

    site: ApplyContext
    began: float | None
    answered: bool
    was_over: bool = False
    _known: bool = False
    _left: float = 0.0

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._known = self.site.knows_service_time()
        elapsed = self.site.now() - self.began if self._known and self.began is not None else 0.0
        # a time that lies ahead makes the window no longer than one that begins now
        self._left = self.site.settle.span(answered=self.answered) - max(elapsed, 0.0)
        self.was_over = self._left < 0

    def left(self) -> float:
        """Return the seconds left, to be asked after each read."""
        if not self._known and self.site.knows_service_time():
            self._begin()
        return self._left

    def wait(self, address: str, pause: float) -> None:
        """Wait until the next read, at most to the window's end."""
        pause = min(pause, self._left) if self._left > 0 else pause
        _wait(self.site, address, pause, left=self._left)
        self._left -= pause


def find_lost_create(site: ApplyContext, intent: WriteIntent, declared: DeclaredResource | None) -> LostCreate:
    """Read until one object is certain to be the created one, or the window is over after enough reads.

    It is the created object when it has the id that the service returned, and this name; without a response, when it
    alone has exactly this name, was created inside the window, and its listed fields equal what was sent. A create with
    a response is never ABSENT. Anything else is left to `history resolve`. A window that is already over needs one
    read.
    """
    started = seconds_of(intent.started) or None
    window = _Window(site=site, began=started, answered=bool(intent.id))
    for looks, pause in enumerate(site.settle.pauses(), start=1):
        site.lease.check()
        now = _read_back(site, intent)
        left = window.left()
        over = window.was_over or (left <= 0 and looks >= site.settle.looks)
        if now.answered is not None:
            return LostCreate(verdict=LostCreateStatus.FOUND, live=now.answered)
        began = site.now() if started is None else started
        doubt = _doubt(site, declared, now.named[0], began) if len(now.named) == 1 else ""
        # the service returned another id, so the object with this name may be a twin: it is taken last
        if len(now.named) == 1 and not doubt and (over or not intent.id):
            return LostCreate(verdict=LostCreateStatus.FOUND, live=now.named[0])
        if over or now.final:
            return _over(site.kinds[intent.kind], intent, now, doubt)
        if site.hooks.stop():
            return LostCreate(verdict=LostCreateStatus.UNSURE, reason="stopped while waiting for it to settle")
        window.wait(intent.address, pause)
    raise AssertionError("the pauses never end")


def until_seen(
    site: ApplyContext, address: str, read: Callable[[], T | None], *, since: float | None = None, answered: bool = True
) -> T | None:
    """Call `read` until it returns a value or the window is over; None without a value, or after a signal.

    The window begins at `since` by the service's clock, or now; it is longer where the write was not `answered` and may
    be processed late. Raises the error of the last call.
    """
    window = _Window(site=site, began=since, answered=answered)
    for pause in site.settle.pauses():
        error: ReconcilerError | None = None
        try:
            if (found := read()) is not None:
                return found
        except (AuthError, LedgerError, LockedError):
            raise
        except ReconcilerError as caught:
            error = caught
        if window.left() <= 0 or site.hooks.stop():
            if error is not None:
                raise error
            return None
        site.lease.check()
        window.wait(address, pause)
    raise AssertionError("the pauses never end")


def _wait(site: ApplyContext, address: str, pause: float, *, left: float) -> None:
    message = f"looking for it, at most {max(round(left), 0)} s longer"
    site.hooks.progress(ApplyEvent(step=ApplyPhase.SETTLING, address=address, message=message))
    site.hooks.sleep(pause)


def _over(kind: Kind, intent: WriteIntent, now: _ReadBack, doubt: str) -> LostCreate:
    """Tell whether the window is over."""
    if now.trouble:
        return LostCreate(verdict=LostCreateStatus.UNSURE, reason=now.trouble)
    if now.named:
        return LostCreate(verdict=LostCreateStatus.UNSURE, reason=_evidence(kind, now.named, doubt))
    if intent.id:
        said = f"the service answered that it is created as {intent.id}, and no object with that id can be seen"
        return LostCreate(verdict=LostCreateStatus.UNSURE, reason=said)
    return LostCreate(verdict=LostCreateStatus.ABSENT)


def _read_back(site: ApplyContext, intent: WriteIntent) -> _ReadBack:
    kind = site.kinds[intent.kind]
    try:
        if intent.id and intent.action is Action.CREATE:
            live = read_object(site, kind, intent.id)
            if live is not None and fold_name(live.name) == fold_name(intent.name):
                return _ReadBack(answered=live)
        return _ReadBack(named=tuple(live for live in site.reader.find(kind, intent.name) if not live.foreign))
    except ReconcilerError as error:
        return _ReadBack(trouble=f"it could not be looked for: {error.message}", final=isinstance(error, AuthError))


def _doubt(site: ApplyContext, declared: DeclaredResource | None, live: LiveResource, began: float) -> str:
    """Return the reason why an object of this name may not be the created one; empty when it must be."""
    given = live.spec.get(site.kinds[live.kind].created_field)
    created = seconds_of(given)
    if created is None:
        return "its time of creation is unknown"
    ended = min(site.now(), began + site.settle.span(answered=False))
    if not began - site.settle.skew <= created <= ended + site.settle.skew:
        return f"it was created at {given}, not while this was being sent"
    if declared is None:
        return "what was sent is no longer known"
    try:
        different = differing(site, declared, live)
    except ReconcilerError as error:
        return error.message
    return f"it differs in {', '.join(different)}" if different else ""


def _evidence(kind: Kind, found: Sequence[LiveResource], doubt: str) -> str:
    times = [live.spec.get(kind.created_field, "at an unknown time") for live in found]
    listed = ", ".join(f"{live.id} (created {time})" for live, time in zip(found, times, strict=True))
    if len(found) > 1:
        return f"{len(found)} objects have this name: {listed}"
    return f"an object has this name: {listed}, but {doubt or 'the service answered with another id'}"

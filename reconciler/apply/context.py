"""Collaborators and settings of one apply, valid while the lock is held."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from functools import cache, partial
from typing import TypedDict

from reconciler.errors import NotFoundError
from reconciler.interfaces import Lease, Ledger, Reader, ServiceClock, Writer
from reconciler.kinds.base.kind import Kind
from reconciler.late_methods import dataclass
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.outcome import ApplyEvent
from reconciler.model.resource import LiveResource
from reconciler.model.run_history import JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlePolicy:
    """Polling for a write that is not visible at once: the response was lost, or reads lag behind it.

    `window` (seconds) must be longer than the greatest lag of reads: after it a write counts as *not* made, so it is a
    matter of safety. `late` seconds are added where the response to a write was lost: it may be processed late, and a
    retry would create a second object. `looks` is the least number of reads in it, `pause` the seconds between the
    first two, `longest` the longest pause. `skew` allows for the machines of a service whose clocks differ. For
    `replicas` seconds a read may lack what an earlier run wrote and saw: it may have been of another replica.
    """

    window: float = 180.0
    late: float = 170.0
    pause: float = 2.0
    longest: float = 20.0
    looks: int = 8
    skew: float = 60.0
    replicas: float = 180.0

    def span(self, *, answered: bool) -> float:
        """Return how many seconds after it was sent a write counts as not made."""
        return self.window if answered else self.window + self.late

    def pauses(self) -> Iterator[float]:
        """Yield the pauses between reads: short at first, then longer."""
        pause = self.pause
        while True:
            yield pause
            pause = min(2 * pause, self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyHooks:
    """Callbacks of the caller of an apply; each can be a plain function.

    `clock` gives seconds since 1970. `stop` returns true to stop after the current change. `progress` gets each
    ApplyEvent. `point` is called with its name at every boundary where a crash matters: tests end the process
    there.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    stop: Callable[[], bool] = lambda: False
    progress: Callable[[ApplyEvent], None] = lambda event: None  # noqa: ARG005 - the default does nothing
    point: Callable[[str], None] = lambda name: None  # noqa: ARG005 - the default does nothing


class RunCallbacks(TypedDict):
    """Callbacks and waits that a run gives to `recover` and `apply` alike, as their keywords."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    stop: Callable[[], bool]
    progress: Callable[[ApplyEvent], None]
    settle: SettlePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyContext:
    """Collaborators of one change, while the lock is held."""

    reader: Reader
    writer: Writer
    ledger: Ledger
    lease: Lease
    scope: str
    owner: str
    run: str
    past: LedgerState
    settings: PlanOptions
    hooks: ApplyHooks
    kinds: Mapping[str, Kind]
    settle: SettlePolicy = field(default_factory=SettlePolicy)
    recent: Callable[[], tuple[JournalEntry, ...]] = tuple
    """Journal entries that ended within a settle window before this run, oldest first."""

    def now(self) -> float:
        """Return the time by the service's clock, in seconds since 1970, for comparison with its timestamps.

        It is the local time until a response gives the service's (`knows_service_time`).
        """
        offset = self.reader.service_offset if isinstance(self.reader, ServiceClock) else 0.0
        return self.hooks.clock() + (offset or 0.0)

    def knows_service_time(self) -> bool:
        """Tell whether `now` is the service's time; always true of a reader that has no other clock."""
        return not isinstance(self.reader, ServiceClock) or self.reader.service_offset is not None


def read_object(site: ApplyContext, kind: Kind, object_id: str) -> LiveResource | None:
    """Return an object in full, None where it does not exist."""
    try:
        return site.reader.show(kind, object_id)
    except NotFoundError:
        return None


@contextmanager
def locked_context(
    reader: Reader,
    writer: Writer,
    ledger: Ledger,
    *,
    scope: str,
    owner: str,
    run: str,
    settings: PlanOptions,
    hooks: ApplyHooks,
    kinds: Mapping[str, Kind],
    settle: SettlePolicy | None = None,
) -> Iterator[ApplyContext]:
    """Hold the scope's lock for the duration of a `with`; the ledger's state is read under it. Raises LockedError."""
    policy = settle or SettlePolicy()
    recent = cache(partial(ledger.list_recent, scope, policy.replicas + policy.skew))
    with ledger.lock(scope, owner) as lease:
        yield ApplyContext(
            reader=reader,
            writer=writer,
            ledger=ledger,
            lease=lease,
            scope=scope,
            owner=owner,
            run=run,
            past=ledger.load_state(scope, owner),
            settings=settings,
            hooks=hooks,
            kinds=kinds,
            settle=policy,
            recent=recent if policy.replicas else tuple,
        )

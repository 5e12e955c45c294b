"""Where an apply happens: its doors, its hooks, and how long it waits for the unknown to settle."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reconciler.interfaces import Lease, Ledger, Reader, ServiceClock, Writer
from reconciler.kinds.base.kind import Kind
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.outcome import ApplyEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlePolicy:
    """How a write is looked for that cannot be seen at once: its answer was lost, or reading lags behind it.

    `window` (seconds) must be longer than reading can lag: it decides that something was *not* done, so it is a matter
    of safety, not of speed. `late` seconds are added where the answer to a write was lost: it may be carried out late,
    and sending it again would make a second object. `looks` is the least number of looks inside it, `pause` the seconds
    between the first two, `longest` the longest pause. `skew` allows for the machines of a service whose clocks differ.
    """

    window: float = 180.0
    late: float = 170.0
    pause: float = 2.0
    longest: float = 20.0
    looks: int = 8
    skew: float = 60.0

    def span(self, *, answered: bool) -> float:
        """Return how long a write is looked for before it counts as not done, from the moment it was sent."""
        return self.window if answered else self.window + self.late

    def pauses(self) -> Iterator[float]:
        """Give the pauses between looks: short at first, then longer."""
        pause = self.pause
        while True:
            yield pause
            pause = min(2 * pause, self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyHooks:
    """What the caller gives an apply beside its doors; everything here can be a plain function.

    `clock` gives seconds since 1970. `stop` says whether to stop after the change at hand. `progress` gets each Event.
    `point` is called with its name at every boundary that a crash may fall on: tests end the process there.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    stop: Callable[[], bool] = lambda: False
    progress: Callable[[ApplyEvent], None] = lambda event: None  # noqa: ARG005 - nobody listens
    point: Callable[[str], None] = lambda name: None  # noqa: ARG005 - nobody tests


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyContext:
    """Everything one change is carried out with, while the lock is held."""

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

    def now(self) -> float:
        """Return the time by the service's clock, in seconds since 1970: what its own times are compared with."""
        offset = self.reader.service_offset if isinstance(self.reader, ServiceClock) else 0.0
        return self.hooks.clock() + offset


def utc(seconds: float) -> str:
    """Spell a time as the API does: `2026-11-23T10:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: object) -> float | None:
    """Read a time as the API spells it; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

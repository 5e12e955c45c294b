"""One call on its way through the service, and what an operation needs to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.kinds import Kind
from reconciler.simulator.assigned import Writing
from reconciler.simulator.collection import Collection, Entry
from reconciler.simulator.message import Refusal, Request
from reconciler.simulator.routes import Target
from reconciler.simulator.shape import Shape
from reconciler.simulator.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Twist:
    """How a fault bends one list answer; the defaults bend nothing.

    `lag` is how many list calls a write stays unseen; `cap` the most rows a page gives; `drop` how many rows are
    missing at a page's end; `offset` replaces the one asked for. `stale` is how many seconds ago it is for a list or a
    show: the replica that answers is behind.
    """

    order: str = ""
    shuffle: int | None = None
    lag: int = 0
    cap: int | None = None
    drop: int = 0
    offset: int | None = None
    stale: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that found its route."""

    world: World
    request: Request
    target: Target
    now: datetime
    twist: Twist = field(default_factory=Twist)

    @property
    def kind(self) -> Kind:
        """The kind it is about."""
        return self.world.kinds[self.target.route.kind]

    @property
    def shape(self) -> Shape:
        """That kind's fields."""
        return self.world.shapes[self.target.route.kind]

    @property
    def choices(self) -> Mapping[str, str]:
        """The service's behaviours."""
        return self.world.choices

    @property
    def collection(self) -> Collection:
        """The objects of that kind in the request's project."""
        return self.world.collection(self.target.project, self.target.route.kind)

    @property
    def client(self) -> str:
        """Who calls, as far as the service can tell."""
        return self.request.header("X-App-UserId")

    def entry(self, missing: str) -> Entry:
        """Return the object the path names, or refuse with the chosen status."""
        reads_old = missing == "show_missing" and self.twist.stale
        found = (self.as_of() if reads_old else self.collection.entries).get(self.target.id)
        if found is None:
            raise Refusal(int(self.choices[missing]), "MSS.20010045", f"The {self.kind.id_field} does not exist.")
        return found

    def as_of(self) -> Mapping[str, Entry]:
        """Return the objects as the replica that answers this read still has them."""
        return self.collection.as_of(self.world.clock() - timedelta(seconds=self.twist.stale))

    def writing(self, object_id: str, revision: int) -> Writing:
        """Return what assigning ids and times to one write needs."""
        keep = self.choices["child_ids"] == "kept"
        return Writing(object_id=object_id, revision=revision, now=self.now, ids=self.world.ids, keep_ids=keep)

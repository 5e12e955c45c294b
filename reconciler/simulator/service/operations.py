"""Context of one call in the service."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from functools import cache, lru_cache

from reconciler.kinds.registry import Kind
from reconciler.late_methods import dataclass
from reconciler.simulator.messages import Request, ServiceError
from reconciler.simulator.service.field_shape import FieldShape
from reconciler.simulator.service.object_store import ObjectCollection, ServiceState, StoredObject
from reconciler.simulator.service.server_assigned import WriteStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call of the API: method, path segments (`{…}` is open), operation and kind."""

    method: str
    pattern: tuple[str, ...]
    operation: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """Matched route of a request, with the values of its open segments."""

    route: Route
    project: str
    id: str = ""
    item_id: str = ""


@lru_cache(maxsize=8)  # the simulators of a fleet have the same kinds
def routes(kinds: tuple[Kind, ...]) -> Mapping[tuple[str, int], Sequence[Route]]:
    """Return every route of the kinds, by method and number of segments."""
    table: dict[tuple[str, int], list[Route]] = {}
    for kind in kinds:
        for route in _routes_of(kind):
            table.setdefault((route.method, len(route.pattern)), []).append(route)
    return table


@cache
def _routes_of(kind: Kind) -> tuple[Route, ...]:
    places = kind.endpoints
    calls = [
        ("GET", places.collection, "list"),
        ("POST", places.collection, "create"),
        ("GET", places.object, "show"),
        ("PUT", places.object, "update"),
        ("DELETE", places.object, "delete"),
    ]
    if places.summary:
        calls.append(("GET", places.summary, "summary"))
    if kind.simulation and kind.simulation.confirmation:
        calls.append(("POST", places.object + "/confirm", "confirm"))
    if items := kind.item_collection:
        calls += [("POST", items.path, "child_create"), ("PUT", items.item_path, "child_update")]
        calls.append(("DELETE", items.item_path, "child_delete"))
    return tuple(
        Route(method=method, pattern=tuple(path.strip("/").split("/")), operation=operation, kind=kind.name)
        for method, path, operation in calls
    )


def target_of(table: Mapping[tuple[str, int], Sequence[Route]], request: Request) -> RouteMatch | None:
    """Return the route of a request, or None when no call has this method and path."""
    segments = request.segments
    for route in table.get((request.method, len(segments)), ()):
        open_parts = _open_parts(route.pattern, segments)
        if open_parts is not None:
            return RouteMatch(route=route, **open_parts)
    return None


def _open_parts(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for want, have in zip(pattern, segments, strict=True):
        if want.startswith("{"):
            if not have:
                return None
            found[{"{project_id}": "project", "{item_id}": "item_id"}.get(want, "id")] = have
        elif want != have:
            return None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDistortion:
    """Distortion of one list response by a fault; the defaults change nothing.

    `lag` is the number of list calls for which a write is invisible; `cap` the most rows of a page; `drop` the rows
    missing at a page's end; `offset` replaces the requested one. `ignored` are filters without effect. `stale` is how
    many seconds the responding replica lags behind.
    """

    order: str = ""
    shuffle: int | None = None
    lag: int = 0
    cap: int | None = None
    drop: int = 0
    offset: int | None = None
    ignored: frozenset[str] = frozenset()
    stale: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationContext:
    """Request with its route."""

    world: ServiceState
    request: Request
    target: RouteMatch
    now: datetime
    twist: ListDistortion = field(default_factory=ListDistortion)

    @property
    def kind(self) -> Kind:
        """Kind of the request."""
        return self.world.kinds[self.target.route.kind]

    @property
    def shape(self) -> FieldShape:
        """Field shape of the kind."""
        return self.world.shapes[self.target.route.kind]

    @property
    def choices(self) -> Mapping[str, str]:
        """Behaviours of the service."""
        return self.world.choices

    @property
    def collection(self) -> ObjectCollection:
        """The objects of that kind in the request's project."""
        return self.world.collection(self.target.project, self.target.route.kind)

    @property
    def client(self) -> str:
        """Identity of the caller, as far as the service has it."""
        return self.request.header("X-App-UserId")

    def entry(self, missing: str) -> StoredObject:
        """Return the object of the path, or refuse with the chosen status."""
        reads_old = missing == "show_missing" and self.twist.stale
        found = (self.as_of() if reads_old else self.collection.entries).get(self.target.id)
        if found is None:
            raise ServiceError(int(self.choices[missing]), "MSS.20010045", f"The {self.kind.id_field} does not exist.")
        return found

    def as_of(self) -> Mapping[str, StoredObject]:
        """Return the objects as of the replica of this read."""
        return self.collection.as_of(self.world.clock() - timedelta(seconds=self.twist.stale))

    def writing(self, object_id: str, revision: int) -> WriteStamp:
        """Return the data for assigning ids and times to one write."""
        keep = self.choices["child_ids"] == "kept"
        return WriteStamp(object_id=object_id, revision=revision, now=self.now, ids=self.world.ids, keep_ids=keep)

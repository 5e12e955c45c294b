"""The simulated API: a pure function from request to response over a world that a seed describes."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.kinds import Kind, all_kinds
from reconciler.model.resource import Json
from reconciler.simulator.call import Call
from reconciler.simulator.children import child_create, child_delete, child_update
from reconciler.simulator.clock import Clock, FixedClock, Ids, hashed_ids, http_date
from reconciler.simulator.message import Refusal, Request, Response
from reconciler.simulator.model import Model
from reconciler.simulator.planting import plant
from reconciler.simulator.reads import list_objects, list_summaries, show
from reconciler.simulator.routes import Target, routes, target_of
from reconciler.simulator.seed import checked_seed
from reconciler.simulator.shape import shape_of
from reconciler.simulator.world import World
from reconciler.simulator.writes import confirm, create, delete, update

OPERATIONS: Mapping[str, Callable[[Call], Response]] = {
    "list": list_objects,
    "summary": list_summaries,
    "show": show,
    "create": create,
    "update": update,
    "delete": delete,
    "confirm": confirm,
    "child_create": child_create,
    "child_update": child_update,
    "child_delete": child_delete,
}


class Simulator:
    """The service behind both kinds' endpoints, seeded from plain data.

    `handle` may be called from many threads; each call is one step. With the default clock and ids the same requests
    in the same order get the same bytes. `model` tells what really happened.
    """

    def __init__(
        self,
        seed: Mapping[str, Json] | None = None,
        *,
        clock: Clock | None = None,
        ids: Ids = hashed_ids,
        kinds: Mapping[str, Kind] | None = None,
    ) -> None:
        known = all_kinds() if kinds is None else kinds
        known_seed = checked_seed(seed or {}, known)
        self._lock = threading.RLock()
        self._serial = 0
        self._routes = routes(known)
        self.clock: Clock = clock or FixedClock(start=known_seed.start)
        self.world = World(
            kinds=known,
            shapes={name: shape_of(kind.root) for name, kind in known.items()},
            choices=known_seed.choices,
            clock=self.clock,
            ids=ids,
            model=Model(),
        )
        plant(self.world, known_seed.objects)

    @property
    def model(self) -> Model:
        """What really happened."""
        return self.world.model

    @property
    def sensitive(self) -> frozenset[str]:
        """The names of fields whose values no log may hold."""
        fields = (node for kind in self.world.kinds.values() for node in kind.fields.values())
        return frozenset({node.name for node in fields if node.sensitive and node.name} | {"password"})

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self._lock:
            self._serial += 1
            target = target_of(self._routes, request)
            return self._finished(self._answer(request, target), target)

    def _answer(self, request: Request, target: Target | None) -> Response:
        if target is None:
            return Refusal(404, "APIGW.0101", "The API does not exist or has not been published.").response
        try:
            return self._operate(Call(world=self.world, request=request, target=target, now=self.clock()))
        except Refusal as refusal:
            return refusal.response

    def _operate(self, call: Call) -> Response:
        response = OPERATIONS[call.target.route.operation](call)
        if call.request.method != "GET" and isinstance(self.clock, FixedClock):
            self.clock.advance(1)
        return response

    def _finished(self, response: Response, target: Target | None) -> Response:
        route = target.route if target else None
        operation = route.operation if route else "unknown"
        self.model.requests[operation] += 1
        self.model.statuses[response.status] += 1
        request_id = hashlib.sha256(f"request {self._serial}".encode()).hexdigest()[:32]
        headers = (("Date", http_date(self.clock())), ("X-Request-Id", request_id), *response.headers)
        return replace(response, headers=headers, operation=operation, kind=route.kind if route else "")

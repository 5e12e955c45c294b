"""The simulated API: a pure function from request to response over a world that a seed describes."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.kinds import Kind, all_kinds
from reconciler.model.resource import Json
from reconciler.simulator.call import Call
from reconciler.simulator.children import child_create, child_delete, child_update
from reconciler.simulator.clock import Clock, FixedClock, Ids, hashed_ids, http_date
from reconciler.simulator.console import CHURN, CONSOLE, Console, churned, edited
from reconciler.simulator.damage import damaged, refusal_of, twist_of
from reconciler.simulator.faults import Fault
from reconciler.simulator.gateway import Gateway, check_size
from reconciler.simulator.limits import Throttle
from reconciler.simulator.message import Refusal, Request, Response
from reconciler.simulator.model import Model
from reconciler.simulator.planting import plant
from reconciler.simulator.reads import list_objects, list_summaries, show
from reconciler.simulator.routes import Target, routes, target_of
from reconciler.simulator.scheduler import Armed, Scheduler
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
"""What `match: {operation: …}` of a fault may name, beside `identity` (IAM) and `unknown`."""


class Simulator:
    """The service behind every kind's endpoints, seeded from plain data.

    `handle` may be called from many threads; each call is one step. With the default clock and ids the same requests
    in the same order get the same bytes. `model` tells what really happened; `console` edits behind the client's back.
    """

    def __init__(
        self,
        seed: Mapping[str, Json] | None = None,
        *,
        clock: Clock | None = None,
        ids: Ids = hashed_ids,
        kinds: Mapping[str, Kind] | None = None,
    ) -> None:
        self._kinds = all_kinds() if kinds is None else kinds
        self._routes = routes(self._kinds)
        self._shapes = {name: shape_of(kind) for name, kind in self._kinds.items()}
        self._lock = threading.RLock()
        self._given_clock, self._ids = clock, ids
        self._seed: Mapping[str, Json] = seed or {}
        self.reset()

    def reset(self, seed: Mapping[str, Json] | None = None) -> None:
        """Start again: from another seed, or from the one it was made with."""
        with self._lock:
            self._seed = self._seed if seed is None else seed
            known = checked_seed(self._seed, self._kinds)
            self._serial = 0
            self.own_project = known.own_project
            self.clock: Clock = self._given_clock or FixedClock(known.start)
            self.world = World(
                kinds=self._kinds,
                shapes=self._shapes,
                choices=known.choices,
                clock=self.clock,
                ids=self._ids,
                model=Model(),
                lock=self._lock,
            )
            self._gateway = Gateway(known.credentials, known.own_project)
            self._throttle = Throttle(known.limits)
            self._scheduler = Scheduler()
            plant(self.world, known.objects)
            self.inject(known.faults)

    @property
    def model(self) -> Model:
        """What really happened."""
        return self.world.model

    @property
    def sensitive(self) -> frozenset[str]:
        """The names of fields whose values no log may hold."""
        fields = (node for kind in self._kinds.values() for node in kind.fields.values())
        return frozenset({node.name for node in fields if node.sensitive and node.name} | {"password"})

    def go_by(self, clock: Clock) -> None:
        """Go by another clock from now on, unless one was given or the seed says what time it is."""
        if self._given_clock is None and "clock" not in self._seed:
            self._given_clock = self.clock = self.world.clock = clock

    def inject(self, faults: tuple[Fault, ...]) -> None:
        """Put more faults in force."""
        with self._lock:
            self._scheduler.arm(faults)
            if any(fault.list_lag for fault in faults):
                self.world.remember()

    @property
    def struck(self) -> list[tuple[str, int, int]]:
        """The faults in force: name, how many requests they matched, how often they struck."""
        return [(armed.fault.name, armed.met, armed.struck) for armed in self._scheduler.armed]

    def heal(self) -> None:
        """Take every fault away."""
        with self._lock:
            self._scheduler.armed.clear()

    def console(self, kind: str, project: str = "", client: str = CONSOLE) -> Console:
        """Return the way to one kind's objects that does not lead through the API."""
        return Console(world=self.world, kind=self._kinds[kind], project=project or self.own_project, client=client)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        with self._lock:
            self._serial += 1
            target = target_of(self._routes, request)
            struck = self._struck(request, target)
            now = self.clock() + timedelta(seconds=sum(armed.fault.clock_shift for armed in struck))
            response = self._answer(request, target, struck, now)
            return self._finished(response, request, target, struck=struck, now=now)

    def _struck(self, request: Request, target: Target | None) -> tuple[Armed, ...]:
        kind, project = (target.route.kind, target.project) if target else ("", "")
        return self._scheduler.strike(request, kind=kind, operation=_operation(request, target), project=project)

    def _answer(self, request: Request, target: Target | None, struck: tuple[Armed, ...], now: datetime) -> Response:
        try:
            identity = self._gateway.answer(request, now) if target is None else None
            if identity is not None or target is None:
                return (
                    identity or Refusal(404, "APIGW.0101", "The API does not exist or has not been published.").response
                )
            check_size(request)
            self._gateway.admit(request, target.project, now)
            self._throttle.admit(target.project, request.method, now)
            return refusal_of(armed.fault for armed in struck) or self._operate(request, target, struck, now)
        except Refusal as refusal:
            return refusal.response

    def _operate(self, request: Request, target: Target, struck: tuple[Armed, ...], now: datetime) -> Response:
        reads = self.world.collection(target.project, target.route.kind).reads
        twist = twist_of((armed.fault for armed in struck), reads)
        call = Call(world=self.world, request=request, target=target, now=now, twist=twist)
        response = OPERATIONS[target.route.operation](call)
        if request.method != "GET" and isinstance(self.clock, FixedClock):
            self.clock.advance(1)
        self._disturb(target, struck)
        return response

    def _disturb(self, target: Target, struck: tuple[Armed, ...]) -> None:
        console = self.console(target.route.kind, target.project, CHURN)
        for armed in struck:
            if armed.fault.churn is not None:
                churned(console, armed.fault.churn, armed.dice)
            for edit in armed.fault.edits:
                edited(console, edit, target.id)

    def _finished(
        self, response: Response, request: Request, target: Target | None, *, struck: tuple[Armed, ...], now: datetime
    ) -> Response:
        request_id = hashlib.sha256(f"request {self._serial}".encode()).hexdigest()[:32]
        headers = (("Date", http_date(now)), ("X-Request-Id", request_id), *response.headers)
        whole = damaged(replace(response, headers=headers), (armed.fault for armed in struck))
        operation = _operation(request, target)
        self.model.requests[operation] += 1
        self.model.statuses[whole.status] += 1
        names = tuple(armed.fault.name for armed in struck)
        return replace(whole, operation=operation, kind=target.route.kind if target else "", faults=names)


def _operation(request: Request, target: Target | None) -> str:
    if target is not None:
        return target.route.operation
    return "identity" if request.segments[:1] == ("v3",) else "unknown"

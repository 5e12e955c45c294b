"""Simulated API: a pure function from request to response over the state of a seed."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.kinds.registry import Kind, all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.simulator.clock import Clock, FixedClock, Ids, hashed_ids, http_date
from reconciler.simulator.faults.fault import Fault
from reconciler.simulator.faults.schedule import (
    ActiveFault,
    FaultSchedule,
    apply_faults,
    refusal_of,
    twist_of,
    unfinished,
)
from reconciler.simulator.gateway.gateway import Gateway, TokenBuckets, check_size
from reconciler.simulator.messages import Request, Response, ServiceError
from reconciler.simulator.seed import Seed, checked_seed
from reconciler.simulator.service.console_edits import CHURN, CONSOLE, ConsoleEditor, edited, make_random_edit
from reconciler.simulator.service.field_shape import shape_of
from reconciler.simulator.service.object_store import ServiceState
from reconciler.simulator.service.operations import OperationContext, RouteMatch, routes, target_of
from reconciler.simulator.service.read_operations import list_objects, list_summaries, show
from reconciler.simulator.service.write_operations import (
    child_create,
    child_delete,
    child_update,
    confirm,
    create,
    delete,
    update,
)
from reconciler.simulator.write_history import WriteHistory

OPERATIONS: Mapping[str, Callable[[OperationContext], Response]] = {
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
"""Values of `match: {operation: …}` of a fault, beside `identity` (IAM) and `unknown`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RequestState:
    """State of one request: its route, its faults, and the service's time for it."""

    request: Request
    target: RouteMatch | None
    operation: str
    kind: str
    struck: tuple[ActiveFault, ...]
    now: datetime

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(armed.fault for armed in self.struck)


class Simulator:
    """The service behind every kind's endpoints, seeded from plain data, or from a seed that was checked already.

    `handle` may be called from many threads; each call is one step. With the default clock and ids the same requests in
    the same order get the same bytes. `model` is the write history; `console` edits as another user.
    """

    def __init__(
        self,
        seed: Mapping[str, Json] | Seed | None = None,
        *,
        clock: Clock | None = None,
        ids: Ids = hashed_ids,
        kinds: Mapping[str, Kind] | None = None,
    ) -> None:
        self._kinds = all_kinds() if kinds is None else kinds
        self._routes = routes(tuple(self._kinds.values()))
        self._shapes = {name: shape_of(kind) for name, kind in self._kinds.items()}
        self._lock = threading.RLock()
        self._given_clock, self._ids = clock, ids
        self._usual = kinds is None and ids is hashed_ids
        self._seed = seed if isinstance(seed, Seed) else checked_seed(seed or {}, self._kinds)
        self.reset()

    def reset(self, seed: Mapping[str, Json] | None = None) -> None:
        """Restart from another seed, or from the initial one."""
        with self._lock:
            known = self._seed if seed is None else checked_seed(seed, self._kinds)
            self._seed = known
            self._serial = 0
            self._own_project = known.own_project
            self.clock: Clock = self._given_clock or FixedClock(known.start)
            self.world = ServiceState(
                kinds=self._kinds,
                shapes=self._shapes,
                choices=known.choices,
                clock=self.clock,
                ids=self._ids,
                model=WriteHistory(),
                lock=self._lock,
                start=self.clock(),
                objects=known.objects,
                shared=known.shared,
                firsts=known.firsts if self._usual and self._given_clock is None else None,
            )
            self._gateway = Gateway(known.credentials, known.own_project)
            self._throttle = TokenBuckets(known.limits)
            self._scheduler = FaultSchedule()
            self._late: list[tuple[datetime, OperationContext]] = []
            for project in known.objects:
                self.world.begin(project)
            self.inject(known.faults)

    @property
    def seed(self) -> Mapping[str, Json]:
        """Seed it starts from."""
        return self._seed.written

    @property
    def own_project(self) -> str:
        """Project meant where none is named: the seed's own; of a seed without one, the first that was asked for."""
        if self.world.shared is None:
            return self._own_project
        return next(iter(self.world.begun), self._own_project)

    @property
    def model(self) -> WriteHistory:
        """Write history."""
        return self.world.model

    @property
    def sensitive(self) -> frozenset[str]:
        """Names of fields with values that are redacted in logs."""
        fields = (node for kind in self._kinds.values() for node in kind.fields.values())
        return frozenset({node.name for node in fields if node.sensitive and node.name} | {"password"})

    def go_by(self, clock: Clock) -> None:
        """Use another clock from now on, unless one was given or the seed sets the time."""
        if self._given_clock is None and "clock" not in self._seed.written:
            self._given_clock = self.clock = self.world.clock = clock

    def inject(self, faults: tuple[Fault, ...]) -> None:
        """Activate more faults."""
        with self._lock:
            self._scheduler.arm(faults)
            if any(fault.list_lag or fault.stale for fault in faults):
                self.world.remember()

    @property
    def struck(self) -> list[tuple[str, int, int]]:
        """Return the active faults: name, number of matching requests, number of hits."""
        return [(armed.fault.name, armed.met, armed.struck) for armed in self._scheduler.armed]

    def heal(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._scheduler.armed.clear()

    def console(self, kind: str, project: str = "", client: str = CONSOLE) -> ConsoleEditor:
        """Return an editor of one kind's objects that does not use the API."""
        return ConsoleEditor(
            world=self.world, kind=self._kinds[kind], project=project or self.own_project, client=client
        )

    def handle(self, request: Request) -> Response:
        """Process one request."""
        with self._lock:
            self._serial += 1
            self._finish_late()
            step = self._met(request, target_of(self._routes, request))
            return self._finished(step, self._answer(step))

    def _met(self, request: Request, target: RouteMatch | None) -> _RequestState:
        operation = _operation(request, target)
        kind, project = (target.route.kind, target.project) if target else ("", "")
        struck = self._scheduler.strike(request, kind=kind, operation=operation, project=project)
        now = self.clock()
        if struck:
            now += timedelta(seconds=sum(armed.fault.clock_shift for armed in struck))
        return _RequestState(request=request, target=target, operation=operation, kind=kind, struck=struck, now=now)

    def _answer(self, step: _RequestState) -> Response:
        try:
            check_size(step.request)
            if step.target is None:
                return self._elsewhere(step)
            self._gateway.admit(step.request, step.target.project, step.now)
            self._throttle.admit(step.target.project, step.request.method, step.now)
            self.world.check_project(step.target.project)
            return refusal_of(step.faults) or self._operate(step, step.target)
        except ServiceError as refusal:
            return refusal.response

    def _elsewhere(self, step: _RequestState) -> Response:
        """Process a request without a route of a kind: identity service, or not found."""
        identity = self._gateway.answer(step.request, step.now)
        if identity is None:
            raise ServiceError(404, "APIGW.0101", "The API does not exist or has not been published.")
        return identity

    def _operate(self, step: _RequestState, target: RouteMatch) -> Response:
        twist = twist_of(step.faults, self.world.collection(target.project, target.route.kind).reads)
        call = OperationContext(world=self.world, request=step.request, target=target, now=step.now, twist=twist)
        late = max((fault.wire.late for fault in step.faults), default=0.0)
        if late:
            self._late.append((step.now + timedelta(seconds=late), call))
            return unfinished()
        response = OPERATIONS[step.operation](call)
        if step.request.method != "GET" and isinstance(self.clock, FixedClock):
            self.clock.advance(1)
        if step.struck:
            self._disturb(step, target)
        return response

    def _finish_late(self) -> None:
        """Execute delayed operations that are due, after their response was sent."""
        if not self._late:
            return
        now = self.clock()
        due = [(when, call) for when, call in self._late if when <= now]
        self._late = [(when, call) for when, call in self._late if when > now]
        for when, call in due:
            with suppress(ServiceError):
                OPERATIONS[call.target.route.operation](replace(call, now=when))

    def _disturb(self, step: _RequestState, target: RouteMatch) -> None:
        console = self.console(target.route.kind, target.project, CHURN)
        for armed in step.struck:
            if armed.fault.churn is not None:
                make_random_edit(console, armed.fault.churn, armed.dice)
            for edit in armed.fault.edits:
                edited(console, edit, target.id)

    def _finished(self, step: _RequestState, response: Response) -> Response:
        request_id = hashlib.sha256(f"request {self._serial}".encode()).hexdigest()[:32]
        headers = (("Date", http_date(step.now)), ("X-Request-Id", request_id), *response.headers)
        names = tuple(fault.name for fault in step.faults)
        told = replace(response, headers=headers, operation=step.operation, kind=step.kind, faults=names)
        whole = apply_faults(told, step.faults)
        self.model.requests[step.operation] += 1
        self.model.statuses[whole.status] += 1
        return whole


def _operation(request: Request, target: RouteMatch | None) -> str:
    if target is not None:
        return target.route.operation
    return "identity" if request.segments[:1] == ("v3",) else "unknown"

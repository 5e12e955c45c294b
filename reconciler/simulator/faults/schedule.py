"""Applies active faults to a call and its response."""

import random
from collections.abc import Iterable
from dataclasses import field, replace
from fnmatch import fnmatchcase

from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json
from reconciler.simulator.faults.body_transforms import transformed, with_header
from reconciler.simulator.faults.fault import Fault, ResponseFault
from reconciler.simulator.messages import JSON_TYPE, ConnectionCut, Request, Response, encode
from reconciler.simulator.service.operations import ListDistortion

MESSAGES = {
    429: ("APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 second"),
    401: ("APIGW.0301", "Incorrect IAM authentication information"),
    403: ("APIGW.0302", "The IAM user is not authorized to access the API."),
    404: ("MSS.20010045", "The object does not exist."),
    400: ("MSS.00000003", "Invalid parameter."),
    502: ("APIGW.0201", "Backend unavailable."),
    503: ("APIGW.0613", "The IAM service is unavailable."),
    504: ("APIGW.0201", "Backend timeout."),
}
"""Error body of a status where a fault has none: gateway codes of api.md §7."""


def twist_of(faults: Iterable[Fault], reads: int) -> ListDistortion:
    """Return the distortion of a list or show; `reads` numbers the call, for orders that change each time."""
    twist = ListDistortion()
    for fault in faults:
        twist = ListDistortion(
            order=fault.order or twist.order,
            shuffle=reads if fault.ties == "shuffled" or fault.order == "shuffled" else twist.shuffle,
            lag=max(fault.list_lag, twist.lag),
            cap=twist.cap if fault.cap is None else fault.cap,
            drop=max(fault.short, twist.drop),
            offset=0 if fault.ignore_offset else twist.offset,
            ignored=fault.ignore_filters | twist.ignored,
            stale=max(fault.stale, twist.stale),
        )
    return twist


def refusal_of(faults: Iterable[Fault]) -> Response | None:
    """Return the response of the first fault that prevents the operation, or None."""
    stopping = next((fault.wire for fault in faults if not fault.wire.commits), None)
    return None if stopping is None else Response(status=stopping.status or 500, body=_error(stopping.status or 500))


def unfinished() -> Response:
    """Return the gateway's timeout response to an operation that continues after it."""
    return Response(status=504, body=_error(504))


def apply_faults(response: Response, faults: Iterable[Fault]) -> Response:
    """Return the response after all faults."""
    for fault in faults:
        response = _damaged(response, fault.wire)
    return response


def _damaged(response: Response, wire: ResponseFault) -> Response:
    if wire.status:
        body = _error(wire.status) if wire.status >= 300 else response.body
        response = with_header(replace(response, status=wire.status, body=body), *JSON_TYPE)
    if wire.body is not None:
        response = replace(response, body=_bytes(wire.body))
    for name, argument in wire.transforms:
        response = transformed(response, name, argument)
    for name, value in wire.headers.items():
        response = with_header(response, name, value)
    cut = (
        ConnectionCut(at=wire.close_at, chunked=wire.chunked)
        if wire.close or wire.close_at is not None
        else response.cut
    )
    delay, drip = response.delay + wire.delay, max(response.drip, wire.drip)
    return replace(response, cut=cut, delay=delay, drip=drip, raw=wire.raw.encode() or response.raw)


def _error(status: int) -> bytes:
    code, message = MESSAGES.get(status, ("MSS.00000004", "Internal error."))
    return encode({"error_code": code, "error_msg": message})


def _bytes(body: Json) -> bytes:
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else encode(body)


@dataclass(slots=True)
class ActiveFault:
    """Fault with its count of matching requests, its number of hits, and its own random generator."""

    fault: Fault
    dice: random.Random
    met: int = 0
    struck: int = 0


@dataclass(slots=True)
class FaultSchedule:
    """Active faults."""

    armed: list[ActiveFault] = field(default_factory=list)

    def arm(self, faults: Iterable[Fault]) -> None:
        """Activate more faults."""
        self.armed += [ActiveFault(fault=fault, dice=random.Random(f"fault {fault.seed}")) for fault in faults]  # noqa: S311 - a schedule that repeats

    def strike(self, request: Request, *, kind: str, operation: str, project: str) -> tuple[ActiveFault, ...]:
        """Return the faults of this request, in order."""
        place = {"method": request.method, "kind": kind, "operation": operation, "project": project}
        met = [armed for armed in self.armed if _matches(armed.fault, place, request.path)]
        return tuple(armed for armed in met if _strikes(armed))


def _matches(fault: Fault, place: dict[str, str], path: str) -> bool:
    wanted = fault.match
    exact = all(not getattr(wanted, name) or getattr(wanted, name) == found for name, found in place.items())
    return exact and (not wanted.path or fnmatchcase(path, wanted.path))


def _strikes(armed: ActiveFault) -> bool:
    armed.met += 1
    when = armed.fault.when
    chance = when.probability >= 1.0 or armed.dice.random() < when.probability
    nth = not when.nth or armed.met in when.nth
    every = not when.every or armed.met % when.every == 0
    if not (chance and nth and every) or (when.times and armed.struck >= when.times):
        return False
    armed.struck += 1
    return True

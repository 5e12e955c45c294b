"""What struck faults make of a call and of its answer."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.resource import Json
from reconciler.simulator.call import Twist
from reconciler.simulator.faults import Fault, Wire
from reconciler.simulator.message import JSON_TYPE, Cut, Response, encode
from reconciler.simulator.transforms import transformed, with_header

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
"""The error body of a status where a fault gives none: gateway codes of api.md §7."""


def twist_of(faults: Iterable[Fault], reads: int) -> Twist:
    """Return how the faults bend a list or show; `reads` numbers the call, for orders that change each time."""
    twist = Twist()
    for fault in faults:
        twist = Twist(
            order=fault.order or twist.order,
            shuffle=reads if fault.ties == "shuffled" or fault.order == "shuffled" else twist.shuffle,
            lag=max(fault.list_lag, twist.lag),
            cap=twist.cap if fault.cap is None else fault.cap,
            drop=max(fault.short, twist.drop),
            offset=0 if fault.ignore_offset else twist.offset,
            stale=max(fault.stale, twist.stale),
        )
    return twist


def refusal_of(faults: Iterable[Fault]) -> Response | None:
    """Return the answer of the first fault that keeps the operation from happening, or None."""
    stopping = next((fault.wire for fault in faults if not fault.wire.commits), None)
    return None if stopping is None else Response(status=stopping.status or 500, body=_error(stopping.status or 500))


def unfinished() -> Response:
    """Return the answer to an operation that goes on behind it: the gateway has given up waiting."""
    return Response(status=504, body=_error(504))


def damaged(response: Response, faults: Iterable[Fault]) -> Response:
    """Return the answer after every fault has had its way with it."""
    for fault in faults:
        response = _damaged(response, fault.wire)
    return response


def _damaged(response: Response, wire: Wire) -> Response:
    if wire.status:
        body = _error(wire.status) if wire.status >= 300 else response.body
        response = with_header(replace(response, status=wire.status, body=body), *JSON_TYPE)
    if wire.body is not None:
        response = replace(response, body=_bytes(wire.body))
    for name, argument in wire.transforms:
        response = transformed(response, name, argument)
    for name, value in wire.headers.items():
        response = with_header(response, name, value)
    cut = Cut(at=wire.close_at, chunked=wire.chunked) if wire.close or wire.close_at is not None else response.cut
    delay, drip = response.delay + wire.delay, max(response.drip, wire.drip)
    return replace(response, cut=cut, delay=delay, drip=drip, raw=wire.raw.encode() or response.raw)


def _error(status: int) -> bytes:
    code, message = MESSAGES.get(status, ("MSS.00000004", "Internal error."))
    return encode({"error_code": code, "error_msg": message})


def _bytes(body: Json) -> bytes:
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else encode(body)

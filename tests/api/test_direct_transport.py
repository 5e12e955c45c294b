"""A service in this process gets the same requests, and gives the same answers, as one that httpx asks."""

from dataclasses import replace

import pytest

from reconciler.api.allowed_hosts import check_allowed
from reconciler.api.messages import ApiRequest
from reconciler.api.signing import encode_query
from reconciler.api.transport import Budget, DirectTransport, HttpTransport
from reconciler.errors import ApiError, TransportError
from reconciler.http_library import httpx
from reconciler.simulator import transport
from reconciler.simulator.messages import ConnectionCut, Request, Response

CALLS = [
    ApiRequest(method="GET", origin=check_allowed("http://127.0.0.1"), path="/v1/p/rooms"),
    ApiRequest(
        method="GET",
        origin=check_allowed("http://localhost:8080"),
        path="/v1/p/rooms/%E7%9B%B4%20x",
        query=encode_query([("name", "茶 &=+/?%~'\"()*"), ("limit", "10")]),
        headers={"X-Project-Id": "p", "X-App-UserId": "a b"},
    ),
    ApiRequest(
        method="POST",
        origin=check_allowed("http://[::1]:8080"),
        path="/v1/p/rooms",
        headers={"Content-Type": "application/json"},
        body='{"room_name":"茶"}'.encode(),
    ),
    ApiRequest(method="PUT", origin=check_allowed("http://127.0.0.1"), path="/v1/p/rooms/1"),
    ApiRequest(method="DELETE", origin=check_allowed("http://127.0.0.1:80"), path="/v1/p/rooms/1"),
]

RESPONSES = {
    "plain": Response(
        status=200, body=b'{"a": 1}', headers=(("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("X-Request-Id", "r"))
    ),
    "empty": Response(status=204),
    "repeated headers": Response(
        status=200, body=b"{}", headers=(("X-Limit", "1"), ("x-limit", "2"), ("X-Text", "茶"))
    ),
    "its own length": Response(status=200, body=b"{}", headers=(("Content-Length", "2"),)),
    "packed, damaged": Response(status=200, body=b"{}", headers=(("Content-Encoding", "gzip"),)),
    "an unknown encoding": Response(status=200, body=b"{}", headers=(("Content-Encoding", "br"),)),
    "late": Response(status=200, body=b"{}", delay=1.0),
    "too late": Response(status=200, body=b"{}", delay=100.0),
    "slow": Response(status=200, body=b'{"a": 1}', drip=0.5),
    "cut": Response(status=200, body=b'{"a": 1}', cut=ConnectionCut(at=3)),
    "cut in chunks": Response(status=200, body=b'{"a": 1}', cut=ConnectionCut(at=3, chunked=True)),
    "lost": Response(status=200, body=b"{}", cut=ConnectionCut(at=None)),
    "raw": Response(status=200, raw=b"no http"),
}


class Recording:
    """Service that always gives the same response, and records what it was asked."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.asked: list[Request] = []

    def handle(self, request: Request) -> Response:
        """Return the response."""
        self.asked.append(request)
        return self.response


class OverHttp(httpx.BaseTransport):
    """The same service, to a client that knows httpx's transports alone."""

    def __init__(self, direct) -> None:
        self._direct = direct

    def handle_request(self, request):
        """Pass a request on."""
        return self._direct.handle_request(request)


def both(call: ApiRequest, response: Response, budget: float = 100.0):
    """Return what each way asked, told or raised, and how long it slept."""
    found = []
    for wrapped in (False, True):
        service, slept = Recording(response), []
        direct = transport(service, sleep=slept.append)
        assert isinstance(direct, DirectTransport)
        client = HttpTransport(OverHttp(direct) if wrapped else direct, lambda slept=slept: sum(slept))
        try:
            answer = client.send(call, {"Authorization": "SDK-HMAC-SHA256 x"}, Budget(budget))
            told = answer.status, list(answer.headers.items()), answer.body
        except (ApiError, TransportError) as error:
            told = type(error), error.message, error.code, getattr(error, "sent", None)
        found.append((told, [replace(one, headers=tuple(one.headers)) for one in service.asked], slept))
    return found


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_request_is_sent_as_httpx_sends_it(call):
    direct, wrapped = both(call, RESPONSES["plain"])
    assert direct == wrapped
    assert direct[1][0].path == call.path


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
@pytest.mark.parametrize("budget", [100.0, 2.0])
def test_a_response_is_taken_as_httpx_gives_it(response, budget):
    direct, wrapped = both(CALLS[0], response, budget)
    assert direct == wrapped


def test_an_answer_beyond_the_time_of_a_call_is_lost():
    direct, wrapped = both(CALLS[0], RESPONSES["plain"], budget=-1.0)
    assert direct == wrapped
    assert direct[0][0] is TransportError
    assert "took too long" in direct[0][1]

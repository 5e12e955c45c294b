"""One try on a real socket: caps in time and size, connections kept, and failures told apart."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import httpx
import pytest

from reconciler.api.allowed_hosts import check_allowed
from reconciler.api.client import ReadClient
from reconciler.api.messages import ApiRequest
from reconciler.api.pooled_transport import PooledTransport
from reconciler.api.transport import HttpTransport
from reconciler.errors import ApiError, TransportError
from reconciler.simulator import Simulator
from reconciler.simulator.server import running
from tests.api.test_direct_transport import CALLS
from tests.support.raw_server import http, raw_server, says, says_slowly
from tests.support.reading import ROOM, connection, rooms

EMPTY = b'{"count":0,"smart_live_rooms":[]}'


def hurried():
    """A clock on which each reading costs ten seconds: 120 are used up after twelve."""
    ticks = iter(range(0, 10_000, 10))
    return lambda: float(next(ticks))


def send(url, monotonic=time.monotonic):
    wire = HttpTransport(PooledTransport(connections=1, monotonic=monotonic), monotonic)
    try:
        return wire.send(ApiRequest(method="GET", origin=check_allowed(url), path="/"), {})
    finally:
        wire.close()


def failed(script, monotonic=time.monotonic):
    with raw_server(script) as raw, pytest.raises(TransportError) as caught:
        send(raw.url, monotonic)
    return caught.value


def test_a_body_that_drips_is_cut_off_when_its_time_is_up():
    assert "too long" in failed(says_slowly(http(EMPTY), pause=0.01, size=8), hurried()).message


def test_headers_that_drip_are_cut_off_too():
    assert "too long" in failed(says_slowly(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 500, pause=0.01), hurried()).message


def test_a_server_that_drips_one_byte_at_a_time_has_one_deadline_for_all_tries():
    """The clock makes a second of each of its readings; what it shows at the end is what the read took."""
    seconds = count()

    def monotonic():
        return float(next(seconds))

    script = says_slowly(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 500, pause=0.002)
    with raw_server(script) as raw, pytest.raises(TransportError) as caught:
        ReadClient(connection(raw.url, monotonic=monotonic, sleep=lambda _: None)).show(ROOM, "one")
    assert "too long" in caught.value.message
    assert next(seconds) < 200
    assert len(raw.received) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        http(EMPTY, length=1000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    ],
    ids=["nothing", "half a head", "no http", "cut body", "bad chunk", "no last chunk", "endless header"],
)
def test_an_answer_that_is_not_whole_is_no_answer(answer):
    error = failed(says(answer))
    assert (error.code, error.sent) == ("E_TRANSPORT", True)


def test_a_port_where_nobody_listens_was_certainly_not_reached():
    with raw_server(says(b"")) as raw:
        pass
    with pytest.raises(TransportError) as caught:
        send(raw.url)
    assert caught.value.sent is False


def test_a_bomb_is_refused_on_the_wire():
    bomb = http(gzip.compress(b" " * (60 << 20)), headers="Content-Encoding: gzip\r\n")
    with raw_server(says(bomb)) as raw, pytest.raises(ApiError) as caught:
        send(raw.url)
    assert caught.value.code == "E_READ_SCHEMA"


def test_a_packed_answer_is_unpacked():
    with raw_server(says(http(gzip.compress(EMPTY), headers="Content-Encoding: gzip\r\n"))) as raw:
        assert send(raw.url).body == EMPTY


def test_the_servers_date_is_read_and_nonsense_is_none():
    with raw_server(says(http(EMPTY, headers="Date: Thu, 01 Jan 2026 00:16:00 GMT\r\n"))) as raw:
        assert send(raw.url).date.isoformat() == "2026-01-01T00:16:00+00:00"
    with raw_server(says(http(EMPTY, headers="Date: soon\r\n"))) as raw:
        assert send(raw.url).date is None


@pytest.mark.parametrize("headers", [b"X-Text: \xe8\x8c\xb6\r\nx-text: b\r\n", b"X-Text: caf\xe9\r\n"])
@pytest.mark.parametrize("call", [call for call in CALLS if not call.body], ids=str)
def test_the_network_sends_and_gives_what_httpx_does(call, headers):
    """The clients of the network and of httpx: the same bytes are sent, and the same response is returned."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + headers + b"\r\n{}"
    with raw_server(says(answer)) as raw:
        found = []
        for transport in (PooledTransport(connections=1, monotonic=time.monotonic), httpx.HTTPTransport()):
            wire = HttpTransport(transport, time.monotonic)
            found.append(wire.send(replace(call, origin=check_allowed(raw.url)), {"Authorization": "x"}))
            wire.close()
    assert found[0] == found[1]
    assert raw.received[0] == raw.received[1]


def test_connections_are_kept_open_from_call_to_call():
    with running(Simulator({"smart_live_rooms": rooms(3)})) as url:
        client = ReadClient(connection(url, parallelism=1))
        for _ in range(20):
            client.page(ROOM, offset=0, limit=100)
        client.close()
    assert client.usage.requests == 20


def test_calls_of_many_threads_share_no_more_connections_than_there_may_be_and_none_is_lost():
    """Each has its connection alone: no thread closes one that another is given."""
    with running(Simulator({"smart_live_rooms": rooms(3)})) as url:
        client = ReadClient(connection(url, parallelism=4))
        with ThreadPoolExecutor(16) as threads:
            pages = list(threads.map(lambda _: client.page(ROOM, offset=0, limit=100), range(200)))
        client.close()
    assert {len(page.rows) for page in pages} == {3}
    assert (client.usage.requests, client.usage.retries) == (200, 0)


def test_no_more_calls_are_on_their_way_than_there_may_be_connections():
    at_once: list[int] = []
    answering: set[object] = set()

    def script(client):
        answering.add(client)
        at_once.append(len(answering))
        time.sleep(0.01)
        answering.discard(client)
        client.sendall(http(EMPTY, headers="Connection: close\r\n"))

    with raw_server(script) as raw:
        wire = HttpTransport(PooledTransport(connections=3, monotonic=time.monotonic), time.monotonic)
        call = ApiRequest(method="GET", origin=check_allowed(raw.url), path="/")
        with ThreadPoolExecutor(12) as threads:
            answers = list(threads.map(lambda _: wire.send(call, {}).status, range(36)))
        wire.close()
    assert answers == [200] * 36
    assert 1 < max(at_once) <= 3


def test_a_proxy_is_used_only_where_the_operator_names_one():
    with raw_server(says(http(EMPTY))) as proxy:
        link = connection("http://localhost:9", proxy=proxy.url)
        assert ReadClient(link).page(ROOM, offset=0, limit=100).count == 0
    assert proxy.received[0].startswith(b"GET http://localhost:9/v1/")

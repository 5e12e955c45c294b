"""One gate for all threads, on a clock that moves only when everybody sleeps."""

import random
import threading
from datetime import UTC, datetime
from itertools import pairwise

import httpx
import pytest

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.api.rate_limit import RateLimiter
from reconciler.errors import RateLimitedError
from tests.support.reading import PROJECT, ROOM, Patient
from tests.support.virtual_clock import VirtualClock

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class Gateway:
    """Lets `rate` calls a second through, `burst` at once, and remembers when each came and whether it passed."""

    def __init__(self, clock, rate, *, burst, latency=0.02, retry_after=""):
        self.clock, self.rate, self.burst, self.latency, self.retry_after = clock, rate, burst, latency, retry_after
        self.tokens, self.at, self.lock = float(burst), 0.0, threading.Lock()
        self.calls = []

    def __call__(self, request):
        with self.lock:
            now = self.clock.monotonic()
            self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
            passed = self.tokens >= 1
            self.tokens -= passed
            self.calls.append((now, passed))
        self.clock.sleep(self.latency)
        if passed:
            return httpx.Response(200, json={"room_id": "one"})
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        return httpx.Response(429, json={"error_code": "APIGW.0308", "error_msg": "too many"}, headers=headers)

    @property
    def refused(self):
        return sum(not passed for _, passed in self.calls)


def run(gateway, clock, *, configured, workers, calls):
    """Show one object `calls` times from `workers` threads; return when each answer came."""
    connection = Connection(
        base_url="http://127.0.0.1",
        project_id=PROJECT,
        transport=httpx.MockTransport(gateway),
        reads_per_second=configured,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        clock=lambda: MOMENT,
        jitter=random.Random(1).random,
    )
    client = ReadClient(connection)

    def one(_):
        client.show(ROOM, "one")
        return clock.monotonic()

    return clock.run(workers, one, range(calls)), client


@pytest.mark.parametrize("workers", [8, 50])
@pytest.mark.parametrize("burst", [8, 80])
def test_600_calls_at_100_a_second_through_a_gateway_that_allows_80(workers, burst):
    clock = VirtualClock()
    gateway = Gateway(clock, 80, burst=burst)
    answers, _ = run(gateway, clock, configured=100, workers=workers, calls=600)
    assert len(answers) == 600
    assert clock.now <= 1.15 * 600 / 80
    assert gateway.refused <= 0.01 * 600


def test_a_long_run_settles_just_below_what_the_gateway_allows():
    clock = VirtualClock()
    gateway = Gateway(clock, 80, burst=8)
    answers, _ = run(gateway, clock, configured=100, workers=8, calls=3000)
    warm = sorted(answers)[300:]
    assert (warm[-1] - warm[0]) <= 1.15 * len(warm) / 80
    assert gateway.refused <= 0.01 * 3000


@pytest.mark.parametrize("workers", [8, 50])
def test_all_calls_complete_where_a_twentieth_of_the_configured_pace_is_allowed(workers):
    clock = VirtualClock()
    gateway = Gateway(clock, 5, burst=5)
    answers, _ = run(gateway, clock, configured=100, workers=workers, calls=200)
    assert len(answers) == 200
    assert clock.now <= 1.5 * 200 / 5


def test_fifty_threads_share_one_even_pace():
    clock = VirtualClock()
    gateway = Gateway(clock, 1000, burst=1000)
    run(gateway, clock, configured=20, workers=50, calls=100)
    starts = [now for now, _ in gateway.calls]
    assert all(later - sooner >= 0.05 - 1e-9 for sooner, later in pairwise(starts))
    assert starts[-1] == pytest.approx(99 / 20)


def test_a_pause_the_server_asks_for_holds_every_thread():
    clock = VirtualClock()
    gateway = Gateway(clock, 5, burst=10, retry_after="7")
    run(gateway, clock, configured=50, workers=8, calls=40)
    first = next(now for now, passed in gateway.calls if not passed)
    pause = [now for now, _ in gateway.calls if first + 0.2 < now < first + 7]
    assert not pause, "calls on their way may still arrive; nobody sets out"


def test_the_pace_climbs_back_when_the_limit_is_lifted():
    clock = VirtualClock()
    gateway = Gateway(clock, 5, burst=5)
    _, client = run(gateway, clock, configured=100, workers=8, calls=100)
    slow = client.connection.reads.rate
    gateway.rate = gateway.burst = 1000
    clock.run(8, lambda _: client.show(ROOM, "one"), range(2000))
    assert slow < 10
    assert client.connection.reads.rate == 100


def test_a_run_waits_for_a_service_that_refuses_no_longer_than_its_deadline():
    patient = Patient()
    gate = RateLimiter(None, monotonic=patient.monotonic, sleep=patient.sleep, deadline=3.0)
    for _ in range(3):
        gate.refused(gate.enter(), 1.0)
    gate.enter()
    gate.refused(gate.enter(), 0.5)
    with pytest.raises(RateLimitedError, match="waited 3 s for the service"):
        gate.enter()
    assert patient.waited == 3.0


def test_pauses_between_tries_count_as_waiting_too():
    patient = Patient()
    gate = RateLimiter(None, monotonic=patient.monotonic, sleep=patient.sleep, deadline=3.0)
    gate.wait(2.0)
    with pytest.raises(RateLimitedError):
        gate.wait(2.0)
    assert patient.waited == 2.0


def test_a_long_run_at_an_even_pace_and_an_idle_hour_are_no_waiting_for_the_service():
    patient = Patient()
    gate = RateLimiter(1.0, monotonic=patient.monotonic, sleep=patient.sleep, deadline=3600.0)
    for _ in range(5000):
        gate.enter()
        gate.accepted()
    patient.sleep(4200.0)
    gate.enter()
    assert patient.monotonic() >= 9199.0


def test_a_pause_that_many_threads_sit_out_together_counts_once():
    clock = VirtualClock()
    gate = RateLimiter(None, monotonic=clock.monotonic, sleep=clock.sleep, deadline=60.0)
    gate.refused(gate.enter(), 50.0)
    tickets = clock.run(8, lambda _: gate.enter(), range(8))
    assert [ticket.waited for ticket in tickets] == [50.0] * 8


def test_a_gate_without_a_rate_lets_all_through_and_still_keeps_a_pause():
    patient = Patient()
    gate = RateLimiter(None, monotonic=patient.monotonic, sleep=patient.sleep, deadline=60.0)
    tickets = [gate.enter() for _ in range(1000)]
    assert patient.waited == 0
    gate.refused(tickets[0], 5.0)
    gate.enter()
    assert patient.waited == 5.0


@pytest.mark.parametrize(
    ("url", "transport", "reads", "writes"),
    [
        ("https://metastudio.cn-north-4.myhuaweicloud.com", None, 5, 1),
        ("http://127.0.0.1:1", None, 0, 0),
        ("https://metastudio.cn-north-4.myhuaweicloud.com", httpx.MockTransport(lambda request: None), 0, 0),
    ],
    ids=["cloud", "loopback", "embedded"],
)
def test_the_default_pace_is_safe_for_one_tenant_and_there_is_none_on_loopback(url, transport, reads, writes):
    connection = Connection(base_url=url, project_id=PROJECT, transport=transport)
    assert (connection.reads.rate, connection.writes.rate) == (reads, writes)

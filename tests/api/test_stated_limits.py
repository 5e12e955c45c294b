"""What services say about their rate limits, in every spelling, and what the limiter makes of it, hostile or not."""

import random
import string
from datetime import UTC, datetime
from itertools import pairwise

import httpx
import pytest

from reconciler.api.client import ReadClient
from reconciler.api.quota_headers import StatedLimit, stated_limits
from reconciler.api.rate_limit import RateLimiter
from tests.support.reading import ROOM, Patient, connection

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def said(headers, message=""):
    return stated_limits({name.lower(): value for name, value in headers.items()}, NOW, message)


EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({}, []),
        (
            {"X-Apig-RateLimit-api": "remain:9,limit:10,time:10 second"},
            [StatedLimit(limit=10, window=10, remaining=9)],
        ),
        (
            {"X-Apig-RateLimit-user": "remain:0,limit:200,time:1 minute", "X-Apig-RateLimit-ip": "limit:5,time:second"},
            [StatedLimit(limit=200, window=60, remaining=0), StatedLimit(limit=5, window=1)],
        ),
        ({"RateLimit-Policy": "10;w=1"}, [StatedLimit(limit=10, window=1)]),
        (
            {"RateLimit-Policy": '"burst";q=100;w=60,"daily";q=1000;w=86400', "RateLimit": '"burst";r=50;t=30'},
            [StatedLimit(limit=100, window=60, remaining=50, reset=30), StatedLimit(limit=1000, window=86400)],
        ),
        ({"RateLimit-Policy": '"bytes";q=65535;qu="content-bytes";w=10'}, []),
        ({"RateLimit": "limit=100, remaining=50, reset=5"}, [StatedLimit(limit=100, remaining=50, reset=5)]),
        (
            {"RateLimit-Limit": "10, 10;w=1, 50;w=60", "RateLimit-Remaining": "9", "RateLimit-Reset": "1"},
            [
                StatedLimit(limit=10, window=1),
                StatedLimit(limit=50, window=60),
                StatedLimit(limit=10, remaining=9, reset=1),
            ],
        ),
        (
            {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH + 12)},
            [StatedLimit(limit=60, remaining=0, reset=12)],
        ),
        (
            {"X-Rate-Limit-Limit": "60", "X-Rate-Limit-Remaining": "1", "X-Rate-Limit-Reset": str(1000 * EPOCH + 5000)},
            [StatedLimit(limit=60, remaining=1, reset=5)],
        ),
        (
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "Thu, 01 Jan 2026 00:00:07 GMT"},
            [StatedLimit(remaining=0, reset=7)],
        ),
        (
            {"X-RateLimit-Limit-Minute": "120", "X-RateLimit-Remaining-Minute": "4"},
            [StatedLimit(limit=120, window=60, remaining=4)],
        ),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1s"}, [StatedLimit(remaining=0, reset=1)]),
        ({"X-RateLimit-Limit": "many", "X-RateLimit-Reset": "soon"}, [StatedLimit()]),
        ({"X-RateLimit-Limit": "\u0667"}, [StatedLimit()]),
        ({"Retry-After": "7", "X-Request-Id": "limit:5,time:1 second"}, []),
    ],
)
def test_every_spelling_of_a_limit_is_understood_and_no_other_text(headers, limits):
    assert list(said(headers).limits) == limits


def test_the_message_of_a_refusal_names_its_policy():
    text = "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute"
    assert said({}, text).rate == pytest.approx(1 / 6)
    assert said({}, "policy user over ratelimit,limit:2.5,time:1 second").rate == 2.5
    assert said({}, "policy user over ratelimit,limit:10").limits == ()


def test_a_window_that_may_be_used_at_once_is_no_even_rate():
    both = said({"X-Apig-RateLimit-api": "remain:9,limit:600,time:1 minute"})
    assert (both.rate, both.even_rate, both.wait) == (10, None, 0)
    assert said({"X-Apig-RateLimit-api": "remain:0,limit:600,time:1 minute"}).wait == 60
    assert said({"X-Apig-RateLimit-api": "remain:9,limit:10,time:1 second"}).even_rate == 10
    assert said({"RateLimit-Policy": "600;w=60"}).even_rate == 10


def test_no_text_of_a_header_is_more_than_advice():
    dice = random.Random(1)
    names = ["ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
    names += ["x-apig-ratelimit-api", "x-rate-limit-limit-second"]
    alphabet = string.digits + ';=," -.ewqrtlimt:remain' + "\u0667\ud83d\x00"
    for _ in range(2000):
        headers = {name: "".join(dice.choices(alphabet, k=dice.randrange(60))) for name in dice.sample(names, 3)}
        limits = stated_limits(headers, NOW, headers[dice.choice(list(headers))])
        assert len(limits.limits) <= 16
        assert limits.wait >= 0
        assert limits.rate is None or limits.rate >= 0
        limiter, patient = limiter_of(5.0)
        limiter.advise(limits.even_rate, limits.wait)
        assert 0.2 <= limiter.rate <= 5
        limiter.enter()
        assert patient.waited <= 5


def limiter_of(rate, deadline=60.0):
    patient = Patient()
    return RateLimiter(rate, monotonic=patient.monotonic, sleep=patient.sleep, deadline=deadline), patient


def test_a_stated_rate_lowers_the_setting_and_never_raises_it():
    limiter, _ = limiter_of(5.0)
    limiter.advise(1000.0, 0)
    assert limiter.rate == 5
    limiter.advise(2.0, 0)
    assert limiter.rate == pytest.approx(1.9)
    for _ in range(1000):
        limiter.accepted()
    assert limiter.rate == pytest.approx(1.9)
    limiter.advise(4.0, 0)
    for _ in range(1000):
        limiter.accepted()
    assert limiter.rate == pytest.approx(3.8)


def test_a_service_without_a_setting_keeps_to_what_it_states():
    limiter, patient = limiter_of(None)
    limiter.enter()
    limiter.advise(10.0, 0)
    for _ in range(20):
        limiter.enter()
        limiter.accepted()
    assert patient.waited == pytest.approx(19 / 9.5)


def test_a_used_up_window_is_waited_for_and_is_no_waiting_for_a_refusal():
    limiter, patient = limiter_of(5.0, deadline=1.0)
    for _ in range(10):
        limiter.enter()
        limiter.accepted()
    before = patient.waited
    limiter.advise(None, 40.0)
    assert limiter.pause_left == pytest.approx(40)
    limiter.enter()
    assert patient.waited - before == pytest.approx(40)


def test_a_service_that_always_says_that_nothing_remains_is_called_at_the_least_rate():
    limiter, patient = limiter_of(5.0)
    for _ in range(100):
        limiter.enter()
        limiter.accepted()
        limiter.advise(0.0, 10.0**12)
    assert patient.waited <= 99 / 0.2 + 1


def test_what_an_earlier_run_learnt_is_where_a_run_begins_and_it_recovers():
    limiter, _ = limiter_of(5.0)
    limiter.start(2.0)
    assert (limiter.rate, limiter.learnt) == (2, 2)
    assert "began at 2 as earlier runs learnt" in str(limiter.use)
    for _ in range(1000):
        limiter.enter()
        limiter.accepted()
    assert (limiter.rate, limiter.learnt) == (5, None)
    limiter.start(1.0)
    assert limiter.rate == 5


@pytest.mark.parametrize("rate", [100.0, float("inf"), float("nan"), 5.0])
def test_a_start_above_the_setting_is_the_setting(rate):
    limiter, _ = limiter_of(5.0)
    limiter.start(rate)
    assert (limiter.rate, limiter.use.is_learnt) == (5, False)


@pytest.mark.parametrize("rate", [0.0, -3.0, 1e-300])
def test_no_start_stops_a_run(rate):
    limiter, _ = limiter_of(5.0)
    limiter.start(rate)
    assert limiter.rate == 0.2


def test_after_a_refusal_the_next_run_begins_just_below_the_refused_rate():
    limiter, _ = limiter_of(4.0)
    limiter.refused(limiter.enter(), 0)
    assert limiter.learnt == pytest.approx(3.4)
    assert str(limiter.use) == "2 a second (setting 4, 1 refused)"


def test_a_refusal_without_retry_after_is_repeated_at_the_end_of_the_stated_window():
    patient, calls = Patient(), []

    def answer(request):
        calls.append(patient.now)
        if len(calls) == 1:
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7"}
            return httpx.Response(429, json={"error_code": "APIGW.0308", "error_msg": "too many"}, headers=headers)
        return httpx.Response(200, json={"room_id": "one"})

    link = connection("http://localhost", patient, transport=httpx.MockTransport(answer), reads_per_second=5.0)
    ReadClient(link).show(ROOM, "one")
    assert calls[1] - calls[0] == pytest.approx(7)
    assert link.reads.use.refused == 1


def test_a_reset_in_the_year_3000_neither_stops_a_run_nor_floods_the_service():
    patient, calls = Patient(), []

    def answer(request):
        calls.append(patient.now)
        headers = {
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "32503680000",
            "X-RateLimit-Limit-Second": "9" * 15,
        }
        status = 429 if len(calls) % 3 == 1 else 200
        body = {"error_code": "APIGW.0308"} if status == 429 else {"room_id": "one"}
        return httpx.Response(status, json=body, headers=headers)

    link = connection("http://localhost", patient, transport=httpx.MockTransport(answer), reads_per_second=5.0)
    client = ReadClient(link)
    for _ in range(20):
        client.show(ROOM, "one")
    assert len(calls) <= 31
    gaps = [later - sooner for sooner, later in pairwise(calls)]
    assert 0.2 - 1e-9 <= min(gaps) <= max(gaps) <= 60

"""Where each rule of the client begins and ends: tries, pauses, pace, pages and hosts, a row for each side."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.api.allowed_hosts import (
    check_allowed,
    check_credentials_allowed,
    database_allowed,
    endpoint,
    iam_endpoint,
    is_loopback,
    is_segment,
    parse_allowed_hosts,
    path_segment,
)
from reconciler.api.client import ListPage, OddRow
from reconciler.api.error_responses import ApiErrorBody
from reconciler.api.messages import ApiRequest, ApiResponse
from reconciler.api.pagination import LIMIT, ListScan, sweep
from reconciler.api.rate_limit import RateLimiter
from reconciler.api.retry import (
    MAX_PAUSE,
    TRIES_REFUSED,
    RetryState,
    may_repeat,
    may_repeat_lost,
    retry_after_seconds,
)
from reconciler.errors import ApiError, HostNotAllowedError, RateLimitedError, TransportError
from tests.support.reading import Patient

HOST = check_allowed("http://127.0.0.1:8080")
READ = ApiRequest(method="GET", origin=HOST, path="/x")
WRITE = ApiRequest(method="POST", origin=HOST, path="/x")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


# tries


def test_fresh_credentials_are_worth_one_try() -> None:
    state = RetryState(lambda: 0.0)
    assert [state.may_renew() for _ in range(3)] == [True, False, False]


def test_refusals_are_waited_out_twelve_times_and_other_faults_four() -> None:
    state = RetryState(lambda: 1.0)
    waits = [state.after_refusal(None) for _ in range(TRIES_REFUSED + 1)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, None, None]
    state = RetryState(lambda: 0.5)
    assert [state.after_failure() for _ in range(5)] == [0.375, 0.75, 1.5, None, None]


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ([MAX_PAUSE, MAX_PAUSE, MAX_PAUSE], [0.0, 0.0, 0.0]),
        ([MAX_PAUSE + 1, MAX_PAUSE + 1, 1.0], [0.0, None, None]),
        ([MAX_PAUSE + 1, 1.0, None], [0.0, 0.0, 1.0]),
        ([0.0, None], [0.0, 0.5]),
    ],
)
def test_what_the_server_asks_for_is_served_at_the_gate_and_a_second_long_pause_is_too_many(
    asked: list[float | None], waits: list[float | None]
) -> None:
    state = RetryState(lambda: 0.0)
    assert [state.after_refusal(one) for one in asked] == waits


@pytest.mark.parametrize(
    ("status", "code", "read", "write"),
    [
        (429, "APIGW.0308", True, True),
        (429, "APIG.0308", True, True),
        (429, "MSS.1", True, False),
        (500, "", True, False),
        (502, "", True, False),
        (503, "", True, False),
        (504, "", True, False),
        (501, "", False, False),
        (505, "", False, False),
        (400, "APIGW.0308", False, False),
        (404, "", False, False),
    ],
)
def test_which_refused_calls_may_be_sent_again(status: int, code: str, read: bool, write: bool) -> None:
    refusal = ApiErrorBody(status=status, code=code)
    assert (may_repeat(READ, refusal), may_repeat(WRITE, refusal)) == (read, write)


@pytest.mark.parametrize(
    ("code", "sent", "read", "write"),
    [
        ("E_NET", True, True, False),
        ("E_NET", False, True, True),
        ("E_TLS", True, False, False),
        ("E_TLS", False, False, False),
    ],
)
def test_which_calls_without_an_answer_may_be_sent_again(code: str, sent: bool, read: bool, write: bool) -> None:
    error = TransportError("lost", code=code, sent=sent)
    assert (may_repeat_lost(READ, error), may_repeat_lost(WRITE, error)) == (read, write)


def spelled(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("", None, None),
        ("7", None, 7.0),
        (" 0 ", None, 0.0),
        ("1234567890123", None, 123456789.0),
        ("-7", None, None),
        ("7.5", None, None),
        ("soon", None, None),
        ("\u0667", None, None),
        (spelled(NOW + timedelta(seconds=30)), None, 30.0),
        (spelled(NOW), None, None),
        (spelled(NOW - timedelta(seconds=30)), None, None),
        (spelled(NOW + timedelta(seconds=1)), None, 1.0),
        (spelled(NOW + timedelta(seconds=30)), NOW + timedelta(seconds=20), 10.0),
        (spelled(NOW + timedelta(seconds=30)), NOW + timedelta(seconds=40), None),
    ],
)
def test_how_long_a_retry_after_asks_to_wait(text: str, date: datetime | None, seconds: float | None) -> None:
    headers = {"retry-after": text, **({"date": spelled(date)} if date else {})}
    assert retry_after_seconds(ApiResponse(status=429, headers=headers, body=b""), NOW) == seconds


def test_an_answer_without_the_header_asks_for_nothing() -> None:
    assert retry_after_seconds(ApiResponse(status=429, headers={}, body=b""), NOW) is None


# pace


def gate(rate: float | None, patient: Patient, *, burst: int = 1, deadline: float = 3600.0) -> RateLimiter:
    return RateLimiter(rate, monotonic=patient.monotonic, sleep=patient.sleep, deadline=deadline, burst=burst)


@pytest.mark.parametrize(
    ("burst", "waits"), [(1, [0.0, 0.5, 0.5, 0.5]), (2, [0.0, 0.0, 0.5, 0.5]), (3, [0.0, 0.0, 0.0, 0.5])]
)
def test_so_many_calls_go_at_once_and_the_rest_at_an_even_pace(burst: int, waits: list[float]) -> None:
    patient = Patient()
    limiter = gate(2.0, patient, burst=burst)
    assert [limiter.enter().waited for _ in range(4)] == pytest.approx(waits)
    patient.now += 100
    assert limiter.enter().waited == 0.0


def test_a_refusal_halves_the_pace_once_for_all_calls_that_were_on_their_way() -> None:
    patient = Patient()
    limiter = gate(10.0, patient, burst=3)
    tickets = [limiter.enter() for _ in range(3)]
    for ticket in tickets:
        limiter.refused(ticket, 0.0)
    assert limiter.rate == 5.0
    assert limiter.enter().waited == pytest.approx(0.0)
    assert limiter.enter().waited == pytest.approx(0.0)
    limiter.refused(limiter.enter(), 0.0)
    assert limiter.rate == 2.5


def test_after_a_refusal_the_next_call_waits_a_beat_of_the_new_pace() -> None:
    patient = Patient()
    limiter = gate(2.0, patient)
    limiter.refused(limiter.enter(), 0.0)
    assert limiter.enter().waited == pytest.approx(1.0)
    limiter.refused(limiter.enter(), 30.0)
    assert limiter.enter().waited == pytest.approx(30.0)


def test_the_longest_of_two_pauses_holds() -> None:
    patient = Patient()
    limiter = gate(None, patient)
    ticket = limiter.enter()
    limiter.refused(ticket, 30.0)
    limiter.refused(ticket, 5.0)
    assert limiter.enter().waited == 30.0
    assert limiter.rate == 0.0
    limiter.accepted()
    assert limiter.rate == 0.0


def test_the_pace_never_falls_below_a_floor() -> None:
    patient = Patient()
    limiter = gate(1.0, patient)
    for _ in range(9):
        limiter.refused(limiter.enter(), 0.0)
    assert limiter.rate == 0.2
    limiter.accepted()
    assert limiter.rate == pytest.approx(0.2 * 1.001)


def test_the_climb_is_quick_to_the_safe_pace_slow_beyond_it_and_quick_again_well_above_it() -> None:
    """A share of 0.04 a call up to 0.85 of the refused pace, 0.001 beyond, and 0.04 above 1.3 times the safe one."""
    patient = Patient()
    limiter = gate(100.0, patient)
    limiter.accepted()
    assert limiter.rate == 100.0
    limiter.refused(limiter.enter(), 0.0)
    limiter.refused(limiter.enter(), 0.0)
    assert limiter.rate == 25.0
    steps = []
    for _ in range(700):
        before = limiter.rate
        limiter.accepted()
        steps.append((before, limiter.rate / before - 1))
    assert all(share == pytest.approx(0.04) for pace, share in steps if pace < 42.5)
    slow = [share for pace, share in steps if 42.5 <= pace < 42.5 * 1.3]
    assert len(slow) > 200
    assert all(share == pytest.approx(0.001) for share in slow)
    quick = [(pace, share) for pace, share in steps if 42.5 * 1.3 < pace < 96]
    assert quick
    assert all(share == pytest.approx(0.04) for _, share in quick)
    assert limiter.rate == 100.0


def test_at_the_safe_pace_itself_the_climb_is_slow() -> None:
    """A gateway that refuses at the floor: the safe pace and the pace are one."""
    patient = Patient()
    limiter = gate(0.21, patient)
    limiter.refused(limiter.enter(), 0.0)
    assert limiter.rate == 0.2
    limiter.accepted()
    assert limiter.rate == pytest.approx(0.2002)


@pytest.mark.parametrize(("deadline", "passes"), [(5.0, True), (4.9, False)])
def test_a_wait_that_ends_on_the_deadline_is_granted(deadline: float, passes: bool) -> None:
    patient = Patient()
    limiter = gate(None, patient, deadline=deadline)
    limiter.refused(limiter.enter(), 2.0)
    limiter.enter()
    if passes:
        limiter.wait(3.0)
        assert patient.waited == 5.0
    else:
        with pytest.raises(RateLimitedError):
            limiter.wait(3.0)
        assert patient.waited == 2.0


def test_an_even_pace_inside_a_pause_counts_only_as_long_as_the_pause() -> None:
    patient = Patient()
    limiter = gate(0.1, patient, deadline=4.0)
    limiter.refused(limiter.enter(), 4.0)
    limiter.enter()
    assert patient.waited > 4.0
    with pytest.raises(RateLimitedError, match="waited 4 s"):
        limiter.wait(0.5)


# pages


def pages(*given: Any, count: Any = "whole", items: str = "", width: int = 1) -> tuple[ListScan, list[tuple[int, int]]]:
    """Sweep a list whose pages, by offset, are what is given: ids, or a failure; beyond them it is empty."""
    asked: list[tuple[int, int]] = []
    known = dict(given)
    whole = sum(len(ids) for ids in known.values() if not isinstance(ids, ApiError))

    def fetch(offset: int, limit: int) -> ListPage:
        asked.append((offset, limit))
        ids = known.get(offset, ())
        if isinstance(ids, ApiError):
            raise ids
        says = (whole if count == "whole" else count[min(len(asked), len(count)) - 1]) if count is not None else None
        rows = tuple({"id": one, **({} if extra is None else {"rules": extra})} for one, extra in map(split, ids))
        odd = tuple(OddRow(reason="odd", id="", name=None, key=one) for one in ids if one.startswith("odd"))
        return ListPage(rows=tuple(row for row in rows if not row["id"].startswith("odd")), count=says, odd=odd)

    return sweep(fetch, "id", spread=map, width=width, items=items), asked


def split(text: str) -> tuple[str, Any]:
    """Return the id and the items of a row: `a:2` has two, `a:x` no list of them."""
    name, _, number = text.partition(":")
    return name, (list(range(int(number))) if number.isdecimal() else number or None)


def ids(first: int, beyond: int) -> list[str]:
    return [str(number) for number in range(first, beyond)]


@pytest.mark.parametrize(
    ("given", "count", "doubt", "ended"),
    [
        ([(0, ["a", "b"])], [2], "", True),
        ([(0, ["a", "b"])], [3], "count says 3, but 2 came", True),
        ([(0, ["a", "b"])], [1], "count says 1, but 2 came", True),
        ([(0, ["a", "b"])], None, "the answer has no count to check the list against", True),
        ([(0, ["a", "b"])], [3, 2], "the count changed while the list was read", True),
        ([(0, ["a", "a"])], [2], "1 objects came twice: the list moved while it was read", True),
        ([(0, [])], [0], "", True),
        ([(0, [])], [5], "count says 5, but 0 came", True),
        ([(0, ["a", "odd 1"])], [2], "", True),
        ([(0, ApiError("down"))], [2], "E_API: down", False),
    ],
)
def test_what_one_pass_proves(given: Any, count: Any, doubt: str, ended: bool) -> None:
    found, _ = pages(*given, count=count)
    assert (found.doubt, found.ended, found.clean) == (doubt, ended, not doubt)
    assert (found.error is not None) is isinstance(given[0][1], ApiError)
    assert found.stuck is False


@pytest.mark.parametrize(
    ("given", "count", "short", "doubt"),
    [
        ([(0, ["a:2", "b:3"])], [5], False, ""),
        ([(0, ["a:2", "b:3"])], [2], False, ""),
        ([(0, ["a:2", "b:3"])], [1], False, ""),
        ([(0, ["a:2", "b:3"])], [6], True, "count says 6, but 2 came"),
        ([(0, ["a:2", "b:3"])], [4], True, "count says 4, but 2 came"),
        ([(0, ["a:2", "b:x"])], [5], True, "count says 5, but 2 came"),
        ([(0, ["a:2", "b"])], [5], True, "count says 5, but 2 came"),
        ([(0, ["a", "b"])], None, False, ""),
        ([(0, [])], [0], False, ""),
        ([(0, [])], [1], True, "count says 1, but 0 came"),
        ([(0, ["a:0", "b:0"])], [2, 0], False, ""),
    ],
)
def test_a_count_that_may_be_of_the_items_speaks_only_where_it_is_larger(
    given: Any, count: Any, short: bool, doubt: str
) -> None:
    found, _ = pages(*given, count=count, items="rules")
    assert (found.short_of_count, found.doubt, found.held_still) == (short, doubt, True)


def test_the_largest_of_several_counts_is_the_one_that_came_must_reach() -> None:
    found, _ = pages((0, ["a"]), count=[3, 2], items="rules")
    assert found.doubt == "count says 3, but 1 came"
    assert found.count == 3
    assert found.counts == (3, 2)


def test_the_same_page_again_and_again_is_no_list() -> None:
    same = ids(0, LIMIT)
    found, asked = pages((0, same), (100, same), (200, same), count=[300])
    assert (found.stuck, found.doubt) == (True, "the service gives the same page again and again")
    assert asked == [(0, 100), (100, 100)]
    assert not found.handed_out


def test_an_empty_page_in_the_middle_is_doubt_and_one_at_the_end_is_not() -> None:
    found, _ = pages((0, ids(0, 100)), (200, ids(200, 250)), count=[250], width=4)
    assert found.doubt == "a page in the middle (offset 100) came back empty"
    assert not found.held_still
    found, _ = pages((0, ids(0, 100)), (100, ids(100, 150)), count=[400], width=4)
    assert found.doubt == "count says 400, but 150 came"
    assert found.held_still


def test_a_failure_is_kept_the_first_of_them_and_the_pages_beside_it_too() -> None:
    first, second = ApiError("first"), ApiError("second")
    found, _ = pages((0, ids(0, 100)), (100, first), (200, second), (300, ids(300, 350)), count=[350], width=4)
    assert found.error is first
    assert (len(found.rows), found.requests, found.positions) == (150, 2, 100)
    assert found.doubt == "E_API: first"


@pytest.mark.parametrize("width", [1, 2, 3, 8])
def test_as_many_pages_are_asked_for_at_once_as_is_said_and_more_once_as_many_came(width: int) -> None:
    given = [(offset, ids(offset, offset + 100)) for offset in range(0, 1600, 100)]
    waves: list[int] = []

    def spread(function: Any, wave: Any) -> Any:
        waves.append(len(wave))
        return map(function, wave)

    def fetch(offset: int, limit: int) -> ListPage:
        return ListPage(rows=tuple({"id": one} for one in dict(given).get(offset, ())), count=1600)

    found = sweep(fetch, "id", spread=spread, width=width)
    assert (found.clean, len(found.rows), found.requests) == (True, 1600, 17)
    assert waves[:2] == [1, width]
    assert waves[2] == min(1 + width, 15 - width)
    waves.clear()
    sweep(fetch, "id", spread=spread, width=width, items="rules")
    assert max(waves) == width


def test_a_list_without_an_end_is_given_up() -> None:
    def endless(offset: int, limit: int) -> ListPage:
        return ListPage(rows=tuple({"id": str(offset + at)} for at in range(limit)), count=100)

    found = sweep(endless, "id", spread=map, width=1)
    assert found.doubt == "the list has no end after 6 pages"
    assert (found.ended, found.requests, found.handed_out) == (False, 6, False)


def test_a_short_first_page_sets_the_pace_and_only_a_gap_is_asked_for() -> None:
    _, asked = pages((0, ids(0, 30)), (30, ids(30, 60)), (60, ids(60, 70)), count=[70])
    assert asked == [(0, 100), (30, 30), (60, 30)]
    _, asked = pages(
        (0, ids(0, 100)), (100, ids(100, 140)), (140, ids(140, 200)), (200, ids(200, 220)), count=[220], width=3
    )
    assert asked == [(0, 100), (100, 100), (200, 100), (140, 60)]


def scan(**more: Any) -> ListScan:
    given = {"rows": {}, "doubt": "", "requests": 1, "positions": 5, "counts": (5,), "ended": True, **more}
    return ListScan(**given)


@pytest.mark.parametrize(
    ("more", "handed_out"),
    [
        ({}, True),
        ({"ended": False}, False),
        ({"stuck": True}, False),
        ({"error": ApiError("down")}, False),
        ({"counts": (5, None)}, False),
        ({"counts": (4,)}, False),
        ({"counts": (6,)}, False),
        ({"counts": (4, 6)}, True),
        ({"counts": (5, 6)}, True),
        ({"counts": (6, 7)}, False),
        ({"counts": (4, 4)}, False),
        ({"counts": (5, 5)}, True),
    ],
)
def test_whether_a_service_gave_as_many_rows_as_it_said_it_had(more: Any, handed_out: bool) -> None:
    assert scan(**more).handed_out is handed_out


def test_two_sweeps_are_the_same_where_both_are_clean_and_have_the_same_ids() -> None:
    one, other = scan(rows={"a": {}}), scan(rows={"a": {"moved": 1}})
    assert one.same_as(other)
    assert not one.same_as(scan(rows={"b": {}}))
    assert not one.same_as(scan(rows={"a": {}}, doubt="moved"))
    assert not scan(rows={"a": {}}, doubt="moved").same_as(one)
    assert scan(counts=()).count is None


# hosts


@pytest.mark.parametrize(
    ("url", "port", "netloc", "loopback"),
    [
        ("http://127.0.0.1", 80, "127.0.0.1", True),
        ("http://127.0.0.1:80", 80, "127.0.0.1", True),
        ("http://127.0.0.1:81", 81, "127.0.0.1:81", True),
        ("http://localhost:443", 443, "localhost:443", True),
        ("https://iam.cn-north-4.myhuaweicloud.com", 443, "iam.cn-north-4.myhuaweicloud.com", False),
    ],
)
def test_an_origin_has_the_port_of_its_scheme_where_it_names_none(
    url: str, port: int, netloc: str, loopback: bool
) -> None:
    origin = check_allowed(url)
    assert (origin.port, origin.netloc, origin.loopback) == (port, netloc, loopback)
    assert str(origin) == f"{url.partition('://')[0]}://{netloc}"


@pytest.mark.parametrize(
    ("entry", "url", "listed"),
    [
        ("a.example", "https://a.example", True),
        ("a.example", "https://a.example:443", True),
        (" A.Example ", "https://a.example", True),
        ("a.example", "http://a.example", False),
        ("a.example", "https://a.example:444", False),
        ("a.example:444", "https://a.example:444", True),
        ("http://a.example:444", "http://a.example:444", True),
        ("http://a.example", "https://a.example", False),
        ("b.example", "https://a.example", False),
        ("not a host", "https://a.example", False),
        ("not a host", "no url either", False),
    ],
)
def test_what_the_list_of_the_operator_allows(entry: str, url: str, listed: bool) -> None:
    if listed:
        check_allowed(url, ("other.example", entry))
    else:
        with pytest.raises(HostNotAllowedError):
            check_allowed(url, ("other.example", entry))


@pytest.mark.parametrize(
    ("url", "extra", "allowed"),
    [
        ("https://iam.cn-north-4.myhuaweicloud.com", (), True),
        ("http://127.0.0.1:81", (), False),
        ("http://127.0.0.1:81", ("http://127.0.0.1:81",), True),
        ("http://127.0.0.1:81", ("http://127.0.0.1:82",), False),
    ],
)
def test_a_port_of_this_machine_gets_credentials_only_where_it_is_named(
    url: str, extra: tuple[str, ...], allowed: bool
) -> None:
    origin = check_allowed(url)
    if allowed:
        check_credentials_allowed(origin, extra)
    else:
        with pytest.raises(HostNotAllowedError) as caught:
            check_credentials_allowed(origin, extra)
        assert caught.value.code == "E_AUTH_HOST"


@pytest.mark.parametrize(
    ("entry", "host", "port", "reached"),
    [
        ("db.example", "db.example", 5432, True),
        ("db.example", "db.example", 5433, False),
        ("postgresql://db.example:5433/", "db.example", 5433, True),
        ("postgres://db.example", "db.example", 5432, True),
        (" DB.example ", "db.example", 5432, True),
        ("[::1]", "::1", 5432, True),
        ("https://db.example", "db.example", 5432, False),
        ("db.example", "127.0.0.1", 5432, False),
    ],
)
def test_which_database_an_entry_names(entry: str, host: str, port: int, reached: bool) -> None:
    assert database_allowed(host, port, ("other.example", entry)) is reached
    assert database_allowed(host, port, ()) is False


def test_the_entries_of_a_list_and_what_this_machine_is_called() -> None:
    assert parse_allowed_hosts("a, b  c,d") == ("a", "b", "c", "d")
    assert parse_allowed_hosts(" ") == ()
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.2", "a")] == [
        *(True, True, True, True),
        *(False, False),
    ]


@pytest.mark.parametrize(
    ("text", "plain"), [("aZ_-9", True), ("a" * 64, True), ("a" * 65, False), ("", False), ("a/b", False)]
)
def test_what_a_plain_id_is(text: str, plain: bool) -> None:
    assert is_segment(text) is plain
    if plain:
        assert path_segment(text) == text
    else:
        with pytest.raises(HostNotAllowedError):
            path_segment(text)


def test_what_is_refused_is_quoted_no_longer_than_it_helps() -> None:
    for call, most in ((path_segment, 80), (endpoint, 80), (iam_endpoint, 80), (check_allowed, 200)):
        with pytest.raises(HostNotAllowedError) as caught:
            call("/" + "x" * 500)
        assert caught.value.message.count("x") in (most - 1, most)
        assert "/" + "x" * (most - 1) + "'" in caught.value.message

"""Faults are data: which requests, when, and what goes wrong."""

import gzip
import json

import httpx
import pytest

from reconciler.errors import ManifestError
from reconciler.simulator import Simulator, transport
from reconciler.simulator.clock import FixedClock
from reconciler.simulator.faults.body_transforms import TRANSFORMS
from tests.support.service import GROUPS, PROJECT, ROOMS, Service, service

ROOMS_25 = [{"room_name": f"room {number:03}"} for number in range(25)]


def faulty(*faults, **seed):
    return service({"faults": list(faults), "smart_live_rooms": ROOMS_25, **seed})


def statuses(api, count, path=ROOMS):
    return [api.call("GET", path).status for _ in range(count)]


def names(rows):
    return [row["room_name"] for row in rows]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, "55555555"),
        ({"nth": 2}, "25222222"),
        ({"nth": [1, 4]}, "52252222"),
        ({"every": 3}, "22522522"),
        ({"times": 2}, "55222222"),
        ({"probability": 0}, "22222222"),
    ],
)
def test_a_fault_strikes_when_it_says(when, expected):
    assert "".join(str(status)[0] for status in statuses(faulty({"status": 503, **when}), 8)) == expected


def test_chance_is_seeded_so_that_one_seed_is_one_schedule():
    def schedule(seed):
        return statuses(faulty({"status": 500, "probability": 0.5, "seed": seed}), 40)

    assert schedule(1) == schedule(1)
    assert schedule(1) != schedule(2)
    assert 5 < schedule(1).count(500) < 35


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"method": "GET"}, True),
        ({"method": "POST"}, False),
        ({"kind": "SmartLiveRoom"}, True),
        ({"kind": "InteractionRuleGroup"}, False),
        ({"operation": "list"}, True),
        ({"operation": "show"}, False),
        ({"path": "*/smart-live-rooms"}, True),
        ({"path": "*/smart-live-rooms/*"}, False),
        ({"project": PROJECT, "operation": "list"}, True),
        ({"project": "f" * 32}, False),
    ],
)
def test_a_fault_strikes_the_requests_it_matches(match, struck):
    assert (faulty({"status": 500, "match": match}).call("GET", ROOMS).status == 500) is struck


def test_a_status_refuses_before_the_commit_and_a_lost_answer_comes_after_it():
    before = faulty({"status": 500, "match": {"operation": "create"}})
    assert before.call("POST", ROOMS, {"room_name": "new"}).status == 500
    assert before.call("GET", ROOMS).json()["count"] == 25
    after = faulty({"close": True, "match": {"operation": "create"}})
    assert after.call("POST", ROOMS, {"room_name": "new"}).cut is not None
    assert after.call("GET", ROOMS).json()["count"] == 26
    committed = faulty({"status": 504, "commit": "after", "match": {"operation": "create"}})
    assert committed.call("POST", ROOMS, {"room_name": "new"}).status == 504
    assert committed.call("GET", ROOMS).json()["count"] == 26
    lost = faulty({"close": True, "commit": "before", "match": {"operation": "create"}})
    assert lost.call("POST", ROOMS, {"room_name": "new"}).cut is not None
    assert lost.call("GET", ROOMS).json()["count"] == 25


def test_a_refused_answer_can_have_its_own_headers_and_body():
    api = faulty(
        {"status": 429, "headers": {"Retry-After": "86400", "X-Request-Id": None}, "body": {"error_code": "APIGW.0308"}}
    )
    answer = api.call("GET", ROOMS)
    assert (answer.status, answer.json()) == (429, {"error_code": "APIGW.0308"})
    assert (answer.header("Retry-After"), answer.header("X-Request-Id")) == ("86400", "")


def test_a_redirect_is_a_status_and_a_header():
    answer = faulty({"status": 302, "headers": {"Location": "https://evil.example/"}}).call("GET", ROOMS)
    assert (answer.status, answer.header("Location")) == (302, "https://evil.example/")


def transformed(transform):
    return faulty({"transform": transform}).call("GET", ROOMS, limit=3)


def test_a_body_can_lose_a_key_or_get_another_value_at_any_path():
    assert "count" not in transformed({"drop": "count"}).json()
    assert transformed({"set": {"count": "25"}}).json()["count"] == "25"
    rows = transformed({"set": {"smart_live_rooms[0].project_id": "other"}}).json()["smart_live_rooms"]
    assert [row["project_id"] for row in rows] == ["other", PROJECT, PROJECT]
    rows = transformed({"set": {"smart_live_rooms[*].new.deep": 1}}).json()["smart_live_rooms"]
    assert [row["new"] for row in rows] == [{"deep": 1}] * 3
    assert all(
        "room_id" not in row for row in transformed({"drop": "smart_live_rooms[*].room_id"}).json()["smart_live_rooms"]
    )
    assert len(transformed("repeat_rows").json()["smart_live_rooms"]) == 6


def test_a_body_can_be_anything_but_json():
    assert transformed({"truncate": 7}).body == b'{"count'
    assert transformed("empty").body == b""
    page = transformed("html")
    assert (page.header("Content-Type"), page.body[:6]) == ("text/html", b"<html>")
    assert transformed("duplicate_keys").body.count(b'"count"') == 2
    assert b":NaN" in transformed("nan").body
    assert b":-Infinity" in transformed({"nan": "-Infinity"}).body
    assert transformed({"nested": 5}).body == b"[[[[[]]]]]"
    assert len(transformed("nested").body) == 200_000
    assert transformed("bom").body.startswith(b"\xef\xbb\xbf{")
    assert transformed({"pad": 9}).body.endswith(b"}" + b" " * 9)


def test_a_body_can_be_encoded_or_only_say_so():
    packed = transformed("gzip")
    assert (packed.header("Content-Encoding"), json.loads(gzip.decompress(packed.body))["count"]) == ("gzip", 25)
    bomb = transformed({"gzip_bomb": 1})
    assert len(bomb.body) < 4096 < len(gzip.decompress(bomb.body))
    assert transformed({"encoding": "zz"}).header("Content-Encoding") == "zz"
    assert transformed({"content_type": "text/plain"}).header("Content-Type") == "text/plain"
    assert transformed({"charset": "utf-16"}).body.decode("utf-16").startswith('{"count"')


def test_every_transform_leaves_an_empty_answer_alone_rather_than_failing():
    for name in TRANSFORMS:
        argument = {"truncate": 3, "pad": 3, "charset": "gbk", "drop": "count", "set": {"count": 1}, "nested": 2}.get(
            name
        )
        api = faulty({"transform": {name: argument if argument is not None else 1}})
        room_id = api.simulator.console("SmartLiveRoom").objects.named("room 001")[0].id
        assert api.call("DELETE", f"{ROOMS}/{room_id}").status == 200


def test_a_list_can_ignore_the_offset_cap_its_pages_or_leave_rows_out():
    assert names(faulty({"ignore_offset": True}).rooms(offset=20)) == names(faulty().rooms())
    assert len(faulty({"cap": 4}).rooms(limit=100)) == 4
    assert len(faulty({"short": 4}).rooms(limit=10)) == 6


def test_a_lagging_list_shows_writes_some_calls_later_while_show_knows_at_once():
    api = faulty({"list_lag": 2, "match": {"operation": "list"}}, smart_live_rooms=[{"room_name": "old"}])
    old = api.rooms()[0]["room_id"]
    new = api.call("POST", ROOMS, {"room_name": "new"}).json()["room_id"]
    api.call("PUT", f"{ROOMS}/{old}", {"room_name": "renamed"})
    assert (api.room(new)["room_name"], api.room(old)["room_name"]) == ("new", "renamed")
    assert [sorted(names(api.rooms())) for _ in range(3)] == [["old"], ["old"], ["new", "renamed"]]
    api.call("DELETE", f"{ROOMS}/{old}")
    assert [sorted(names(api.rooms())) for _ in range(3)] == [["new", "renamed"], ["new", "renamed"], ["new"]]


def test_a_stale_replica_answers_lists_and_shows_as_it_was_some_seconds_ago():
    api = faulty({"stale": 10}, smart_live_rooms=[{"room_name": "old"}])
    old = api.rooms()[0]["room_id"]
    new = api.call("POST", ROOMS, {"room_name": "new"}).json()["room_id"]
    api.call("PUT", f"{ROOMS}/{old}", {"room_name": "renamed"})
    assert (names(api.rooms()), api.room(old)["room_name"]) == (["old"], "old")
    assert api.call("GET", f"{ROOMS}/{new}").status == 404
    api.simulator.clock.advance(10)
    assert (sorted(names(api.rooms())), api.room(old)["room_name"]) == (["new", "renamed"], "renamed")
    api.call("DELETE", f"{ROOMS}/{old}")
    assert sorted(names(api.rooms())) == ["new", "renamed"]
    assert api.call("PUT", f"{ROOMS}/{old}", {"room_name": "x"}).status == 400
    api.simulator.clock.advance(10)
    assert names(api.rooms()) == ["new"]


def test_what_was_made_and_deleted_within_the_lag_is_never_listed():
    api = faulty({"list_lag": 1}, smart_live_rooms=[])
    made = api.call("POST", ROOMS, {"room_name": "new"}).json()["room_id"]
    api.call("DELETE", f"{ROOMS}/{made}")
    assert [api.rooms() for _ in range(3)] == [[], [], []]


def test_churn_changes_the_service_between_pages_as_its_dice_fall_and_the_model_knows():
    def run(rate):
        api = faulty({"match": {"operation": "list"}, "churn": {"rate": rate, "spare": "room 00"}, "seed": 5})
        pages = [names(api.rooms(offset=offset, limit=5)) for offset in range(0, 25, 5)]
        return pages, api.simulator.model

    assert run(1)[0] == run(1)[0]
    assert len(run(1)[1].writes) >= 5
    assert {write.client for write in run(1)[1].writes} == {"churn"}
    assert not [write for write in run(1)[1].deleted if write.name.startswith("room 00")]
    assert run(0)[1].writes == []


def test_one_edit_can_follow_one_page():
    fault = {
        "match": {"operation": "list"},
        "nth": 1,
        "edits": [{"action": "delete", "name": "room 003"}, {"action": "insert"}],
    }
    api = faulty(fault, behaviours={"order": "create_asc"})
    first, second = names(api.rooms(limit=10)), names(api.rooms(limit=10, offset=10))
    assert "room 003" in first
    assert second[0] == "room 011"
    assert api.call("GET", ROOMS).json()["count"] == 25


def test_a_shifted_clock_shows_in_the_date_header():
    assert faulty({"clock_shift": 960}).call("GET", ROOMS).header("Date") == "Thu, 01 Jan 2026 00:16:00 GMT"


def test_limits_refuse_with_429_until_time_has_passed_project_by_project():
    from datetime import UTC, datetime, timedelta

    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    simulator = Simulator({"limits": {"reads": 2, "writes": 1, "retry_after": "3"}}, clock=lambda: now[0])
    api, other = Service(simulator), Service(simulator, project="f" * 32)
    assert statuses(api, 3) == [200, 200, 429]
    refused = api.call("GET", ROOMS)
    assert (refused.json()["error_code"], refused.header("Retry-After")) == ("APIGW.0308", "3")
    assert other.call("GET", ROOMS).status == 200
    assert [api.call("POST", ROOMS, {"room_name": "a"}).status for _ in range(2)] == [200, 429]
    now[0] += timedelta(seconds=0.5)
    assert statuses(api, 2) == [200, 429]


@pytest.mark.parametrize(
    ("faults", "word"),
    [
        ([{"statsu": 500}], "did you mean status?"),
        ([{"match": {"operations": "list"}}], "did you mean operation?"),
        ([{"transform": {"gzip_bom": 1}}], "did you mean gzip_bomb?"),
        ([{"delay": "soon"}], "must be a number"),
        ([{"churn": {"actions": ["explode"]}}], "does not know 'explode'"),
        ({"status": 500}, "must be a list"),
    ],
)
def test_a_fault_that_says_something_unknown_is_refused_with_a_suggestion(faults, word):
    with pytest.raises(ManifestError) as refused:
        Simulator({"faults": faults})
    first = refused.value.diagnostics[0]
    assert word in f"{first.message} {first.hint}"


def embedded(*faults, **settings):
    simulator = Simulator({"faults": list(faults), "smart_live_rooms": ROOMS_25})
    return httpx.Client(transport=transport(simulator, **settings), base_url="http://127.0.0.1")


def test_embedded_a_broken_connection_raises_what_a_socket_would():
    path = f"/v1/{PROJECT}{ROOMS}"
    with pytest.raises(httpx.RemoteProtocolError):
        embedded({"close": True}).get(path)
    with pytest.raises(httpx.RemoteProtocolError):
        embedded({"close_at": 10}).get(path)
    with pytest.raises(httpx.RemoteProtocolError):
        embedded({"raw": "nonsense"}).get(path)


def test_embedded_a_delay_is_slept_and_one_too_long_is_a_timeout():
    slept: list[float] = []
    path = f"/v1/{PROJECT}{ROOMS}"
    assert embedded({"delay": 0.04}, sleep=slept.append).get(path).status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        embedded({"delay": 60}, sleep=slept.append).get(path, timeout=2)
    assert embedded({"drip": 0.5}, sleep=slept.append).get(path).json()["count"] == 25
    assert slept[:2] == [0.04, 2]
    assert set(slept[2:]) == {0.5}


def test_embedded_a_streamed_answer_can_be_read_raw():
    with embedded({"transform": "gzip"}).stream("GET", f"/v1/{PROJECT}{GROUPS}") as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())).startswith(b'{"count":0')


def test_moderation_can_rewrite_what_a_put_has_just_stored():
    rewrite = {"action": "touch", "body": {"room_state": "BLOCKED", "room_description": "***"}}
    api = faulty({"match": {"operation": "update"}, "edits": [rewrite]}, smart_live_rooms=[{"room_name": "A"}])
    room_id = api.rooms()[0]["room_id"]
    answer = api.call("PUT", f"{ROOMS}/{room_id}", {"room_name": "A", "room_description": "rude"}).json()
    after = api.room(room_id)
    assert (answer["room_description"], after["room_description"], after["room_state"]) == ("rude", "***", "BLOCKED")


def test_headers_and_raw_answers_may_hold_any_text():
    fault = {"headers": {"X-Note": "欢迎"}, "times": 1}
    answer = embedded(fault).get(f"/v1/{PROJECT}{ROOMS}")
    assert answer.headers.raw[-2] == (b"x-note", "欢迎".encode())
    assert faulty({"raw": "欢迎"}).call("GET", ROOMS).raw == "欢迎".encode()


def test_an_operation_can_happen_some_time_after_the_gateway_has_given_up():
    clock = FixedClock()
    seed = {"faults": [{"match": {"operation": "create"}, "late": 30}]}
    api = Service(Simulator(seed, clock=clock))
    answer = api.call("POST", ROOMS, {"room_name": "late"})
    assert (answer.status, answer.json()["error_code"]) == (504, "APIGW.0201")
    clock.advance(29)
    assert api.rooms() == []
    clock.advance(1)
    assert names(api.rooms()) == ["late"]
    assert api.rooms()[0]["create_time"] == "2026-01-01T00:00:30Z"
    assert len(api.simulator.model.created) == 1

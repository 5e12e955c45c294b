"""Paging, filters and order of the list endpoints (api.md §2)."""

import pytest

from tests.support.service import GROUPS, PROJECT, ROOMS, service


def rooms(count, **more):
    return {"smart_live_rooms": [{"room_name": f"room {number:03}", **more} for number in range(count)]}


def names(rows):
    return [row["room_name"] for row in rows]


def test_pages_hold_ten_rows_unless_asked_and_count_is_the_total():
    api = service(rooms(25))
    assert len(api.rooms()) == 10
    assert len(api.rooms(limit=100)) == 25
    assert api.call("GET", ROOMS, offset=20).json()["count"] == 25
    assert [len(api.rooms(offset=offset, limit=10)) for offset in (0, 10, 20, 30)] == [10, 10, 5, 0]


def test_pages_one_after_another_give_every_room_once():
    api = service(rooms(25))
    found = [name for offset in range(0, 30, 7) for name in names(api.rooms(offset=offset, limit=7))]
    assert sorted(found) == [f"room {number:03}" for number in range(25)]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "ten"},
        {"limit": ""},
        {"offset": -1},
        {"offset": 2147483648},
        {"limit": "１"},
    ],
)
def test_paging_out_of_range_is_refused(query):
    answer = service(rooms(1)).call("GET", ROOMS, **query)
    assert (answer.status, answer.json()["error_code"]) == (400, "MSS.00000003")


def test_the_room_name_filter_is_fuzzy_and_takes_at_most_128_characters():
    api = service({"smart_live_rooms": [{"room_name": name} for name in ("Shop", "my shop 2", "other")]})
    assert sorted(names(api.rooms(room_name="SHOP"))) == ["Shop", "my shop 2"]
    assert api.call("GET", ROOMS, room_name="x" * 129).status == 400


def test_the_group_name_filter_is_fuzzy_or_exact():
    groups = [{"group_name": "Welcome"}, {"group_name": "Welcome back"}]
    for choice, expected in (("fuzzy", 2), ("exact", 1)):
        api = service({"behaviours": {"name_filter": choice}, "interaction_rule_groups": groups})
        assert len(api.groups(group_name="Welcome")) == expected


def test_rooms_are_filtered_by_type_state_confirmation_and_streamer():
    seeded = [
        {"room_name": "a", "room_type": "TEMPLATE", "confirm_state": "CONFIRMED"},
        {"room_name": "b", "last_job_status": "SUCCEED"},
        {"room_name": "c", "last_job_status": "PROCESSING", "last_job_start_time": "2026-03-01T00:00:00Z"},
        {"room_name": "d", "scene_scripts": [{"script_name": "s", "dh_id": "dh1", "shoot_scripts": []}]},
    ]
    api = service({"smart_live_rooms": seeded})
    assert names(api.rooms(room_type="TEMPLATE")) == ["a"]
    assert names(api.rooms(confirm_state="confirmed")) == ["a"]
    assert names(api.rooms(live_state="SUCCESS")) == ["b"]
    assert sorted(names(api.rooms(live_state="PROCESSING,NULL"))) == ["a", "c", "d"]
    assert names(api.rooms(start_time="2026-02-01T00:00:00Z")) == ["c"]
    assert names(api.rooms(dh_id="dh1")) == ["d"]


def test_templates_are_filtered_by_whose_they_are():
    shared = {"shared_config": {"shared_type": "SHARED"}, "room_type": "TEMPLATE"}
    seeded = [
        {"room_name": "mine"},
        {"room_name": "given", **shared},
        {"room_name": "theirs", **shared, "project_id": "f" * 32},
        {"room_name": "public", "shared_config": {"shared_type": "PUBLIC"}, "project_id": "f" * 32},
    ]
    api = service({"smart_live_rooms": seeded})
    assert len(api.rooms()) == 4
    assert names(api.rooms(template_own_type="SHARED_FROM_OHTERS")) == ["theirs"]
    assert names(api.rooms(template_own_type="PUBLIC")) == ["public"]
    assert names(api.rooms(template_own_type="SHARED_TO_OHTERS")) == ["given"]
    assert sorted(names(api.rooms(template_own_type="OWNED"))) == ["given", "mine"]
    hidden = service({"behaviours": {"foreign": "hidden"}, "smart_live_rooms": seeded})
    assert sorted(names(hidden.rooms())) == ["given", "mine"]


def test_another_tenants_template_is_shown_but_not_written():
    api = service({"smart_live_rooms": [{"room_name": "theirs", "project_id": "f" * 32}]})
    room_id = api.rooms()[0]["room_id"]
    assert api.room(room_id)["room_name"] == "theirs"
    assert api.call("PUT", f"{ROOMS}/{room_id}", {"room_name": "mine"}).status == 403
    assert api.call("DELETE", f"{ROOMS}/{room_id}").status == 403


def test_groups_are_filtered_by_when_they_were_made_both_ends_included():
    times = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]
    api = service({"interaction_rule_groups": [{"group_name": time, "create_time": time} for time in times]})
    assert {row["group_name"] for row in api.groups(create_since=times[1])} == set(times[1:])
    assert {row["group_name"] for row in api.groups(create_until=times[1])} == set(times[:2])
    assert api.call("GET", GROUPS, create_since="x" * 21).status == 400


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("create_asc", ["room 000", "room 001", "room 002"]),
        ("create_desc", ["room 002", "room 001", "room 000"]),
        ("update_asc", ["room 001", "room 002", "room 000"]),
        ("update_desc", ["room 000", "room 002", "room 001"]),
    ],
)
def test_a_list_comes_in_the_chosen_order(order, expected):
    api = service({"behaviours": {"order": order}, **rooms(3)})
    first = next(row for row in api.rooms() if row["room_name"] == "room 000")
    api.call("PUT", f"{ROOMS}/{first['room_id']}", {"room_name": "room 000"})
    assert names(api.rooms()) == expected


def test_ties_can_fall_differently_at_each_call_but_alike_in_each_run():
    seed = {"behaviours": {"ties": "shuffled"}, **rooms(12, create_time="2026-01-01T00:00:00Z")}
    runs = []
    for _ in range(2):
        api = service(seed)
        runs.append([names(api.rooms(limit=100)) for _ in range(3)])
    assert runs[0] == runs[1]
    assert len({tuple(order) for order in runs[0]}) > 1
    assert {frozenset(order) for order in runs[0]} == {frozenset(f"room {number:03}" for number in range(12))}


def test_count_can_count_the_rules_of_groups():
    rule = {"rule_name": "r", "event_type": 1}
    groups = [
        {"group_name": str(number), "interaction_rules": [rule, {**rule, "rule_name": "s"}]} for number in range(3)
    ]
    for choice, expected in (("objects", 3), ("children", 6)):
        api = service({"behaviours": {"count": choice}, "interaction_rule_groups": groups})
        assert api.call("GET", GROUPS).json()["count"] == expected


def test_rows_carry_the_owner_the_show_call_does_not_tell():
    api = service(rooms(1, last_job_status="PROCESSING"))
    row = api.rooms()[0]
    shown = api.room(row["room_id"])
    assert (row["project_id"], row["last_job_status"]) == (PROJECT, "PROCESSING")
    assert {"project_id", "last_job_status"}.isdisjoint(shown)

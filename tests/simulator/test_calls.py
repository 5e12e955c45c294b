"""Every call of the API does what api.md §2 says of it."""

import pytest

from reconciler.simulator import Request, Simulator
from tests.support.service import GROUPS, PROJECT, ROOMS, service

RULE = {
    "rule_name": "price",
    "enabled": False,
    "event_type": 1,
    "hit_condition": {"relation": "AND", "tags": [{"tag": "content", "match": "REGEX", "value": "price"}]},
    "trigger": {"time_window": 30, "reply_mode": "SYSTEM_REPLY", "reply_texts": ["It is 5"]},
}


def test_a_seeded_room_is_listed_with_what_the_list_shows_and_shown_in_full():
    api = service({"smart_live_rooms": [{"room_name": "Demo", "backup_model_asset_ids": ["m1"], "priv_data": "x"}]})
    row = api.rooms()[0]
    shown = api.room(row["room_id"])
    assert row["room_name"] == shown["room_name"] == "Demo"
    assert row["project_id"] == PROJECT
    assert "project_id" not in shown
    assert "backup_model_asset_ids" not in row
    assert shown["backup_model_asset_ids"] == ["m1"]
    assert row["priv_data"] == "x"


def test_the_service_fills_in_documented_defaults_where_the_parent_is_present():
    api = service({"smart_live_rooms": [{"room_name": "Demo", "live_event_callback_config": {"key": "k"}}]})
    shown = api.room(api.rooms()[0]["room_id"])
    assert (shown["room_type"], shown["view_mode"], shown["room_state"]) == ("NORMAL", "VERTICAL", "ENABLE")
    assert shown["live_event_callback_config"]["auth_type"] == "NONE"
    assert "interaction_config" not in shown


def test_create_answers_the_id_alone_and_the_room_can_then_be_shown():
    api = service()
    made = api.call("POST", ROOMS, {"room_name": "New", "unknown_key": {"deep": [1]}})
    assert (made.status, list(made.json())) == (200, ["room_id"])
    shown = api.room(made.json()["room_id"])
    assert shown["room_name"] == "New"
    assert shown["unknown_key"] == {"deep": [1]}
    assert shown["create_time"] == shown["update_time"] == "2026-01-01T00:00:00Z"


def test_put_replaces_the_whole_object_and_renews_stamps():
    api = service({"smart_live_rooms": [{"room_name": "Demo", "room_description": "old", "unknown_key": 1}]})
    before = api.room(api.rooms()[0]["room_id"])
    answer = api.call("PUT", f"{ROOMS}/{before['room_id']}", {"room_name": "Demo", "priv_data": "p"}).json()
    after = api.room(before["room_id"])
    assert {**answer, "cover_url": ""} == {**after, "cover_url": ""}
    assert "room_description" not in after
    assert "unknown_key" not in after
    assert after["create_time"] == before["create_time"]
    assert after["update_time"] > before["update_time"]
    assert after["script_version"] > before["script_version"]


def test_put_can_merge_instead():
    api = service(
        {"behaviours": {"put": "merge"}, "smart_live_rooms": [{"room_name": "Demo", "room_description": "old"}]}
    )
    room_id = api.rooms()[0]["room_id"]
    assert api.call("PUT", f"{ROOMS}/{room_id}", {"room_name": "Demo"}).json()["room_description"] == "old"


def test_script_version_differs_after_each_put_even_on_a_clock_that_stands_still():
    from datetime import UTC, datetime

    api = service(clock=lambda: datetime(2026, 5, 5, tzinfo=UTC))
    room_id = api.call("POST", ROOMS, {"room_name": "Demo"}).json()["room_id"]
    seen = {api.room(room_id)["script_version"]}
    seen |= {api.call("PUT", f"{ROOMS}/{room_id}", {"room_name": "Demo"}).json()["script_version"] for _ in range(3)}
    assert len(seen) == 4


def test_delete_takes_the_object_away_and_answers_nothing():
    api = service({"smart_live_rooms": [{"room_name": "Demo"}]})
    room_id = api.rooms()[0]["room_id"]
    assert (api.call("DELETE", f"{ROOMS}/{room_id}").status, api.rooms()) == (200, [])
    assert api.call("GET", f"{ROOMS}/{room_id}").status == 404
    assert api.call("DELETE", f"{ROOMS}/{room_id}").status == 400


def test_the_group_list_hides_rules_and_show_gives_them_with_what_the_service_assigns():
    api = service({"interaction_rule_groups": [{"group_name": "G", "interaction_rules": [RULE]}]})
    row = api.groups()[0]
    assert "interaction_rules" not in row
    rule = api.group(row["group_id"])["interaction_rules"][0]
    assert rule["rule_id"]
    assert rule["rule_index"] == "1"
    assert rule["create_time"] == row["create_time"]
    assert rule["hit_condition"]["priority"] == 500


def test_the_group_list_can_show_rules():
    seed = {
        "behaviours": {"list_details": "shown"},
        "interaction_rule_groups": [{"group_name": "G", "interaction_rules": [RULE]}],
    }
    assert service(seed).groups()[0]["interaction_rules"][0]["rule_name"] == "price"


def test_the_summary_list_shows_id_name_and_times():
    api = service({"interaction_rule_groups": [{"group_name": "G", "interaction_rules": [RULE]}]})
    row = api.call("GET", f"{GROUPS}-summary").json()["interaction_rule_groups"][0]
    assert sorted(row) == ["create_time", "group_id", "group_name", "update_time"]


def test_a_put_of_the_group_gives_rules_new_ids_unless_told_to_keep_them():
    for choice, same in (("reissued", False), ("kept", True)):
        api = service(
            {
                "behaviours": {"child_ids": choice},
                "interaction_rule_groups": [{"group_name": "G", "interaction_rules": [RULE]}],
            }
        )
        group = api.group(api.groups()[0]["group_id"])
        after = api.call("PUT", f"{GROUPS}/{group['group_id']}", group).json()
        assert (after["interaction_rules"][0]["rule_id"] == group["interaction_rules"][0]["rule_id"]) is same


def test_rules_are_added_changed_and_deleted_one_by_one():
    api = service({"interaction_rule_groups": [{"group_name": "G", "interaction_rules": [RULE]}]})
    group_id = api.groups()[0]["group_id"]
    added = api.call("POST", f"{GROUPS}/{group_id}/rules", {"rule_name": "size", "event_type": 1}).json()
    changed = api.call("PUT", f"{GROUPS}/{group_id}/rules/{added['rule_id']}", {"rule_name": "sizes"}).json()
    assert (changed["rule_id"], changed["rule_name"]) == (added["rule_id"], "sizes")
    assert [rule["rule_name"] for rule in api.group(group_id)["interaction_rules"]] == ["price", "sizes"]
    assert api.call("DELETE", f"{GROUPS}/{group_id}/rules/{added['rule_id']}").status == 200
    assert [rule["rule_name"] for rule in api.group(group_id)["interaction_rules"]] == ["price"]
    assert api.call("DELETE", f"{GROUPS}/{group_id}/rules/{added['rule_id']}").status == 400


@pytest.mark.parametrize(("choice", "enabled"), [("resets", True), ("keeps", False)])
def test_a_per_rule_put_resets_or_keeps_enabled(choice, enabled):
    api = service(
        {
            "behaviours": {"child_put": choice},
            "interaction_rule_groups": [{"group_name": "G", "interaction_rules": [RULE]}],
        }
    )
    group_id = api.groups()[0]["group_id"]
    rule = api.group(group_id)["interaction_rules"][0]
    body = {"rule_name": "price", "enabled": False, "event_type": 2}
    assert api.call("PUT", f"{GROUPS}/{group_id}/rules/{rule['rule_id']}", body).json()["enabled"] is enabled


def test_confirm_takes_the_current_script_version_only_and_a_put_voids_it():
    api = service({"smart_live_rooms": [{"room_name": "Demo"}]})
    room = api.room(api.rooms()[0]["room_id"])
    path = f"{ROOMS}/{room['room_id']}"
    assert api.call("POST", f"{path}/confirm", {"action": "confirm", "script_version": "0"}).status == 400
    assert (
        api.call("POST", f"{path}/confirm", {"action": "confirm", "script_version": room["script_version"]}).status
        == 200
    )
    assert api.room(room["room_id"])["confirm_state"] == "CONFIRMED"
    assert api.call("PUT", path, {"room_name": "Demo"}).json()["confirm_state"] == "UNCONFIRM"


def test_an_unknown_path_is_the_gateways_404_and_every_answer_has_a_request_id_and_a_date():
    answer = Simulator({}).handle(Request(method="GET", path="/v1/p/nothing-here"))
    assert (answer.status, answer.json()["error_code"]) == (404, "APIGW.0101")
    assert answer.header("X-Request-Id")
    assert answer.header("Date") == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_an_unseeded_project_is_an_empty_tenant_of_its_own():
    simulator = Simulator({"projects": {"a" * 32: {"smart_live_rooms": [{"room_name": "A"}]}, "b" * 32: {}}})
    one, other = service(), service()
    one = type(one)(simulator, project="a" * 32)
    other = type(other)(simulator, project="b" * 32)
    assert len(one.rooms()) == 1
    assert other.rooms() == []
    other.call("POST", ROOMS, {"room_name": "B"})
    assert len(other.rooms()) == 1
    assert len(one.rooms()) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"[]", b'{"room_name": ""}', b'{"room_name": 5}', b"{}"])
def test_a_body_that_cannot_be_taken_is_refused_as_the_service_does(body):
    answer = service().call("POST", ROOMS, body)
    assert answer.status == 400
    assert set(answer.json()) == {"error_code", "error_msg"}


def test_the_same_requests_get_the_same_bytes():
    def session():
        api = service(
            {
                "smart_live_rooms": [{"room_name": "Demo"}],
                "interaction_rule_groups": [{"group_name": "G", "interaction_rules": [RULE]}],
            }
        )
        answers = [api.call("GET", ROOMS), api.call("POST", ROOMS, {"room_name": "N"}), api.call("GET", GROUPS)]
        return [(answer.headers, answer.body) for answer in answers]

    assert session() == session()


def test_the_gateway_refuses_what_is_too_large_or_names_an_impossible_user():
    api = service()
    assert api.call("POST", ROOMS, b" " * (12 << 20) + b"{}").status == 413
    assert api.call("GET", ROOMS, room_name="x" * 20_000).status == 414
    for user in ("x" * 257, "用户"):
        assert type(api)(api.simulator, headers=(("X-App-UserId", user),)).call("GET", ROOMS).status == 400

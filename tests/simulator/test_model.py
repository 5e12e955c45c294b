"""The simulator remembers what really happened, so that a test need not ask the tool it tests."""

from tests.support.service import GROUPS, ROOMS, Service, service


def test_a_name_created_twice_is_a_duplicate_but_not_after_a_delete():
    api = service()
    first = api.call("POST", ROOMS, {"room_name": "A"}).json()["room_id"]
    api.call("DELETE", f"{ROOMS}/{first}")
    second = api.call("POST", ROOMS, {"room_name": "A"}).json()["room_id"]
    assert api.simulator.model.duplicates == []
    third = api.call("POST", ROOMS, {"room_name": "A"}).json()["room_id"]
    assert [write.id for write in api.simulator.model.duplicates] == [third]
    assert [write.id for write in api.simulator.model.created] == [first, second, third]
    assert [write.id for write in api.simulator.model.deleted] == [first]


def test_what_a_put_leaves_out_is_a_loss_and_what_the_service_assigns_is_none():
    rules = [{"rule_name": "a", "event_type": 1, "new_key": {"deep": 1}}, {"rule_name": "b", "event_type": 2}]
    api = service({"interaction_rule_groups": [{"group_name": "G", "interaction_rules": rules, "other": 1}]})
    group = api.group(api.groups()[0]["group_id"])
    path = f"{GROUPS}/{group['group_id']}"
    api.call("PUT", path, group)
    assert api.simulator.model.losses == []
    kept = [rule for rule in group["interaction_rules"] if rule["rule_name"] == "a"]
    del kept[0]["new_key"]
    api.call("PUT", path, {"group_name": "G", "interaction_rules": kept})
    lost = {loss.path for loss in api.simulator.model.losses}
    assert lost == {
        "interaction_rules[a].new_key.deep",
        "interaction_rules[b].rule_name",
        "interaction_rules[b].event_type",
        "interaction_rules[b].enabled",
        "other",
    }


def edited_behind(api, **changes):
    console = api.simulator.console("SmartLiveRoom")
    console.change(console.objects.named("A")[0], changes)


def test_a_put_over_an_unseen_edit_is_an_overwrite_and_after_a_read_it_is_none():
    api = service({"smart_live_rooms": [{"room_name": "A", "priv_data": "old"}]})
    room = api.room(api.rooms()[0]["room_id"])
    path = f"{ROOMS}/{room['room_id']}"
    edited_behind(api, priv_data="console")
    api.call("PUT", path, room)
    undone = api.simulator.model.overwrites
    assert [(each.path, each.edited_by, each.overwritten_by) for each in undone] == [("priv_data", "console", "")]
    edited_behind(api, priv_data="again")
    fresh = api.room(room["room_id"])
    api.call("PUT", path, {**fresh, "priv_data": "mine"})
    assert len(api.simulator.model.overwrites) == 1


def test_two_clients_are_told_apart_by_their_user_id():
    one = service({"smart_live_rooms": [{"room_name": "A"}]})
    one = Service(one.simulator, headers=(("X-App-UserId", "one"),))
    two = Service(one.simulator, headers=(("X-App-UserId", "two"),))
    path = f"{ROOMS}/{one.rooms()[0]['room_id']}"
    stale = two.rooms()
    one.call("PUT", path, {"room_name": "A", "priv_data": "one"})
    assert stale
    two.call("PUT", path, {"room_name": "A", "priv_data": "two"})
    assert [(each.edited_by, each.overwritten_by) for each in one.simulator.model.overwrites] == [("one", "two")]


def test_requests_are_counted_by_operation_and_status():
    api = service({"smart_live_rooms": [{"room_name": "A"}]})
    api.room(api.rooms()[0]["room_id"])
    api.call("GET", "/nothing")
    assert dict(api.simulator.model.requests) == {"list": 1, "show": 1, "unknown": 1}
    assert dict(api.simulator.model.statuses) == {200: 2, 404: 1}


def test_a_reset_starts_again_from_the_seed():
    api = service({"smart_live_rooms": [{"room_name": "A"}]})
    api.call("POST", ROOMS, {"room_name": "B"})
    api.simulator.reset()
    assert [row["room_name"] for row in api.rooms()] == ["A"]
    assert api.simulator.model.writes == []
    api.simulator.reset({})
    assert api.rooms() == []


def test_an_edit_that_an_unseen_later_edit_replaced_is_not_undone_by_writing_the_later_value():
    api = service({"smart_live_rooms": [{"room_name": "A"}]})
    room = api.room(api.rooms()[0]["room_id"])
    edited_behind(api, priv_data="first")
    edited_behind(api, priv_data="second")
    api.call("PUT", f"{ROOMS}/{room['room_id']}", {"room_name": "A", "priv_data": "second"})
    assert api.simulator.model.overwrites == []

"""The reader against the whole simulated service, embedded and over real HTTP."""

import pytest

from reconciler.api.client import ReadClient
from reconciler.api.connection import Connection
from reconciler.kinds.registry import kind_named
from reconciler.model.read_result import ConfirmRequest, ReadRequest
from reconciler.readers.http_reader import HttpReader
from reconciler.simulator import Simulator, transport
from reconciler.simulator.server import running

PROJECT = "0" * 32
ROOM = kind_named("SmartLiveRoom")
GROUP = kind_named("InteractionRuleGroup")


def rule(name):
    return {
        "rule_name": name,
        "event_type": 1,
        "hit_condition": {"tags": ["price"]},
        "trigger": {"reply_mode": "SYSTEM_REPLY"},
    }


def seed(rooms=0, groups=0, **more):
    return {
        "smart_live_rooms": [{"room_name": f"room {n}", "room_description": "as seeded"} for n in range(rooms)],
        "interaction_rule_groups": [
            {"group_name": f"group {n}", "interaction_rules": [rule("price")]} for n in range(groups)
        ],
        **more,
    }


def embedded(simulator, **settings):
    connection = Connection(base_url="http://127.0.0.1", project_id=PROJECT, transport=transport(simulator))
    return HttpReader(ReadClient(connection), **settings)


def served(url, **settings):
    return HttpReader(ReadClient(Connection(base_url=url, project_id=PROJECT)), **settings)


def rules_of_all(groups):
    return ReadRequest(fields={f"group {n}": frozenset({"interaction_rules"}) for n in range(groups)})


def test_1250_rooms_and_400_groups_are_found_complete_over_http_each_page_once_and_one_show_a_group():
    simulator = Simulator(seed(rooms=1250, groups=400))
    with running(simulator) as url:
        reader = served(url)
        rooms = reader.read(ROOM, ReadRequest())
        assert (rooms.complete, len(rooms.resources)) == (True, 1250)
        assert reader.usage.requests == reader.usage.pages == 13
        groups = reader.read(GROUP, rules_of_all(400))
    assert (groups.complete, len(groups.resources)) == (True, 400)
    assert all(len(group.spec["interaction_rules"]) == 1 and not group.hidden for group in groups.resources)
    assert reader.usage.pages == 13 + 4 + 1  # groups: 4 pages and the empty one that proves their end
    assert reader.usage.shows == 400


def test_no_show_call_is_made_when_the_list_carries_the_rules():
    reader = embedded(Simulator(seed(groups=400, behaviours={"list_details": "shown"})))
    groups = reader.read(GROUP, rules_of_all(400))
    assert (groups.complete, len(groups.resources)) == (True, 400)
    assert all(len(group.spec["interaction_rules"]) == 1 for group in groups.resources)
    assert reader.usage.shows == 0


def test_the_embedded_and_the_served_simulator_read_alike():
    wanted = ReadRequest(fields={"room 1": frozenset({"video_config"})})
    with running(Simulator(seed(rooms=120, groups=3))) as url:
        over_http = served(url).read(ROOM, wanted)
    assert embedded(Simulator(seed(rooms=120, groups=3))).read(ROOM, wanted) == over_http


@pytest.mark.parametrize(("depth", "shows", "hidden"), [("list", 0, True), ("auto", 1, False), ("full", 3, False)])
def test_depth_decides_how_many_objects_are_shown(depth, shows, hidden):
    reader = embedded(Simulator(seed(groups=3)))
    wanted = ReadRequest(fields={"group 1": frozenset({"interaction_rules"})}, depth=depth)
    reading = reader.read(GROUP, wanted)
    group = next(live for live in reading.resources if live.name == "group 1")
    assert reader.usage.shows == shows
    assert ("interaction_rules" in group.hidden) is hidden


def test_an_empty_service_is_complete_in_one_request():
    reader = embedded(Simulator({}))
    assert reader.read(ROOM, ReadRequest()).complete
    assert reader.usage.requests == 1


def test_find_matches_the_whole_name_though_the_service_matches_parts_of_it():
    reader = embedded(Simulator(seed(rooms=25)))
    assert [live.name for live in reader.find(ROOM, "room 1")] == ["room 1"]
    assert reader.find(ROOM, "room") == ()


def test_a_doubt_is_settled_by_a_query_for_each_create_and_a_show_for_each_delete():
    reader = embedded(Simulator(seed(rooms=250)))
    rooms = {live.name: live.id for live in reader.read(ROOM, ReadRequest()).resources}
    before = reader.usage.requests
    doubt = ConfirmRequest(creates=frozenset({"new", "room 222"}), deletes=frozenset({rooms["room 1"], "no-such-id"}))
    answer = reader.confirm(ROOM, doubt)
    assert [live.name for live in answer.found] == ["room 222"]
    assert not answer.found[0].hidden
    assert answer.gone == {"no-such-id"}
    assert not answer.unsure
    assert reader.usage.requests == before + 5  # and one show of the room that exists after all


def test_many_creates_are_settled_by_one_more_sweep_that_equals_the_first_and_a_sample_of_searches():
    reader = embedded(Simulator(seed(rooms=250)))
    reader.read(ROOM, ReadRequest())
    before = reader.usage.requests
    answer = reader.confirm(ROOM, ConfirmRequest(creates=frozenset(f"new {n}" for n in range(50))))
    assert (answer.found, answer.unsure) == ((), {})
    assert reader.usage.requests == before + 3 + 10

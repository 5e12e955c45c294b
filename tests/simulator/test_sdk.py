"""The official SDK, over HTTP with AK/SK, finds the service it was made for."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.sdk import CREDENTIALS, client, plain, sdk
from tests.support.service import PROJECT

m = sdk()


@pytest.fixture
def served() -> Iterator[tuple[Simulator, str]]:
    simulator = Simulator({"credentials": CREDENTIALS}, clock=real_clock)
    with running(simulator) as url:
        yield simulator, url


def rule(name: str) -> Any:
    tag = m.HitConditionTag(tag="content", operation="NONE", match="REGEX", value=name)
    return m.InteractionRuleInfo(
        rule_name=name,
        enabled=False,
        event_type=1,
        hit_condition=m.HitCondition(relation="AND", tags=[tag]),
        trigger=m.TriggerProcess(time_window=30, reply_mode="SYSTEM_REPLY", reply_texts=["5"]),
    )


def test_the_sdk_creates_lists_shows_updates_and_deletes_rooms(served):
    _, url = served
    api = client(url, PROJECT)
    body = m.CreateSmartLiveRoomReq(room_name="欢迎 a+b~/", room_description="one", stream_keys=["key"])
    room_id = api.create_smart_live_room(m.CreateSmartLiveRoomRequest(body=body)).room_id
    rows = plain(api.list_smart_live_rooms(m.ListSmartLiveRoomsRequest(limit=100, room_name="欢迎 a+b")))
    assert (rows["count"], [row["room_id"] for row in rows["smart_live_rooms"]]) == (1, [room_id])
    shown = plain(api.show_smart_live_room(m.ShowSmartLiveRoomRequest(room_id=room_id)))
    assert (shown["room_name"], shown["stream_keys"], shown["room_type"]) == ("欢迎 a+b~/", ["key"], "NORMAL")
    update = m.CreateSmartLiveRoomReq(room_name="two")
    updated = plain(api.update_smart_live_room(m.UpdateSmartLiveRoomRequest(room_id=room_id, body=update)))
    assert updated["room_name"] == "two"
    assert "stream_keys" not in updated
    api.delete_smart_live_room(m.DeleteSmartLiveRoomRequest(room_id=room_id))
    assert plain(api.list_smart_live_rooms(m.ListSmartLiveRoomsRequest()))["count"] == 0


def test_the_sdk_manages_groups_and_their_rules_one_by_one(served):
    _, url = served
    api = client(url, PROJECT)
    body = m.InteractionRuleGroup(group_name="G", interaction_rules=[rule("price")])
    group_id = api.create_interaction_rule_group(m.CreateInteractionRuleGroupRequest(body=body)).group_id
    listed = plain(api.list_interaction_rule_groups(m.ListInteractionRuleGroupsRequest()))
    assert "interaction_rules" not in listed["interaction_rule_groups"][0]
    summary = plain(api.list_interaction_rule_groups_summary(m.ListInteractionRuleGroupsSummaryRequest()))
    assert summary["interaction_rule_groups"][0]["group_id"] == group_id
    new = m.CreateInteractionRuleReq(rule_name="size", event_type=1)
    added = plain(api.create_interaction_rule(m.CreateInteractionRuleRequest(group_id=group_id, body=new)))
    change = m.CreateInteractionRuleReq(rule_name="sizes", event_type=1)
    request = m.UpdateInteractionRuleRequest(group_id=group_id, rule_id=added["rule_id"], body=change)
    assert plain(api.update_interaction_rule(request))["rule_name"] == "sizes"
    shown = plain(api.show_interaction_rule_group(m.ShowInteractionRuleGroupRequest(group_id=group_id)))
    assert [each["rule_name"] for each in shown["interaction_rules"]] == ["price", "sizes"]
    assert shown["interaction_rules"][0]["enabled"] is False
    api.delete_interaction_rule(m.DeleteInteractionRuleRequest(group_id=group_id, rule_id=added["rule_id"]))
    put = m.InteractionRuleGroup(group_name="G2", interaction_rules=[rule("price")])
    answer = plain(api.update_interaction_rule_group(m.UpdateInteractionRuleGroupRequest(group_id=group_id, body=put)))
    assert (answer["group_name"], len(answer["interaction_rules"])) == ("G2", 1)
    api.delete_interaction_rule_group(m.DeleteInteractionRuleGroupRequest(group_id=group_id))
    assert plain(api.list_interaction_rule_groups(m.ListInteractionRuleGroupsRequest()))["count"] == 0


def test_a_wrong_secret_gets_401_with_the_gateways_canonical_request(served):
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    _, url = served
    with pytest.raises(ClientRequestException) as refused:
        client(url, PROJECT, sk="wrong" * 8).list_smart_live_rooms(m.ListSmartLiveRoomsRequest())
    assert (refused.value.status_code, refused.value.error_code) == (401, "APIGW.0301")
    assert f"canonicalRequest:GET|/v1/{PROJECT}/smart-live-rooms/||" in refused.value.error_msg


def test_an_error_of_the_service_reaches_the_sdk_with_code_message_and_request_id(served):
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    _, url = served
    with pytest.raises(ClientRequestException) as refused:
        client(url, PROJECT).show_smart_live_room(m.ShowSmartLiveRoomRequest(room_id="missing"))
    assert (refused.value.status_code, refused.value.error_code) == (404, "MSS.20010045")
    assert refused.value.request_id

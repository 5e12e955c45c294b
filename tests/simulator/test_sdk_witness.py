"""What the official SDK sees is what `reconciler plan --format json` reports as live, after each step it takes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.clock import real_clock
from reconciler.simulator.server import running
from tests.support.command_line import reconciler
from tests.support.sdk import AK, CREDENTIALS, SK, all_rows, client, plain, sdk
from tests.support.service import PROJECT

m = sdk()
RULES_KEY, ROOMS_KEY = "interaction_rule_groups", "smart_live_rooms"

GROUP = """
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata: {name: Witness group}
spec:
  interaction_rules:
    - rule_name: price
      event_type: 1
      hit_condition: {relation: AND, tags: [{tag: content, match: REGEX, value: price}]}
      trigger: {time_window: 30, reply_mode: SYSTEM_REPLY, reply_texts: ["It is 5"], reply_order: RANDOM}
"""
ROOM = """
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata: {name: 欢迎 witness}
spec:
  room_description: declared
  video_config: {width: 1080, height: 1920, bitrate: 3000}
"""


@pytest.fixture
def url() -> Iterator[str]:
    seed = {"credentials": CREDENTIALS, "behaviours": {"signed_urls": "stable"}}
    with running(Simulator(seed, clock=real_clock)) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path, url: str) -> Path:
    environment = f"  live: {{endpoint: {url}, project_id: '{PROJECT}', auth: aksk}}\n"
    (tmp_path / "reconciler.yaml").write_text(f"manifests: [objects]\nenvironments:\n{environment}", encoding="utf-8")
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects/group.yaml").write_text(GROUP, encoding="utf-8")
    (tmp_path / "objects/room.yaml").write_text(ROOM, encoding="utf-8")
    return tmp_path


def planned(folder: Path, url: str, secret: str = SK) -> Any:
    variables = {"RECONCILER_ALLOWED_HOSTS": url, "HUAWEICLOUD_SDK_AK": AK, "HUAWEICLOUD_SDK_SK": secret}
    return reconciler("-C", folder, "plan", "-e", "live", "--format", "json", variables=variables)


def live_by_plan(folder: Path, url: str) -> dict[str, Any]:
    """Return the live objects by id, as the plan reports them."""
    run = planned(folder, url)
    assert run.code == 0, run.err
    plan = json.loads(run.out)
    declared = {each["id"]: each["change"]["before"] for each in plan["resource_changes"] if each["change"]["before"]}
    return declared | {each["id"]: each["values"] for each in plan["unmanaged"]}


def live_by_sdk(api: Any, declared: set[str]) -> dict[str, Any]:
    """Return the same as the SDK finds it: the list's row, and for declared objects what show says too."""
    found = {}
    for row in all_rows(api.list_smart_live_rooms, m.ListSmartLiveRoomsRequest, ROOMS_KEY):
        shown = plain(api.show_smart_live_room(m.ShowSmartLiveRoomRequest(room_id=row["room_id"])))
        found[row["room_id"]] = {**row, **shown} if row["room_id"] in declared else row
    for row in all_rows(api.list_interaction_rule_groups, m.ListInteractionRuleGroupsRequest, RULES_KEY):
        shown = plain(api.show_interaction_rule_group(m.ShowInteractionRuleGroupRequest(group_id=row["group_id"])))
        found[row["group_id"]] = {**row, **shown} if row["group_id"] in declared else row
    return found


def rule(name: str, texts: list[str]) -> Any:
    tag = m.HitConditionTag(tag="content", match="REGEX", value=name)
    trigger = m.TriggerProcess(time_window=30, reply_mode="SYSTEM_REPLY", reply_texts=texts, reply_order="RANDOM")
    condition = m.HitCondition(relation="AND", tags=[tag])
    return {"rule_name": name, "event_type": 1, "hit_condition": condition, "trigger": trigger}


def test_after_each_step_of_the_sdk_its_objects_are_what_the_plan_reports_as_live(url, folder):
    api = client(url, PROJECT)
    declared: set[str] = set()

    def agree() -> dict[str, Any]:
        by_plan = live_by_plan(folder, url)
        assert by_plan == live_by_sdk(api, declared)
        return by_plan

    assert agree() == {}
    body = m.InteractionRuleGroup(
        group_name="Witness group", interaction_rules=[m.InteractionRuleInfo(**rule("price", ["5"]))]
    )
    group_id = api.create_interaction_rule_group(m.CreateInteractionRuleGroupRequest(body=body)).group_id
    declared.add(group_id)
    assert agree()[group_id]["interaction_rules"][0]["trigger"]["reply_texts"] == ["5"]

    video = m.VideoConfig(width=1920, height=1080, bitrate=3000)
    room = m.CreateSmartLiveRoomReq(room_name="欢迎 witness", video_config=video, priv_data="kept")
    room_id = api.create_smart_live_room(m.CreateSmartLiveRoomRequest(body=room)).room_id
    declared.add(room_id)
    assert agree()[room_id]["view_mode"] == "LANDSCAPE"

    other = m.CreateSmartLiveRoomReq(room_name="by hand", room_description="not in Git")
    other_id = api.create_smart_live_room(m.CreateSmartLiveRoomRequest(body=other)).room_id
    assert agree()[other_id]["room_description"] == "not in Git"

    room.room_description = "changed"
    api.update_smart_live_room(m.UpdateSmartLiveRoomRequest(room_id=room_id, body=room))
    assert agree()[room_id]["room_description"] == "changed"

    added = m.CreateInteractionRuleReq(**rule("size", ["Large"]))
    rule_id = plain(api.create_interaction_rule(m.CreateInteractionRuleRequest(group_id=group_id, body=added)))[
        "rule_id"
    ]
    assert [each["rule_name"] for each in agree()[group_id]["interaction_rules"]] == ["price", "size"]
    added.trigger.reply_texts = ["Small"]
    api.update_interaction_rule(m.UpdateInteractionRuleRequest(group_id=group_id, rule_id=rule_id, body=added))
    assert agree()[group_id]["interaction_rules"][1]["trigger"]["reply_texts"] == ["Small"]
    api.delete_interaction_rule(m.DeleteInteractionRuleRequest(group_id=group_id, rule_id=rule_id))
    assert len(agree()[group_id]["interaction_rules"]) == 1

    body.interaction_rules.append(m.InteractionRuleInfo(**rule("colour", ["Red"]), enabled=False))
    api.update_interaction_rule_group(m.UpdateInteractionRuleGroupRequest(group_id=group_id, body=body))
    assert agree()[group_id]["interaction_rules"][1]["enabled"] is False

    api.delete_smart_live_room(m.DeleteSmartLiveRoomRequest(room_id=other_id))
    assert set(agree()) == {group_id, room_id}
    api.delete_smart_live_room(m.DeleteSmartLiveRoomRequest(room_id=room_id))
    api.delete_interaction_rule_group(m.DeleteInteractionRuleGroupRequest(group_id=group_id))
    assert agree() == {}


def test_a_wrong_secret_gets_401_in_both(url, folder):
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    wrong = "wrong" * 8
    with pytest.raises(ClientRequestException) as refused:
        client(url, PROJECT, sk=wrong).list_smart_live_rooms(m.ListSmartLiveRoomsRequest())
    assert refused.value.status_code == 401
    run = planned(folder, url, wrong)
    assert run.code == 1
    assert "401" in run.err or "APIGW.0301" in run.err
    assert wrong not in run.err + run.out

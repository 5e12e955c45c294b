"""The body of a request: what is managed changes, everything else goes back as it was read."""

from typing import Any

import pytest

from reconciler.diff.request_body import build_request_body
from tests.support.planning import GROUP, ROOM, declared, one_change


def body(kind: Any, spec: dict[str, Any], raw: dict[str, Any], **more: Any) -> dict[str, Any]:
    return build_request_body(kind, spec, raw, **more).body


def test_unknown_keys_survive_at_every_depth() -> None:
    raw = {
        "brand_new": {"a": 1},
        "interaction_rules": [
            {"rule_name": "a", "event_type": 1, "new": 1, "trigger": {"time_window": 1, "newer": [{"x": 2}]}},
        ],
    }
    spec = {"interaction_rules": [{"rule_name": "a", "event_type": 2, "trigger": {"time_window": 9}}]}
    assert body(GROUP, spec, raw) == {
        "brand_new": {"a": 1},
        "interaction_rules": [
            {"rule_name": "a", "event_type": 2, "new": 1, "trigger": {"time_window": 9, "newer": [{"x": 2}]}},
        ],
    }


def test_what_the_service_computes_is_left_out_and_what_it_takes_back_stays() -> None:
    raw = {
        "group_id": "1",
        "group_name": "g",
        "create_time": "t",
        "update_time": "t",
        "interaction_rules": [{"rule_id": "r", "rule_index": "3", "create_time": "t", "rule_name": "a"}],
    }
    assert body(GROUP, {"group_name": "g"}, raw) == {
        "group_name": "g",
        "interaction_rules": [{"rule_index": "3", "rule_name": "a"}],
    }
    raw = {
        "room_id": "1",
        "room_state": "ENABLE",
        "cover_url": "u",
        "confirm_state": "CONFIRMED",
        "script_version": "7",
        "error_info": {"error_code": "x"},
        "relation_live_platform_info": {"platform_id": "p", "platform": "n", "account": "a", "live_id": "l"},
        "scene_scripts": [{"script_id": "s", "script_name": "n"}],
    }
    assert body(ROOM, {"room_name": "r"}, raw) == {
        "room_name": "r",
        "relation_live_platform_info": {"platform_id": "p", "live_id": "l"},
        "scene_scripts": [{"script_id": "s", "script_name": "n"}],
    }


def test_items_pair_by_key_wherever_they_stand_and_keep_the_live_order_where_it_means_nothing() -> None:
    raw = {"interaction_rules": [{"rule_name": "b", "x": 2}, {"rule_name": "a", "x": 1}, {"rule_name": "gone"}]}
    spec = {"interaction_rules": [{"rule_name": "a"}, {"rule_name": "new"}, {"rule_name": "b"}]}
    assert body(GROUP, spec, raw)["interaction_rules"] == [
        {"rule_name": "b", "x": 2},
        {"rule_name": "a", "x": 1},
        {"rule_name": "new"},
    ]


def test_items_without_keys_pair_by_equal_content_and_then_by_place() -> None:
    def room(*backgrounds: dict[str, Any]) -> dict[str, Any]:
        return {"scene_scripts": [{"script_name": "s", "background_config": list(backgrounds)}]}

    raw = room({"background_type": "IMAGE", "x": 1}, {"background_type": "COLOR", "x": 2})
    spec = room({"background_type": "VIDEO"}, {"background_type": "IMAGE"})
    laid = build_request_body(ROOM, spec, raw)
    assert laid.body["scene_scripts"][0]["background_config"] == [
        {"background_type": "VIDEO"},
        {"background_type": "IMAGE", "x": 1},
    ]
    assert laid.warnings == (
        "scene_scripts[s].background_config[1]: goes, and with it what this tool does not know: x",
    )


def test_unknown_keys_that_go_with_a_removed_item_are_told() -> None:
    raw = {"interaction_rules": [{"rule_name": "gone", "secret_sauce": 1, "rule_id": "r"}]}
    laid = build_request_body(GROUP, {"interaction_rules": []}, raw)
    assert laid.warnings == ("interaction_rules[gone]: goes, and with it what this tool does not know: secret_sauce",)


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("room_description", {"room_description": ""}),
        ("backup_model_asset_ids", {"backup_model_asset_ids": []}),
        ("play_policy", {}),
        ("room_type", {"room_type": "NORMAL"}),
    ],
)
def test_a_cleared_field_is_sent_empty_or_left_out_or_by_its_default(field: str, sent: dict[str, Any]) -> None:
    raw = {"room_description": "x", "backup_model_asset_ids": ["a"], "play_policy": {"repeat_count": 1}}
    raw["room_type"] = "TEMPLATE"
    found = body(ROOM, {field: None}, raw)
    assert {name: value for name, value in found.items() if name == field} == sent


def test_a_default_is_spelled_out_only_where_live_has_another_value() -> None:
    def rule(**more: Any) -> dict[str, Any]:
        return {"interaction_rules": [{"rule_name": "a", **more}]}

    assert body(GROUP, rule(), rule(enabled=False)) == rule(enabled=True)
    assert body(GROUP, rule(), rule()) == rule()


def test_ignored_paths_go_back_as_they_were_read() -> None:
    raw = {"priv_data": "live", "interaction_rules": [{"rule_name": "a", "enabled": False, "event_type": 1}]}
    spec = {
        "priv_data": "mine",
        "interaction_rules": [{"rule_name": "a", "event_type": 2}, {"rule_name": "b", "enabled": False}],
    }
    laid = body(ROOM, spec, raw, ignored=["priv_data", "interaction_rules[*].enabled"])
    assert laid == {
        "priv_data": "live",
        "interaction_rules": [
            {"rule_name": "a", "enabled": False, "event_type": 2},
            {"rule_name": "b", "enabled": False},
        ],
    }


def test_a_name_that_refers_is_sent_with_the_id_it_means() -> None:
    spec = {"interaction_rules": [{"rule_name": "a", "group_name": "lib"}]}
    sent = body(ROOM, spec, {}, references={"InteractionRuleGroup/lib": "77"})
    assert sent == {"interaction_rules": [{"rule_name": "a", "group_name": "lib", "group_id": "77"}]}
    assert spec == {"interaction_rules": [{"rule_name": "a", "group_name": "lib"}]}


@pytest.mark.parametrize("unreadable", ["******", "", None])
def test_a_secret_that_reads_back_masked_or_empty_is_never_sent(unreadable: Any) -> None:
    laid = build_request_body(
        ROOM, {"room_name": "r"}, {"live_event_callback_config": {"key": unreadable, "auth_type": "HMACSHA256"}}
    )
    assert laid.body["live_event_callback_config"] == {"auth_type": "HMACSHA256"}
    assert bool(laid.warnings) == (unreadable == "******")
    assert "stream_keys" not in body(ROOM, {"room_name": "r"}, {"stream_keys": ["***"]})


def test_a_secret_that_reads_back_in_clear_stays_as_it_is() -> None:
    assert body(ROOM, {"room_name": "r"}, {"stream_keys": ["clear"]})["stream_keys"] == ["clear"]


def test_a_declared_secret_is_sent_as_it_was_given() -> None:
    assert body(ROOM, {"stream_keys": ["value"]}, {"stream_keys": ["***"]})["stream_keys"] == ["value"]


def test_what_was_read_is_never_touched() -> None:
    raw = {"interaction_rules": [{"rule_name": "a", "trigger": {"time_window": 1}}]}
    body(GROUP, {"interaction_rules": [{"rule_name": "a", "trigger": {"time_window": 2}}]}, raw)
    assert raw == {"interaction_rules": [{"rule_name": "a", "trigger": {"time_window": 1}}]}


def test_a_plans_after_is_the_overlay_with_what_the_service_computes_still_in_it() -> None:
    raw = {"room_state": "ENABLE", "new_field": 1, "priv_data": "old"}
    change = one_change(ROOM, {"priv_data": "new"}, raw)
    assert change.before == {"room_id": "id-of-it", "room_name": "it", **raw}
    assert change.after == {**change.before, "priv_data": "new"}
    assert declared(ROOM, "it").name == "it"

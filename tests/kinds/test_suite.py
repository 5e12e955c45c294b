"""Our own kinds pass the suite that every kind must pass."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from reconciler.kinds.registry import kind_named
from reconciler.testing.kind_suite import KindSuite
from reconciler.testing.writer_suite import rule


class TestInteractionRuleGroup(KindSuite):
    kind = kind_named("InteractionRuleGroup")
    specs = (
        {"interaction_rules": [rule("price")]},
        {"interaction_rules": [rule("size"), rule("price", "It is 9.")]},
        {},
    )


class TestSmartLiveRoom(KindSuite):
    kind = kind_named("SmartLiveRoom")
    specs = (
        {"room_description": "eight", "video_config": {"width": 1080, "height": 1920, "bitrate": 3000}},
        {"room_description": "nine", "play_policy": {"repeat_count": 2}, "stream_keys": [{"secret": "STREAM_KEY"}]},
    )


class TestRoomWithReference(KindSuite):
    """A kind whose states refer to an object that the seed has."""

    kind = kind_named("SmartLiveRoom")
    seed: ClassVar[Mapping[str, Any]] = {"interaction_rule_groups": [{"group_name": "Welcome"}]}
    specs = ({"interaction_rules": [{"rule_name": "greet", "group_name": "Welcome"}]}, {})


class _Unseeded(TestRoomWithReference):
    seed: ClassVar[Mapping[str, Any]] = {}


def test_a_reference_without_its_object_fails_with_the_problem():
    with pytest.raises(AssertionError, match="E_REFERENCE"):
        _Unseeded().test_each_state_is_written_read_back_and_deleted()
    with pytest.raises(AssertionError, match="E_REFERENCE"):
        _Unseeded().test_what_is_live_is_exported_as_a_valid_manifest()

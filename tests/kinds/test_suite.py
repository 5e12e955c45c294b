"""Our own kinds pass the suite that every kind must pass."""

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

"""The story that is cut off at every point: five creates, three updates, two deletes, with fields nobody knows."""

from typing import Any

from reconciler.model.resource import DeclaredResource
from reconciler.testing.writer_suite import group, room, rule

FUTURE = {"from_the_future": {"kept": [1, {"deep": True}]}}

SEED: dict[str, Any] = {
    "interaction_rule_groups": [
        {**FUTURE, "group_name": "changed", "interaction_rules": [{**rule("price"), **FUTURE}]},
        {"group_name": "leaving", "interaction_rules": [rule("price")]},
    ],
    "smart_live_rooms": [
        {**FUTURE, "room_name": "moved", "room_type": "NORMAL", "room_description": "old", "priv_data": "kept"},
        {**FUTURE, "room_name": "edited", "room_type": "NORMAL", "room_description": "old", "priv_data": "kept"},
        {"room_name": "closing", "room_type": "NORMAL", "room_description": "old"},
    ],
}

BEFORE: tuple[DeclaredResource, ...] = (
    group("changed", rule("price")),
    group("leaving", rule("price")),
    room("moved", "old"),
    room("edited", "old"),
    room("closing", "old"),
)

AFTER: tuple[DeclaredResource, ...] = (
    group("changed", rule("price", "It is 89.")),
    room("moved", "new"),
    room("edited", "new"),
    group("first", rule("price")),
    group("second", rule("price"), rule("size")),
    room("alpha", "made", {**rule("price"), "group_name": "first"}),
    room("beta", "made", {**rule("price"), "group_name": "second"}),
    room("gamma", "made"),
)

"""A small shop for reading tests: rooms and groups with everything that is hard to read, and manifests beside them."""

import json
from typing import Any

from reconciler.interfaces import Reader
from reconciler.model.desired_state import DesiredState
from reconciler.model.ledger_state import LedgerState
from reconciler.model.options import PlanOptions
from reconciler.model.plan import Plan
from reconciler.planfile.encode import encode
from reconciler.planner import make_plan
from tests.support.planning import declared
from tests.support.reading import GROUP, PROJECT, ROOM

CANARIES = {
    "stream_keys": "canary-stream-key-8d1f",
    "output_urls": "rtmp://push.example/live?secret=canary-output-url-77",
    "callback_key": "canary-callback-key-5",
    "callback_url": "https://canary-user:canary-pass-99@hooks.example/x",
}


def rule(name: str, **more: Any) -> dict[str, Any]:
    return {
        "rule_name": name,
        "event_type": 1,
        "hit_condition": {"tags": ["price"]},
        "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": ["88 yuan"]},
        **more,
    }


def seed(**more: Any) -> dict[str, Any]:
    """Rooms with secrets, signed addresses and fields nobody knows; templates of others; groups whose list is bare."""
    secret = {
        "room_name": "secret room",
        "stream_keys": [CANARIES["stream_keys"]],
        "output_urls": [CANARIES["output_urls"]],
        "live_event_callback_config": {
            "live_event_type_callback_url": CANARIES["callback_url"],
            "key": CANARIES["callback_key"],
        },
        "video_config": {"width": 1080, "height": 1920},
        "nobody_knows": {"this": "field"},
    }
    shared = {"room_name": "shared", "room_type": "TEMPLATE", "project_id": "f" * 32}
    rooms = [secret, shared, *({"room_name": f"room {number}", "room_description": "old"} for number in range(5))]
    groups = [{"group_name": f"group {number}", "interaction_rules": [rule("price")]} for number in range(20)]
    return {"smart_live_rooms": rooms, "interaction_rule_groups": groups, **more}


def manifest() -> DesiredState:
    """Change a room, a rule inside a group and a detail the list hides; create one of each; leave the rest."""
    return DesiredState(
        resources=(
            *(declared(GROUP, f"group {number}", {"interaction_rules": [rule("price")]}) for number in range(18)),
            declared(GROUP, "group 18", {"interaction_rules": [rule("price", enabled=False)]}),
            declared(GROUP, "new group", {"interaction_rules": []}),
            declared(ROOM, "room 0", {"room_description": "new"}),
            declared(ROOM, "room 1", {"room_description": "old"}),
            declared(ROOM, "secret room", {"video_config": {"width": 1920}, "stream_keys": [{"secret": "KEY"}]}),
            declared(ROOM, "new room", {"room_description": "x"}),
        )
    )


def planned(reader: Reader, **settings: Any) -> Plan:
    given = {"environment": "test", "project_id": PROJECT, **settings}
    return make_plan(manifest(), reader, LedgerState(), PlanOptions(**given))


def as_json(made: Plan) -> str:
    return json.dumps(encode(made), ensure_ascii=False, sort_keys=True, indent=1)

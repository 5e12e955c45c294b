"""Carries out one change with the standard library alone: from stdin for the writer `command`, or for the receiver.

RECONCILER_WRITER_URL says where the API is. A service with authentication needs headers here.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Any

COLLECTIONS = {
    "SmartLiveRoom": ("smart-live-rooms", "room_name", "room_id"),
    "InteractionRuleGroup": ("smart-live-interaction-rule-groups", "group_name", "group_id"),
}
COMPUTED = {"create_time", "update_time", "script_version", "room_state", "confirm_state", "project_id", "rule_id"}


def call(base: str, method: str, path: str, body: Any = None) -> Any:
    url = f"{base}/v1/{os.environ.get('RECONCILER_WRITER_PROJECT', '0' * 32)}/{path}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"{}")


def merged(want: Any, have: Any) -> Any:
    """Lay what is declared over what is there."""
    if isinstance(want, dict) and isinstance(have, dict):
        kept = {name: value for name, value in have.items() if name not in COMPUTED}
        return {**kept, **{name: merged(value, have.get(name)) for name, value in want.items()}}
    if isinstance(want, list) and isinstance(have, list) and all(isinstance(item, dict) for item in (*want, *have)):
        by_name = {item.get("rule_name"): item for item in have}
        return [merged(item, by_name.get(item.get("rule_name"), {})) for item in want]
    return want


def desired(change: Any, name_field: str) -> Any:
    spec = {**change["desired"], name_field: change["name"]}
    for rule in spec.get("interaction_rules") or []:
        if "group_name" in rule:
            rule["group_id"] = change["references"][f"InteractionRuleGroup/{rule['group_name']}"]
    return spec


def carry_out(change: Any, base: str = os.environ.get("RECONCILER_WRITER_URL", "")) -> Any:
    """Create, replace or delete one object, and name its id."""
    collection, name_field, id_field = COLLECTIONS[change["kind"]]
    if change["action"] == "create":
        return {"id": call(base, "POST", collection, desired(change, name_field))[id_field]}
    item = f"{collection}/{change['id']}"
    if change["action"] == "delete":
        call(base, "DELETE", item)
        return {"id": change["id"]}
    live = call(base, "GET", item)
    live.pop(id_field)
    call(base, "PUT", item, merged(desired(change, name_field), live))
    return {"id": change["id"]}


def main() -> None:
    try:
        outcome = {"status": "applied", **carry_out(json.load(sys.stdin))}
    except urllib.error.HTTPError as error:
        outcome = {"status": "failed", "reason": f"HTTP {error.code}"}
    sys.stdout.write(json.dumps(outcome))


if __name__ == "__main__":
    main()

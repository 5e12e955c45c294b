"""Random edits of a simulated service by an SDK (whole objects and single rules) and in the web console."""

import random
from typing import Any

from tests.support.service import GROUPS, ROOMS, Service

NAMES = ("price", "size", "hello")


def _rule(dice: random.Random, name: str) -> dict[str, Any]:
    texts = [dice.choice(["a", "b", "c"])]
    return {"rule_name": name, "event_type": 1, "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": texts}}


def edit(dice: random.Random, service: Service) -> None:
    """Make one edit; the service's clock is moved, so that it is later than what was read before."""
    service.simulator.clock.advance(dice.choice([3, 60]))
    kind = dice.choice(["group", "group", "room"])
    rows = service.groups(limit=100) if kind == "group" else service.rooms(limit=100)
    row = dice.choice(rows)
    if kind == "room":
        _edit_room(dice, service, row)
    else:
        dice.choice([_put_group, _console, _add_rule, _change_rule, _delete_rule])(dice, service, row)
    service.simulator.clock.advance(3)


def _edit_room(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    body = {"room_name": row["room_name"], "room_description": dice.choice(["x", "y"]), "priv_data": "kept"}
    body["play_policy"] = {"repeat_count": dice.randrange(3)}
    service.call("PUT", f"{ROOMS}/{row['room_id']}", body)


def _put_group(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    rules = [_rule(dice, name) for name in dice.sample(NAMES, dice.randrange(1, 4))]
    service.call("PUT", f"{GROUPS}/{row['group_id']}", {"group_name": row["group_name"], "interaction_rules": rules})


def _console(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    console = service.simulator.console("InteractionRuleGroup")
    console.change(console.objects.entries[row["group_id"]], {"interaction_rules": [_rule(dice, "price")]})


def _rules(service: Service, row: dict[str, Any]) -> list[dict[str, Any]]:
    return service.group(row["group_id"]).get("interaction_rules") or []


def _add_rule(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    name = f"rule {dice.randrange(1000)}"
    service.call("POST", f"{GROUPS}/{row['group_id']}/rules", _rule(dice, name))


def _change_rule(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    for rule in _rules(service, row)[:1]:
        body = _rule(dice, rule["rule_name"])
        service.call("PUT", f"{GROUPS}/{row['group_id']}/rules/{rule['rule_id']}", body)


def _delete_rule(_dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    for rule in _rules(service, row)[-1:]:
        service.call("DELETE", f"{GROUPS}/{row['group_id']}/rules/{rule['rule_id']}")

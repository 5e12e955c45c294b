"""Random edits of a simulated service by an SDK (whole objects and single rules) and in the web console."""

import random
from typing import Any

from tests.support.service import GROUPS, ROOMS, Service

NAMES = ("price", "size", "hello")


def _rule(dice: random.Random, name: str) -> dict[str, Any]:
    texts = [dice.choice(["a", "b", "c"])]
    return {"rule_name": name, "event_type": 1, "trigger": {"reply_mode": "SYSTEM_REPLY", "reply_texts": texts}}


def edit(dice: random.Random, service: Service) -> None:
    """Make one edit, of an object that exists, or a create or delete; then the service's clock moves, at times not."""
    kind, rows, edits = dice.choice(
        [("InteractionRuleGroup", service.groups(limit=100), _GROUP_EDITS)] * 2
        + [("SmartLiveRoom", service.rooms(limit=100), _ROOM_EDITS)]
    )
    if not rows or dice.random() < 0.05:
        _create(dice, service, kind)
    elif dice.random() < 0.05:
        _remove(dice, service, kind, dice.choice(rows))
    else:
        dice.choice(edits)(dice, service, dice.choice(rows))
    service.simulator.clock.advance(dice.choice([0, 1, 2, 3, 60]))


def _create(dice: random.Random, service: Service, kind: str) -> None:
    """Create an object, at times with a name that exists already, by a request or in the console."""
    path, _, word = _KINDS[kind]
    body = {f"{word}_name": f"{word} {dice.randrange(12)}"}
    if dice.random() < 0.5:
        service.call("POST", path, body)
    else:
        service.simulator.console(kind).insert(body)


def _remove(dice: random.Random, service: Service, kind: str, row: dict[str, Any]) -> None:
    path, key, _ = _KINDS[kind]
    if dice.random() < 0.5:
        service.call("DELETE", f"{path}/{row[key]}")
    else:
        console = service.simulator.console(kind)
        console.remove(console.objects.entries[row[key]])


def _edit_room(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    body = {"room_name": row["room_name"], "room_description": dice.choice(["x", "y"]), "priv_data": "kept"}
    body["play_policy"] = {"repeat_count": dice.randrange(3)}
    service.call("PUT", f"{ROOMS}/{row['room_id']}", body)


def _put_group(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    rules = [_rule(dice, name) for name in dice.sample(NAMES, dice.randrange(1, 4))]
    service.call("PUT", f"{GROUPS}/{row['group_id']}", {"group_name": row["group_name"], "interaction_rules": rules})


def _room_in_the_console(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    console = service.simulator.console("SmartLiveRoom")
    console.change(console.objects.entries[row["room_id"]], {"play_policy": {"repeat_count": dice.randrange(3)}})


def _reorder(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    """Send the same rules in another order."""
    rules = [_rule(dice, one["rule_name"]) for one in _rules(service, row)]
    dice.shuffle(rules)
    service.call("PUT", f"{GROUPS}/{row['group_id']}", {"group_name": row["group_name"], "interaction_rules": rules})


def _console(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    console = service.simulator.console("InteractionRuleGroup")
    console.change(console.objects.entries[row["group_id"]], {"interaction_rules": [_rule(dice, "price")]})


def _rules(service: Service, row: dict[str, Any]) -> list[dict[str, Any]]:
    return service.group(row["group_id"]).get("interaction_rules") or []


def _with_ids(service: Service, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rules that a call for one rule can name; those of the console have no id of their own here."""
    return [rule for rule in _rules(service, row) if "rule_id" in rule]


def _add_rule(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    name = f"rule {dice.randrange(1000)}"
    service.call("POST", f"{GROUPS}/{row['group_id']}/rules", _rule(dice, name))


def change_rule(dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    """Change the first rule of a group by a call for single rules."""
    for rule in _with_ids(service, row)[:1]:
        body = _rule(dice, rule["rule_name"])
        service.call("PUT", f"{GROUPS}/{row['group_id']}/rules/{rule['rule_id']}", body)


def _delete_rule(_dice: random.Random, service: Service, row: dict[str, Any]) -> None:
    for rule in _with_ids(service, row)[-1:]:
        service.call("DELETE", f"{GROUPS}/{row['group_id']}/rules/{rule['rule_id']}")


_KINDS = {
    "InteractionRuleGroup": (GROUPS, "group_id", "group"),
    "SmartLiveRoom": (ROOMS, "room_id", "room"),
}
"""By kind: path, id field, and the word its names begin with."""

_GROUP_EDITS = (_put_group, _console, _add_rule, change_rule, _delete_rule, _reorder)
_ROOM_EDITS = (_edit_room, _room_in_the_console)

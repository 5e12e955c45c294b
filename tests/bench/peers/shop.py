"""One shop in every tool's own files: rooms, rule libraries of twenty rules, and the same with one per cent changed."""

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Objects = dict[str, dict[str, Any]]

_IN_A_FILE = {"rooms": 1_000, "groups": 50}
"""Objects of a file, by its stem: a file of very many is refused."""


def rooms(count: int, changed: float = 0.0) -> Objects:
    """Return so many rooms by name, a share of them with another description."""
    found = {f"room-{number:06d}": _room(number) for number in range(count)}
    for name in _some(found, changed):
        found[name]["room_description"] += " changed"
    return found


def _room(number: int) -> dict[str, Any]:
    return {
        "room_type": "NORMAL",
        "view_mode": "VERTICAL",
        "room_description": f"Courseware number {number} for the shop",
        "priv_data": f"team={number % 17}",
    }


def groups(count: int, changed: float = 0.0) -> Objects:
    """Return so many libraries by name, a share of them with another reply deep inside."""
    found = {f"group-{number:05d}": {"interaction_rules": [_rule(at) for at in range(20)]} for number in range(count)}
    for name in _some(found, changed):
        found[name]["interaction_rules"][3]["trigger"]["reply_texts"][0] = "Ask the host"
    return found


def _rule(number: int) -> dict[str, Any]:
    tag = {"tag": "content", "operation": "NONE", "match": "REGEX", "value": f"price|cost {number}"}
    trigger = {
        "time_window": 30,
        "reply_mode": "SYSTEM_REPLY",
        "reply_texts": [f"The price is {number}", f"It costs {number}"],
        "reply_order": "RANDOM",
        "reply_role": "STREAMER",
        "play_type": "APPEND",
    }
    condition = {"relation": "AND", "priority": 500, "tags": [tag]}
    return {
        "rule_name": f"rule-{number}",
        "enabled": True,
        "event_type": 1,
        "hit_condition": condition,
        "trigger": trigger,
    }


def _some(found: Objects, share: float) -> list[str]:
    return random.Random(2).sample(sorted(found), max(1, int(len(found) * share))) if share and found else []


def write_manifests(folder: Path, rooms_of: Objects, groups_of: Objects) -> None:
    """Write our manifests, one file for so many objects of a kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, kind, objects in (("rooms", "SmartLiveRoom", rooms_of), ("groups", "InteractionRuleGroup", groups_of)):
        for file, part in _parts(folder, stem, list(objects)):
            documents = (
                {"apiVersion": "metastudio/v1", "kind": kind, "metadata": {"name": name}, "spec": objects[name]}
                for name in part
            )
            with file.open("w", encoding="utf-8") as stream:
                yaml.dump_all(documents, stream, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)


def _parts(folder: Path, stem: str, names: list[str]) -> Iterator[tuple[Path, list[str]]]:
    """Yield the files of a kind, and the names in each."""
    most = _IN_A_FILE[stem]
    for start in range(0, len(names), most):
        yield folder / f"{stem}-{start // most:03d}.yaml", names[start : start + most]


def write_templates(folder: Path, rooms_of: Objects, groups_of: Objects) -> None:
    """Write templates and values that render to the same manifests."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, template, objects in (("rooms", _ROOMS, rooms_of), ("groups", _GROUPS, groups_of)):
        for number, (file, part) in enumerate(_parts(folder, stem, list(objects))):
            first = number * _IN_A_FILE[stem]
            file.write_text(template.replace("SLICE", f"{first}:{first + len(part)}"), encoding="utf-8")
    values = {
        "rooms": [{"name": name, **spec} for name, spec in rooms_of.items()],
        "groups": [
            {"name": name, "first": spec["interaction_rules"][3]["trigger"]["reply_texts"][0]}
            for name, spec in groups_of.items()
        ],
    }
    with (folder.parent / "values.yaml").open("w", encoding="utf-8") as stream:
        yaml.dump(values, stream, Dumper=yaml.CSafeDumper, allow_unicode=True)


_ROOMS = """\
{% for room in values.rooms[SLICE] %}
---
apiVersion: metastudio/v1
kind: SmartLiveRoom
metadata:
  name: {{ room.name }}
spec:
  room_type: {{ room.room_type }}
  view_mode: {{ room.view_mode }}
  room_description: {{ room.room_description }}
  priv_data: {{ room.priv_data }}
{% endfor %}
"""

_GROUPS = """\
{% for group in values.groups[SLICE] %}
---
apiVersion: metastudio/v1
kind: InteractionRuleGroup
metadata:
  name: {{ group.name }}
spec:
  interaction_rules:
{% for number in range(20) %}
  - rule_name: rule-{{ number }}
    enabled: true
    event_type: 1
    hit_condition:
      relation: AND
      priority: 500
      tags:
      - {tag: content, operation: NONE, match: REGEX, value: "price|cost {{ number }}"}
    trigger:
      time_window: 30
      reply_mode: SYSTEM_REPLY
      reply_texts:
      - {% if number == 3 %}{{ group.first }}{% else %}The price is {{ number }}{% endif %}

      - It costs {{ number }}
      reply_order: RANDOM
      reply_role: STREAMER
      play_type: APPEND
{% endfor %}
{% endfor %}
"""


def write_seed(file: Path, rooms_of: Mapping[str, Any], groups_of: Mapping[str, Any]) -> None:
    """Write the simulator's seed: the live side before the change, whose list carries the rules."""
    seed = {
        "behaviours": {"list_details": "shown"},
        "smart_live_rooms": [{"room_name": name, **spec} for name, spec in rooms_of.items()],
        "interaction_rule_groups": [{"group_name": name, **spec} for name, spec in groups_of.items()],
    }
    file.write_text(json.dumps(seed), encoding="utf-8")

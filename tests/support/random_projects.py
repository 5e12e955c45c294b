"""Random projects: manifests of one object in random YAML styles, with templates, values files and comments.

A value is a literal in any style of YAML, an alias, part of a merge key, an expression that reads a values file (alone,
in quotes, through a macro, as a concatenation), an item of a loop, or text of an included file.
"""

import json
from random import Random
from typing import Any

from reconciler.manifest.yaml.writer import quoted, text

WORDS = (
    "tea",
    "晚场",
    "It's nine",
    "a: b",
    "#1",
    "true",
    "12",
    "x\ny",
    "🎉 now",
    "🎉",
    "{{ x }}",
    " in front",
    "null",
    "2024-01-01",
    'say "hi"',
    "one two three four five six",
)
ROOM_FIELDS: dict[str, tuple[Any, ...]] = {
    "room_description": WORDS,
    "priv_data": WORDS,
    "video_config": (
        {"width": 1080, "height": 1920, "bitrate": 3000},
        {"width": 1920, "height": 1080, "bitrate": 4000, "codec": "H264"},
    ),
    "play_policy": ({"repeat_count": 3}, {"play_mode": "AUDIO", "repeat_count": 0}, {"auto_play_script": False}),
    "backup_model_asset_ids": (["a1"], ["a1", "a2"], ["a3", "a1", "a2"], []),
}


def rule(random: Random, name: str) -> dict[str, Any]:
    """Return a random rule."""
    texts = random.sample(WORDS, random.randint(1, 3))
    found: dict[str, Any] = {"rule_name": name, "event_type": random.choice((1, 2, 3))}
    if random.random() < 0.5:
        tag = {"tag": "content", "match": "REGEX", "value": random.choice(("tea|茶", "price"))}
        found["hit_condition"] = {"relation": "OR", "tags": [tag]}
    found["trigger"] = {"time_window": random.choice((30, 60)), "reply_mode": "SYSTEM_REPLY", "reply_texts": texts}
    return found


def room_spec(random: Random) -> dict[str, Any]:
    """Return a random spec of a room, at least one field in it."""
    names = random.sample(list(ROOM_FIELDS), random.randint(1, len(ROOM_FIELDS)))
    return {name: random.choice(ROOM_FIELDS[name]) for name in names}


def group_spec(random: Random) -> dict[str, Any]:
    """Return a random spec of a group of rules."""
    return {"interaction_rules": [rule(random, f"r{number}") for number in range(random.randint(1, 3))]}


INCLUDED = "shared/part.yaml.j2"
_MACRO = "{% macro say(what) %}{{ what | tojson }}{% endmacro %}\n"


class Writing:
    """Writes values in random styles; `values` collects what expressions read, `included` an included file's text."""

    def __init__(self, random: Random, *, templated: bool) -> None:
        self.random = random
        self.values: dict[str, Any] = {}
        self.included = ""
        self._templated = templated
        self._anchors: dict[str, str] = {}

    def document(self, kind: str, name: str, spec: dict[str, Any], *, condition: str = "") -> str:
        """Return a manifest; one with a condition is declared where the template expression is true."""
        *above, last = list(spec)
        apart = self._templated and self.random.random() < 0.3
        body = self._block({each: spec[each] for each in above} if apart else spec, 2)
        if apart:
            self.included = self._block({last: spec[last]}, 2)
            body += f'{{% include "{INCLUDED}" %}}\n'
        text = f"apiVersion: metastudio/v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n{body}"
        text = f"{{% if {condition} %}}\n{text}{{% endif %}}\n" if condition else text
        return _MACRO + text if self._templated else text

    def _block(self, value: Any, indent: int) -> str:
        margin = " " * indent
        lines = []
        merged = next(iter(value), "") if len(value) > 1 and self.random.random() < 0.08 else ""
        for name, item in value.items():
            if self.random.random() < 0.15:
                lines.append(f"{margin}# about {name}\n")
            if name == merged:
                lines.append(f"{margin}<<: {{{name}: {self._flow(item, inside=True)}}}\n")
                continue
            key = f'"{name}"' if self.random.random() < 0.08 else name
            lines.append(f"{margin}{key}:{self._after(item, indent)}")
        return "".join(lines)

    def _after(self, item: Any, indent: int) -> str:
        if isinstance(item, dict) and item and self.random.random() < 0.7:
            return f"\n{self._block(item, indent + 2)}"
        if isinstance(item, list) and item and self.random.random() < 0.7:
            return "\n" + self._items(item, indent + 2)
        if isinstance(item, str) and "{" not in item and self.random.random() < 0.25:
            return self._block_text(item, indent)
        comment = self.random.choice(("", "", " # why", "  #\ttab"))
        return f" {self._shared(item)}{comment}\n"

    def _block_text(self, item: str, indent: int) -> str:
        margin = " " * (indent + 2)
        if "\n" not in item and item == item.strip() and self.random.random() < 0.5:
            return f" >-\n{margin}{item}\n"
        lines = "".join(f"{margin}{line}\n" for line in item.split("\n"))
        return f" |2-\n{lines}" if item[0] == " " or self.random.random() < 0.3 else f" |-\n{lines}"

    def _items(self, items: list[Any], indent: int) -> str:
        margin = " " * indent
        if self._templated and all(isinstance(each, str) for each in items) and self.random.random() < 0.15:
            name = self._kept(items)
            return (
                f"{margin}{{% for one in values.{name} %}}\n{margin}- {{{{ one | tojson }}}}\n{margin}{{% endfor %}}\n"
            )
        return "".join(self._item(each, indent) for each in items)

    def _item(self, item: Any, indent: int) -> str:
        margin = " " * indent
        if isinstance(item, dict) and self.random.random() < 0.7:
            return margin + "- " + self._block(item, indent + 2).lstrip(" ")
        return f"{margin}- {self._shared(item)}\n"

    def _shared(self, item: Any) -> str:
        """Return a value on one line; at times a text has an anchor, or is an alias of an earlier one."""
        if not isinstance(item, str) or self.random.random() < 0.7:
            return self._flow(item, inside=False)
        if item in self._anchors:
            return f"*{self._anchors[item]}"
        self._anchors[item] = f"a{len(self._anchors)}"
        return f"&{self._anchors[item]} {json.dumps(item, ensure_ascii=False) if '{' not in item else quoted(item)}"

    def _flow(self, item: Any, *, inside: bool) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f"{key}: {self._flow(each, inside=True)}" for key, each in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(self._flow(each, inside=True) for each in item) + "]"
        if not isinstance(item, str):
            return json.dumps(item)
        if self._templated and self.random.random() < 0.4:
            return self._expression(item)
        style = self.random.choice(("plain", "single", "double"))
        if "{" in item:
            return quoted(item)
        if style == "single" and "\n" not in item:
            return "'" + item.replace("'", "''") + "'"
        return text(item) if style == "plain" and not inside else json.dumps(item, ensure_ascii=False)

    def _expression(self, item: str) -> str:
        name = self._kept(item)
        way = self.random.choice(("alone", "alone", "quoted", "macro", "pieces"))
        if way == "quoted" and item.isalnum():
            return self.random.choice((f'"{{{{ values.{name} }}}}"', f"'{{{{ values.{name} }}}}'"))
        if way == "macro":
            return f"{{{{ say(values.{name}) }}}}"
        if way == "pieces":
            return f'{{{{ (values.{name} ~ "") | tojson }}}}'
        return f"{{{{ values.{name} | tojson }}}}"

    def _kept(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return name


def edited(random: Random, kind: str, live: dict[str, Any]) -> dict[str, Any]:
    """Return a live object with one to three random edits, as a colleague makes them."""
    found: dict[str, Any] = json.loads(json.dumps(live))
    for _ in range(random.randint(1, 3)):
        if kind == "SmartLiveRoom":
            name = random.choice([name for name in ROOM_FIELDS if name in found] or ["room_description"])
            found[name] = random.choice(ROOM_FIELDS[name])
            continue
        rules = found["interaction_rules"]
        what = random.choice(("text", "window", "add", "remove", "new text", "switch"))
        one = random.choice(rules)
        if what == "text":
            one["trigger"]["reply_texts"][0] = random.choice(WORDS)
        elif what == "window":
            one["trigger"]["time_window"] = random.choice((30, 60, 90))
        elif what == "add":
            rules.insert(random.randint(0, len(rules)), rule(random, f"new{random.randint(0, 99)}"))
        elif what == "remove" and len(rules) > 1:
            rules.remove(one)
        elif what == "new text" and len(one["trigger"]["reply_texts"]) < 5:
            one["trigger"]["reply_texts"].append(random.choice(WORDS))
        elif what == "switch":
            one["enabled"] = not one.get("enabled", True)
    names = [each["rule_name"] for each in found.get("interaction_rules", ())]
    return found if len(names) == len(set(names)) else live

"""Plausible recordings made from rules: events that match, that nearly match, and that nothing answers.

The same rules, count and seed give the same recording. It proves nothing about real viewers; it exercises the rules.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence

from reconciler.interaction_rules.event import as_number
from reconciler.interaction_rules.pattern_tree import PatternNode
from reconciler.interaction_rules.portable_regex import parse_pattern
from reconciler.interaction_rules.prepared_rule import EvaluatedRule, Tag
from reconciler.model.json_types import Json

START = 1_767_225_600_000
"""The first event's timestamp: the same in every recording."""

_VIEWERS = 200
_SMALL_TALK = ("在吗", "你好", "哈哈哈", "666", "hello", "来了来了", "主播好", "good evening", "晚上好", "?")
_GIFTS = ("小星星", "玫瑰", "rose")
_USER_KEYS = frozenset({"level", "badgeLevel", "badge", "name", "userId"})
_GIFT_KEYS = frozenset({"giftName", "giftNum", "totalValue", "giftValue"})
_TYPES = (1, 2, 3, 4, 10)


def generated_recording(rules: Sequence[EvaluatedRule], count: int, seed: int) -> str:
    """Return a recording of `count` events as JSONL, in the shape of the wire."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in _rows(rules, count, random.Random(seed)))  # noqa: S311 - a recording, no secret


def _rows(rules: Sequence[EvaluatedRule], count: int, chance: random.Random) -> Iterator[dict[str, Json]]:
    known = [rule for rule in rules if rule.enabled and rule.event_type in _TYPES]
    timestamp = START
    for _ in range(count):
        yield _event(known, timestamp, chance)
        timestamp += chance.choice((200, 900, 2_000, 5_000, 15_000))


def _event(rules: Sequence[EvaluatedRule], timestamp: int, chance: random.Random) -> dict[str, Json]:
    user: dict[str, Json] = {"userId": f"u{chance.randrange(_VIEWERS)}", "level": chance.randrange(1, 60)}
    sort = chance.choices(("match", "near", "silent"), (5, 2, 3))[0]
    if sort == "silent" or not rules:
        kind = chance.choice((1, 1, 1, 1, 2, 3))
        content: dict[str, Json] = {"user": user}
        if kind == 1:
            content["content"] = chance.choice(_SMALL_TALK)
        return _row(timestamp, kind, content)
    rule = chance.choice(rules)
    kind = rule.event_type or 1
    content = {} if kind == 10 else {"user": user}
    if kind in {1, 10}:
        content["content"] = chance.choice(_SMALL_TALK)
    if kind == 4:
        number = chance.randrange(1, 20)
        content["gift"] = {
            "giftName": chance.choice(_GIFTS),
            "giftNum": number,
            "totalValue": number * 3,
            "giftValue": 3,
        }
    tags = () if rule.reserved else rule.tags
    missed = chance.randrange(len(tags)) if tags and sort == "near" else -1
    for number, tag in enumerate(tags):
        _put(content, tag, _value(tag, chance, near=number == missed))
    return _row(timestamp, kind, content)


def _row(timestamp: int, kind: int, content: dict[str, Json]) -> dict[str, Json]:
    return {"timestamp": timestamp, "type": kind, "content": json.dumps(content, ensure_ascii=False)}


def _put(content: dict[str, Json], tag: Tag, value: Json) -> None:
    holder = "user" if tag.name in _USER_KEYS else "gift" if tag.name in _GIFT_KEYS else ""
    inside = content.get(holder)
    if isinstance(inside, dict):
        inside[tag.name] = value
    elif tag.name:
        content[tag.name] = value


def _value(tag: Tag, chance: random.Random, *, near: bool) -> Json:
    if tag.match.startswith("MATH_"):
        return _number(tag, near=near)
    if tag.match == "REGEX":
        parsed = parse_pattern(tag.value)
        text = "".join(_sample(parsed.root, chance)) if not parsed.invalid else tag.value
        before, after = chance.choice((("", ""), ("请问", ""), ("", "?"), ("hi ", "")))
        return (text[:-1] if near else before + text + after)[:4096]
    return tag.value[:-1] if near else tag.value


def _number(tag: Tag, *, near: bool) -> int:
    bound = int(as_number(tag.value) or 0)
    steps = {"MATH_GT": 1, "MATH_LT": -1}
    step = steps.get(tag.match, 0)
    if not near:
        return bound + step
    return bound if step else bound + (1 if tag.match == "MATH_LE" else -1)


def _sample(node: PatternNode, chance: random.Random) -> Iterator[str]:
    """Yield the parts of a text that a pattern matches, as far as it is portable."""
    kinds: dict[str, Callable[[], Iterator[str]]] = {
        "concat": lambda: (text for part in node.parts for text in _sample(part, chance)),
        "group": lambda: _sample(node.parts[0], chance),
        "alternation": lambda: _sample(chance.choice(node.parts), chance),
        "repeat": lambda: _repeated(node, chance),
    }
    if node.type in kinds:
        yield from kinds[node.type]()
    elif node.type == "literal":
        yield node.text
    elif node.type == "any":
        yield chance.choice("的a1")
    elif node.type == "set":
        inside = node.text[1:-1]
        yield chance.choice("的a1") if inside.startswith("^") else inside.removeprefix("\\")[:1]


def _repeated(node: PatternNode, chance: random.Random) -> Iterator[str]:
    most = node.low + 2 if node.high is None else min(node.high, node.low + 2)
    for _ in range(min(chance.randint(node.low, max(node.low, most)), 50)):
        yield from _sample(node.parts[0], chance)

"""Describes an interaction rule as one English sentence.

Its input is a raw rule as the service returns it: a field of a wrong type counts as absent.
"""

import json
from collections.abc import Iterator, Mapping

from reconciler.kinds.base.problem import as_integer, as_text
from reconciler.model.json_types import Json, as_list, as_object
from reconciler.strings import count

_EVENTS = {1: "comments", 2: "users who join", 3: "likes", 4: "gifts", 10: "the preset script"}
_VERBS = {
    "EQUAL": "is",
    "REGEX": "matches",
    "MATH_GT": "is greater than",
    "MATH_GE": "is at least",
    "MATH_LT": "is less than",
    "MATH_LE": "is at most",
    "MATH_EQ": "equals",
}
_AGGREGATES = {"SUM": "the sum of ", "AVG": "the average of ", "COUNT": "the count of "}
_PLAYED = {"APPEND": "at the end of the queue", "INSERT": "after the current sentence"}
_USUAL_PRIORITY = 500


def rule_sentence(rule: Mapping[str, Json]) -> str:
    """Return the sentence of a rule: its name, on which events it acts and when, what it does, and how often.

    >>> rule_sentence({"rule_name": "price", "event_type": 1, "hit_condition": {"relation": "AND", "tags": [
    ...     {"tag": "content", "match": "REGEX", "value": "price|how much"}]}, "trigger": {
    ...     "reply_mode": "SYSTEM_REPLY", "reply_texts": ["It is 5 yuan."], "time_window": 30}})
    'price: on comments where content matches "price|how much", replies "It is 5 yuan.", at most once in 30 s'
    """
    condition, trigger = as_object(rule.get("hit_condition")), as_object(rule.get("trigger"))
    name = as_text(rule.get("rule_name")) or "without a name"
    state = " (disabled)" if rule.get("enabled") is False else ""
    parts = [_occasion(rule, condition), _action(trigger), _window(trigger), *_details(rule, condition)]
    return f"{name}{state}: {', '.join(part for part in parts if part)}"


def _occasion(rule: Mapping[str, Json], condition: Mapping[str, Json]) -> str:
    number = as_integer(rule.get("event_type"))
    events = "events of no given type" if number is None else _EVENTS.get(number, f"events of type {number}")
    relation = as_text(condition.get("relation")).upper()
    if relation == "RESERVED":
        return f"on {events} that no other rule answers"
    tags = [_comparison(tag) for tag in as_list(condition.get("tags")) if isinstance(tag, Mapping)]
    joined = (" or " if relation == "OR" else " and ").join(tags)
    return f"on {events} where {joined}" if joined else f"on {events}"


def _comparison(tag: Mapping[str, Json]) -> str:
    name = _AGGREGATES.get(as_text(tag.get("operation")), "") + (as_text(tag.get("tag")) or "a value")
    match = as_text(tag.get("match"))
    return f"{name} {_VERBS.get(match, match or 'is compared with')} {_quoted(tag.get('value'))}"


def _action(trigger: Mapping[str, Json]) -> str:
    mode = as_text(trigger.get("reply_mode"))
    texts = [_quoted(text) for text in as_list(trigger.get("reply_texts"))]
    said = " and ".join(part for part in (_one_of(texts, trigger), _recordings(trigger)) if part)
    done = {
        "CALLBACK": f"calls back with {said}" if said else "calls back",
        "SYSTEM_REPLY_AND_CALLBACK": f"replies {said} and calls back" if said else "replies and calls back",
        "SHOW_LAYER": "",
        "INTELLIGENT_REPLY": f"lets the robot {as_text(trigger.get('robot_id')) or 'that is not given'} reply",
    }.get(mode, f"replies {said}" if said else "replies with nothing" if mode == "SYSTEM_REPLY" else "")
    speaker = " as the co-streamer" if trigger.get("reply_role") == "CO_STREAMER" and done else ""
    played = _PLAYED.get(as_text(trigger.get("play_type")), "")
    spoken = f"{done}{speaker}{f' {played}' if played and done else ''}"
    return " and ".join(part for part in (spoken, *_layers(trigger)) if part) or "does nothing"


def _one_of(texts: list[str], trigger: Mapping[str, Json]) -> str:
    if len(texts) < 2:
        return "".join(texts)
    order = {"RANDOM": " at random", "ORDER": " in order"}.get(as_text(trigger.get("reply_order")), "")
    return f"one of {', '.join(texts)}{order}"


def _recordings(trigger: Mapping[str, Json]) -> str:
    audios = [as_object(audio) for audio in as_list(trigger.get("reply_audios"))]
    names = [_quoted(audio["audio_name"]) for audio in audios if as_text(audio.get("audio_name"))]
    return f"with the {count(len(audios), 'recording')} {', '.join(names)}".rstrip() if audios else ""


def _layers(trigger: Mapping[str, Json]) -> Iterator[str]:
    for name, word in (("layer_config", "a layer"), ("extra_layer_config", "an extra layer")):
        layer = as_object(trigger.get(name))
        kind = as_text(layer.get("layer_type"))
        if layer:
            yield f"shows {word}{f' of type {kind}' if kind else ''}"


def _window(trigger: Mapping[str, Json]) -> str:
    seconds = as_integer(trigger.get("time_window"))
    if seconds is None:
        return ""
    return {-1: "once in a broadcast", 0: "every time"}.get(seconds, f"at most once in {seconds:,} s")


def _details(rule: Mapping[str, Json], condition: Mapping[str, Json]) -> Iterator[str]:
    priority = as_integer(condition.get("priority"))
    if priority is not None and priority != _USUAL_PRIORITY:
        yield f"priority {priority}"
    scenes = [_quoted(scene) for scene in as_list(rule.get("enabled_scenes"))]
    if scenes:
        yield f"only in {'the scene' if len(scenes) == 1 else 'the scenes'} {', '.join(scenes)}"
    if as_text(rule.get("group_name")):
        yield f"from the group {_quoted(rule['group_name'])}"
    if as_object(rule.get("review_config")).get("no_need_review") is True:
        yield "without review"


def _quoted(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else json.dumps(value)

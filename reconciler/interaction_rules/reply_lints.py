"""Lints of what one rule does: windows, replies, layers, media (docs/api/rules.md §7)."""

import re
from collections.abc import Iterator, Mapping

from reconciler.interaction_rules.layer_lints import LAYERS, layer_lints
from reconciler.interaction_rules.lint_finding import (
    LintedRule,
    LintFinding,
    as_mapping,
    as_text,
    error,
    info,
    is_integer,
    warning,
)
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json, as_list

CHARACTERS_PER_SECOND = 4
"""Approximate speed of a spoken reply (rules.md §7: window-short, inferred)."""

_PLACEHOLDER = late_pattern(r"\{\{|\{%|\$\{|%s|TODO|FIXME|x{3,}|待补充|示例文案", re.IGNORECASE)


def reply_lints(rule: LintedRule, room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
    """Yield findings of a rule's trigger; `room` is the spec of the room that holds it, None in a library."""
    yield from _window(rule)
    yield from _mode(rule)
    yield from _texts(rule)
    yield from _parties(rule, room)
    yield from layer_lints(rule, room)


def _window(rule: LintedRule) -> Iterator[LintFinding]:
    window, path = rule.window, (*rule.path, "trigger", "time_window")
    if window is None:
        yield warning(
            path if "time_window" in rule.trigger else rule.name_path,
            "window-absent",
            "no time_window: the service documents no default",
            "set time_window (0 = every time)",
        )
        return
    if not is_integer(window) or not -1 <= window <= 7200:
        yield error(
            path, "window-range", f"time_window {window!r} is not an integer from -1 to 7200", "use seconds, 0 or -1"
        )
        return
    seconds = window
    if seconds == -1 and rule.event_type == 1:
        yield warning(path, "window-once", "a comment is answered once, then never again", "set a window in seconds")
    longest = max((len(text) for text in rule.texts()), default=0)
    if seconds > 0 and longest > seconds * CHARACTERS_PER_SECOND:
        yield info(
            path,
            "window-short",
            f"the longest reply takes about {longest // CHARACTERS_PER_SECOND} s to speak, the window is {seconds} s",
            "lengthen the window, or shorten the reply",
        )


def _mode(rule: LintedRule) -> Iterator[LintFinding]:
    trigger, mode = rule.trigger, as_text(rule.trigger.get("reply_mode"))
    place = (*rule.path, "trigger", "reply_mode") if "reply_mode" in trigger else rule.name_path
    texts = [text for text in rule.texts() if text.strip()]
    audios = [one for one in as_list(trigger.get("reply_audios")) if as_text(as_mapping(one).get("audio_url"))]
    layers = [name for name in LAYERS if isinstance(trigger.get(name), Mapping)]
    if not mode:
        yield warning(place, "reply-mode-absent", "no reply_mode: the service documents no default", "set reply_mode")
    if mode in {"SYSTEM_REPLY", "SYSTEM_REPLY_AND_CALLBACK"} and not texts and not audios:
        if layers:
            yield warning(
                place, "reply-none", f"{mode} has nothing to say, only a layer", "use SHOW_LAYER, or add reply_texts"
            )
        else:
            yield error(place, "reply-none", f"{mode} has neither a text, a recording nor a layer", "add reply_texts")
    if mode == "SHOW_LAYER":
        if not layers:
            yield error(place, "reply-none", "SHOW_LAYER has no layer", "add layer_config")
        if texts or audios:
            key = "reply_texts" if texts else "reply_audios"
            yield warning(
                (*rule.path, "trigger", key),
                "reply-unused",
                "SHOW_LAYER leaves the script untouched: these replies are never used",
                "remove them, or use SYSTEM_REPLY",
            )
    if mode == "INTELLIGENT_REPLY" and not as_text(trigger.get("robot_id")):
        path = (*rule.path, "trigger", "robot_id") if "robot_id" in trigger else rule.name_path
        yield error(path, "robot-missing", "INTELLIGENT_REPLY needs robot_id", "add robot_id")
    if as_text(trigger.get("robot_id")) and mode != "INTELLIGENT_REPLY":
        yield info(
            (*rule.path, "trigger", "robot_id"),
            "robot-odd",
            f"robot_id has no effect with {mode or 'no reply_mode'}",
            "remove it, or use INTELLIGENT_REPLY",
        )
    elif mode == "INTELLIGENT_REPLY" and rule.event_type != 1:
        yield info(place, "robot-odd", "model replies are offered for comments (event_type 1)", "use event_type 1")
    if mode in {"CALLBACK", "SYSTEM_REPLY_AND_CALLBACK"}:
        yield info(
            place,
            "callback-url",
            f"{mode} needs interaction_callback_url when the broadcast starts: it cannot be checked here",
            "pass it to the start call",
        )


def _texts(rule: LintedRule) -> Iterator[LintFinding]:
    trigger = rule.trigger
    path = (*rule.path, "trigger", "reply_texts")
    texts, audios = as_list(trigger.get("reply_texts")), as_list(trigger.get("reply_audios"))
    for key, found in (("reply_texts", texts), ("reply_audios", audios)):
        if len(found) > 5:
            yield error(
                (*rule.path, "trigger", key),
                "reply-too-many",
                f"{len(found)} {key}; at most 5 are accepted",
                "remove some",
            )
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            continue
        place = (*path, number)
        if len(text) > 1024:
            yield error(
                place, "reply-too-long", f"a reply of {len(text)} characters; at most 1024 are accepted", "shorten it"
            )
        if not text.strip() and len(texts) > 1:
            yield warning(place, "reply-blank", "a blank reply among others: ORDER reaches it", "remove it")
        if placeholder := _PLACEHOLDER.search(text):
            yield warning(
                place,
                "reply-placeholder",
                f"the spoken text holds {placeholder[0]!r}",
                "write the text that is to be said",
            )
        if "<" in text and not _well_formed(text):
            yield info(
                place,
                "reply-markup",
                "the text holds < and is not well-formed XML",
                "close the tags, or write the sign as a word",
            )
    if texts and audios:
        yield warning(
            (*rule.path, "trigger", "reply_audios"),
            "reply-mixed",
            "texts and recordings both: which are used is not documented",
            "keep one of the two",
            path,
        )
    if (len(texts) > 1 or len(audios) > 1) and not as_text(trigger.get("reply_order")):
        yield info(
            rule.name_path,
            "reply-order-absent",
            "several replies and no reply_order: no default is documented",
            "set reply_order",
        )


def _well_formed(text: str) -> bool:
    if "<!" in text:
        return False
    from xml.etree import ElementTree as ET  # for start-up: few replies have markup

    try:
        ET.fromstring(f"<r>{text}</r>")  # noqa: S314 - no document type passes the line above
    except ET.ParseError:
        return False
    return True


def _parties(rule: LintedRule, room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
    if (
        room is not None
        and rule.trigger.get("reply_role") == "CO_STREAMER"
        and not isinstance(room.get("co_streamer_config"), Mapping)
    ):
        yield warning(
            (*rule.path, "trigger", "reply_role"),
            "co-streamer",
            "the room has no co_streamer_config: there is no such voice",
            "add co_streamer_config, or use STREAMER",
        )
    if as_mapping(rule.rule.get("review_config")).get("no_need_review") is True:
        yield info(
            (*rule.path, "review_config", "no_need_review"),
            "review-flag",
            "no_need_review works for white-listed accounts only",
            "",
        )

"""Lints of what one rule does: windows, replies, layers, media (docs/api/rules.md §7)."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from reconciler.interaction_rules.lint_finding import (
    LintedRule,
    LintFinding,
    as_list,
    as_mapping,
    as_text,
    error,
    info,
    is_integer,
    warning,
)
from reconciler.model.resource import Json
from reconciler.model.source import Path

CHARACTERS_PER_SECOND = 4
"""How fast a reply is spoken, about (rules.md §7: window-short, inferred)."""

CANVASES = ((1920, 1080), (1080, 1920))
_PLACEHOLDER = re.compile(r"\{\{|\{%|\$\{|%s|TODO|FIXME|x{3,}|待补充|示例文案", re.IGNORECASE)
_MEDIA: Mapping[str, frozenset[str]] = {
    "audio_url": frozenset({"mp3", "m4a", "wav"}),
    "image_url": frozenset({"png", "jpg", "jpeg", "bmp"}),
    "video_url": frozenset({"mp4", "m4v", "mkv", "mov", "flv", "3gp", "wmv", "avi"}),
}
_LAYER_CONTENT = {
    "IMAGE": ("image_config", "image_url"),
    "VIDEO": ("video_config", "video_url"),
    "TEXT": ("text_config", ""),
}
_LAYERS = ("layer_config", "extra_layer_config")


def reply_lints(rule: LintedRule, room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
    """Yield findings of a rule's trigger; `room` is the spec of the room that holds it, None in a library."""
    yield from _window(rule)
    yield from _mode(rule)
    yield from _texts(rule)
    yield from _parties(rule, room)
    for name in _LAYERS:
        layer = rule.trigger.get(name)
        if isinstance(layer, Mapping):
            yield from _layer((*rule.path, "trigger", name), layer, room)
    yield from _two_layers(rule, room)
    yield from _media(rule)


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
    layers = [name for name in _LAYERS if isinstance(trigger.get(name), Mapping)]
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
                (*rule.path, "trigger", key), "reply-many", f"{len(found)} {key}; at most 5 are accepted", "remove some"
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


def _layer(path: Path, layer: Mapping[str, Json], room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
    kind = as_text(layer.get("layer_type"))
    if kind in _LAYER_CONTENT:
        name, url = _LAYER_CONTENT[kind]
        content = layer.get(name)
        if not isinstance(content, Mapping):
            if not as_text(layer.get("asset_id")):
                yield error(
                    (*path, "layer_type"), "layer-config", f"a {kind} layer without {name} shows nothing", f"add {name}"
                )
        elif url and not as_text(content.get(url)):
            place = (*path, name, url) if url in content else (*path, name)
            yield error(place, "layer-config", f"{url} of a {kind} layer is empty", f"set {url}")
    size = as_mapping(layer.get("text_config")).get("font_size")
    if is_integer(size) and size < 4:
        yield warning(
            (*path, "text_config", "font_size"), "font-small", f"font_size {size} does not show", "use 4 or more"
        )
    yield from _place_of(path, layer, room)


def _place_of(path: Path, layer: Mapping[str, Json], room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
    position, size = as_mapping(layer.get("position")), as_mapping(layer.get("size"))
    if not position:
        return
    left, top = (_whole(position.get(name)) for name in ("dx", "dy"))
    width, height = (_whole(size.get(name)) for name in ("width", "height"))
    ends = ("width" in size and left + width <= 0) or ("height" in size and top + height <= 0)
    place = (*path, "position")
    if left >= 1920 or top >= 1920 or (left >= 1080 and top >= 1080) or ends:
        yield error(place, "layer-hidden", f"the layer at {left},{top} lies outside both canvases", "move it inside")
        return
    outside = [canvas for canvas in _canvases(room) if left >= canvas[0] or top >= canvas[1]]
    if outside:
        wide, high = outside[0]
        yield warning(
            place,
            "layer-outside",
            f"the layer at {left},{top} lies outside the canvas of {wide}x{high}",
            "move it inside",
        )


def _whole(value: Json) -> int:
    return value if is_integer(value) else 0


def _canvases(room: Mapping[str, Json] | None) -> tuple[tuple[int, int], ...]:
    if room is None:
        return CANVASES
    video = as_mapping(room.get("video_config"))
    size = (_whole(video.get("width")), _whole(video.get("height")))
    if size in CANVASES:
        return (size,)
    modes = {"LANDSCAPE": CANVASES[:1], "VERTICAL": CANVASES[1:]}
    return modes.get(as_text(room.get("view_mode")), ())


def _two_layers(rule: LintedRule, room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
    layers = [as_mapping(rule.trigger.get(name)) for name in _LAYERS]
    path = (*rule.path, "trigger", "extra_layer_config")
    indexes = [as_mapping(layer.get("position")).get("layer_index") for layer in layers]
    if all(layers) and indexes[0] is not None and indexes[0] == indexes[1]:
        yield warning(
            (*path, "position", "layer_index"),
            "layer-same-index",
            f"both layers have layer_index {indexes[0]}: they stack at random",
            "give them different indexes",
            (*rule.path, "trigger", "layer_config", "position", "layer_index"),
        )
    videos = sum(layer.get("layer_type") == "VIDEO" for layer in layers)
    scenes = _scene_videos(room) if room is not None else 0
    if videos == 2:
        yield warning(
            (*path, "layer_type"), "layer-videos", "two video layers in one rule", "use a picture for one of them"
        )
    elif videos and scenes + videos > 3:
        name = next(name for name in _LAYERS if as_mapping(rule.trigger.get(name)).get("layer_type") == "VIDEO")
        yield warning(
            (*rule.path, "trigger", name, "layer_type"),
            "layer-videos",
            f"a scene has {scenes} videos and the rule adds {videos}; at most 3 are overlaid",
            "remove a video",
        )


def _scene_videos(room: Mapping[str, Json]) -> int:
    counts = [
        sum(as_mapping(layer).get("layer_type") == "VIDEO" for layer in as_list(as_mapping(scene).get("layer_config")))
        for scene in as_list(room.get("scene_scripts"))
    ]
    return max(counts, default=0)


def _media(rule: LintedRule) -> Iterator[LintFinding]:
    trigger = rule.trigger
    places: list[tuple[Path, str, Json]] = [
        ((*rule.path, "trigger", "reply_audios", number, "audio_url"), "audio_url", as_mapping(one).get("audio_url"))
        for number, one in enumerate(as_list(trigger.get("reply_audios")))
    ]
    for name in _LAYERS:
        for part, key in (("image_config", "image_url"), ("video_config", "video_url")):
            content = as_mapping(as_mapping(trigger.get(name)).get(part))
            places.append(((*rule.path, "trigger", name, part, key), key, content.get(key)))
    for path, key, url in places:
        if not isinstance(url, str) or not url:
            continue
        ending = _extension(url)
        if ending and ending not in _MEDIA[key]:
            allowed = ", ".join(sorted(_MEDIA[key]))
            yield warning(
                path, "media-format", f"{ending} is not among the documented formats", f"use one of {allowed}"
            )


def _extension(url: str) -> str:
    try:
        name = urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        return ""
    return name.rpartition(".")[2].lower() if "." in name else ""

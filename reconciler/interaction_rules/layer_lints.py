"""Lints of what one rule shows: layers, videos, media (docs/api/rules.md §7)."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from reconciler.interaction_rules.lint_finding import (
    LintedRule,
    LintFinding,
    as_mapping,
    as_text,
    error,
    is_integer,
    warning,
)
from reconciler.model.json_types import Json, as_list
from reconciler.model.source_map import DocumentPath

CANVASES = ((1920, 1080), (1080, 1920))
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
LAYERS = ("layer_config", "extra_layer_config")


def layer_lints(rule: LintedRule, room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
    """Yield findings of a rule's layers and media; `room` is the spec of the room that holds it, None in a library."""
    for name in LAYERS:
        layer = rule.trigger.get(name)
        if isinstance(layer, Mapping):
            yield from _layer((*rule.path, "trigger", name), layer, room)
    yield from _two_layers(rule, room)
    yield from _media(rule)


def _layer(path: DocumentPath, layer: Mapping[str, Json], room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
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


def _place_of(path: DocumentPath, layer: Mapping[str, Json], room: Mapping[str, Json] | None) -> Iterator[LintFinding]:
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
    layers = [as_mapping(rule.trigger.get(name)) for name in LAYERS]
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
        name = next(name for name in LAYERS if as_mapping(rule.trigger.get(name)).get("layer_type") == "VIDEO")
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
    places: list[tuple[DocumentPath, str, Json]] = [
        ((*rule.path, "trigger", "reply_audios", number, "audio_url"), "audio_url", as_mapping(one).get("audio_url"))
        for number, one in enumerate(as_list(trigger.get("reply_audios")))
    ]
    for name in LAYERS:
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

"""Checks between the fields of a room, and limits that only the service's guide documents (api.md §9)."""

import re
from collections.abc import Iterator, Mapping

from reconciler.kinds.base.problem import Check, SpecProblem, about, objects, value_at, warning
from reconciler.kinds.interaction_rule_group import checks
from reconciler.kinds.media_layers import CANVASES, LANDSCAPE, VERTICAL, background_problems, layer_problems
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json

SCENE_TEXT = 200
PARAGRAPH = 2000
PARAGRAPH_SSML = 3000
ROOM_TEXT = 300_000
OVERLAID_VIDEOS = 3

_TAG = late_pattern(r"<[^<>]*>")
_MOMENT = late_pattern(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)


@about("room_type")
def no_temporary_room(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Refuse TEMP rooms: the service deletes them after their broadcast (seed 000), so each plan would create them."""
    if spec.get("room_type") == "TEMP":
        message = "TEMP rooms cannot be declared: the service deletes them after their broadcast"
        yield SpecProblem(("room_type",), "E_ROOM_TEMP", message, "write room_type: NORMAL, or leave it out")


@about("shared_config")
def expiry(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check the one format of times (seed 000, hyphens restored: api.md §10); empty means never."""
    moment = value_at(spec, "shared_config", "expire_time")
    if isinstance(moment, str) and moment and not _MOMENT.fullmatch(moment):
        message = f"expire_time {moment!r} is no time the service takes"
        yield SpecProblem(
            ("shared_config", "expire_time"), "E_FIELD_PATTERN", message, "write it as 2021-01-10T08:43:17Z"
        )


@about("interaction_rules")
def rule_scenes(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check that rules name scenes of their own room, where a list of scenes is declared."""
    scenes = {scene.get("script_name") for _, scene in objects(spec, "scene_scripts") if _hashable(scene)}
    for index, rule in objects(spec, "interaction_rules"):
        named = rule.get("enabled_scenes")
        for number, name in enumerate(named if scenes and isinstance(named, list) else ()):
            if isinstance(name, str) and name not in scenes:
                path = ("interaction_rules", index, "enabled_scenes", number)
                yield warning(
                    path, "W_SCENE_UNKNOWN", f"this room declares no scene {name!r}", "use a script_name of it"
                )


def _hashable(scene: Mapping[str, Json]) -> bool:
    return isinstance(scene.get("script_name"), str)


@about("interaction_rules")
def rule_groups(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check that rules of a room are unique by group name and rule name, by which they pair (design §4)."""
    for index, rule in objects(spec, "interaction_rules"):
        if rule.get("group_id") and not rule.get("group_name"):
            hint = "add group_name; alone it is enough, its id is looked up"
            path = ("interaction_rules", index, "group_id")
            yield warning(path, "W_RULE_GROUP_NAME", "rules of a room pair by group_name, and this one has none", hint)


def canvases(spec: Mapping[str, Json]) -> tuple[tuple[int, int], ...]:
    """Return the possible sizes of the picture: that of the video, else of the view mode, else both."""
    size = (value_at(spec, "video_config", "width"), value_at(spec, "video_config", "height"))
    if size in CANVASES:
        return (LANDSCAPE,) if size == LANDSCAPE else (VERTICAL,)
    modes = {"LANDSCAPE": (LANDSCAPE,), "VERTICAL": (VERTICAL,)}
    mode = spec.get("view_mode")
    return modes.get(mode, CANVASES) if isinstance(mode, str) else CANVASES


@about("scene_scripts", "interaction_rules")
def layers(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check that layers of scenes and of replies are inside the picture, and that backgrounds fill it."""
    sizes = canvases(spec)
    for index, scene in objects(spec, "scene_scripts"):
        for number, background in objects(scene, "background_config"):
            yield from background_problems(("scene_scripts", index, "background_config", number), background, sizes)
        for number, layer in objects(scene, "layer_config"):
            yield from layer_problems(("scene_scripts", index, "layer_config", number), layer, sizes)
    yield from checks.layers(spec, sizes)


@about("video_config")
def live_picture(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check the limits of live pictures: two sizes, one codec, one frame rate, no subtitles yet (SDK: VideoConfig)."""
    video = spec.get("video_config")
    if not isinstance(video, dict):
        return
    size = (video.get("width"), video.get("height"))
    if all(type(side) is int for side in size) and size not in CANVASES:
        yield _limit("width", f"live takes 1920×1080 or 1080×1920, not {size[0]}×{size[1]}")
    if video.get("codec", "H264") not in ("H264", None):
        yield _limit("codec", f"live takes the codec H264, not {video['codec']}")
    if video.get("frame_rate", "25") not in ("25", None):
        yield _limit("frame_rate", f"live is sent at 25 frames a second, not {video['frame_rate']}")
    if video.get("is_subtitle_enable") is True:
        yield _limit("is_subtitle_enable", "live shows no subtitles yet")


def _limit(name: str, message: str) -> SpecProblem:
    return warning(("video_config", name), "W_BUSINESS_LIMIT", message)


@about("scene_scripts")
def text_lengths(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check the limits of texts in scenes, paragraphs and rooms."""
    total = 0
    for index, scene in objects(spec, "scene_scripts"):
        texts = [(number, _text(item)) for number, item in objects(scene, "shoot_scripts") if _text(item)]
        for number, said in texts:
            yield from _paragraph(index, number, said)
        length = sum(len(_TAG.sub("", said)) for _, said in texts)
        total += length
        if texts and length <= SCENE_TEXT:
            message = f"the scene's texts have {length} characters in all; the service wants more than {SCENE_TEXT}"
            yield warning(("scene_scripts", index, "shoot_scripts"), "W_BUSINESS_LIMIT", message)
    if total >= ROOM_TEXT:
        message = f"the room's texts have {total} characters; the service takes fewer than {ROOM_TEXT}"
        yield warning(("scene_scripts",), "W_BUSINESS_LIMIT", message)


def _paragraph(scene: int, number: int, said: str) -> Iterator[SpecProblem]:
    most = PARAGRAPH_SSML if _TAG.search(said) else PARAGRAPH
    if len(said) >= most:
        path = ("scene_scripts", scene, "shoot_scripts", number, "text_config", "text")
        message = f"the paragraph has {len(said)} characters; the service takes fewer than {most}"
        yield warning(path, "W_BUSINESS_LIMIT", message, "split it")


def _text(paragraph: Mapping[str, Json]) -> str:
    said = value_at(paragraph, "text_config", "text")
    return said if isinstance(said, str) else ""


@about("scene_scripts")
def overlaid_videos(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check that at most three videos overlay the picture at a time, those of rules included."""
    replies = sum(
        value_at(rule, "trigger", name, "layer_type") == "VIDEO"
        for _, rule in objects(spec, "interaction_rules")
        for name in ("layer_config", "extra_layer_config")
    )
    for index, scene in objects(spec, "scene_scripts"):
        own = sum(layer.get("layer_type") == "VIDEO" for _, layer in objects(scene, "layer_config"))
        if own + replies > OVERLAID_VIDEOS:
            message = f"{own} videos of the scene and {replies} of rules may show; at most {OVERLAID_VIDEOS} do"
            yield warning(("scene_scripts", index), "W_BUSINESS_LIMIT", message)


CHECKS: tuple[Check, ...] = (
    no_temporary_room,
    expiry,
    checks.names,
    checks.preset_tags,
    rule_scenes,
    rule_groups,
    layers,
    live_picture,
    text_lengths,
    overlaid_videos,
)

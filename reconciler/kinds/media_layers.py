"""Layers over the picture, in scenes and in replies of rules.

Scenes and rules have layers of two makes (SDK: LayerConfig, SmartLayerConfig) that share position and size.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from reconciler.kinds.base.field_builders import SpecModel, choice, flag, integer, nested_object, text
from reconciler.kinds.base.problem import SpecProblem, integer_or, value_at, warning
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath

FONT = "HarmonyOS_Sans_SC_Black"
WHITE = "#FFFFFF"
_LOOP = "0 = not played, -1 = loop for ever."
_STAY = "How long it stays; 0 = as long as the reply audio, or as the matched keyword audio without a reply."
_EXTERNAL = "Asset of the layer; leave it out for external (URL) material."


class LayerPositionConfig(SpecModel):
    """Position of a layer's upper left corner, and its stacking order."""

    dx: int = integer(-1920, 3840, default=0, required=True, unit="pixel", doc="Pixels from the left edge.")
    dy: int = integer(-1920, 3840, default=0, required=True, unit="pixel", doc="Pixels from the upper edge.")
    layer_index: int = integer(
        1, 100, default=100, required=True, doc="Stacking: 1 is the bottom; equal indexes stack at random."
    )


class LayerSizeConfig(SpecModel):
    """Size of a layer."""

    width: int | None = integer(1, 7680, unit="pixel", doc="Width of the layer.")
    height: int | None = integer(1, 7680, unit="pixel", doc="Height of the layer.")


class LayerRotationConfig(SpecModel):
    """Rotation of a layer."""

    angle: int | None = integer(0, 360, default=0, doc="Degrees; video layers do not rotate.")


class ImageLayerConfig(SpecModel):
    """A picture laid over a scene."""

    image_url: str | None = text(1, 2048, volatile_url=True, doc="Address of the picture.")


class VideoLayerConfig(SpecModel):
    """A video laid over a scene."""

    video_url: str | None = text(1, 2048, volatile_url=True, doc="Address of the video.")
    video_cover_url: str | None = text(1, 2048, volatile_url=True, doc="Address of the video's cover.")
    loop_count: int | None = integer(-1, 100, default=-1, doc="How often it plays: " + _LOOP)
    video_sound: int | None = integer(0, 100, default=0, doc="Percent of the original volume; 0 = mute.")
    is_play_the_entire_video: bool | None = flag(
        default=False, doc="Whether it plays to its end; false stops it with the text or recording."
    )


class TextLayerConfig(SpecModel):
    """A text laid over a scene."""

    text_context: str | None = text(0, 1024, format="base64", doc="The text, in Base64 (scene layers only).")
    font_name: str | None = text(0, 64, default=FONT, doc="Font.")
    font_size: int | None = integer(0, 120, default=16, recommended_min=4, doc="Font size; sizes below 4 do not show.")
    font_color: str | None = text(0, 16, default=WHITE, doc="Font colour as #RRGGBB; older rooms hold 16777215.")


class LayerConfig(SpecModel):
    """One layer of a scene; what it shows stands in the config of its type, or in its asset."""

    layer_type: Literal["HUMAN", "IMAGE", "VIDEO", "TEXT"] = choice(required=True, doc="What the layer shows.")
    asset_id: str | None = text(0, 64, doc=_EXTERNAL)
    group_id: str | None = text(
        0, 64, doc="Layers of one group share their place across scenes; not a rule library's id."
    )
    sequence_no: int | None = integer(0, 2147483647, doc="Shown with this paragraph (shoot_scripts.sequence_no).")
    position: LayerPositionConfig | None = nested_object(doc="Where it is.")
    size: LayerSizeConfig | None = nested_object(doc="How large it is.")
    rotation: LayerRotationConfig | None = nested_object(doc="How it is turned.")
    image_config: ImageLayerConfig | None = nested_object(
        required_when="layer_type == 'IMAGE' (inferred)", doc="The picture."
    )
    video_config: VideoLayerConfig | None = nested_object(
        required_when="layer_type == 'VIDEO' (inferred)", doc="The video."
    )
    text_config: TextLayerConfig | None = nested_object(
        required_when="layer_type == 'TEXT' (inferred)", doc="The text."
    )


class SmartImageLayerConfig(SpecModel):
    """A picture that a rule shows."""

    image_url: str = text(0, 2048, required=True, volatile_url=True, doc="Address of the picture.")
    display_duration: int | None = integer(0, 3600, default=0, doc=_STAY)


class SmartVideoLayerConfig(SpecModel):
    """A video that a rule shows."""

    video_url: str = text(0, 2048, required=True, volatile_url=True, doc="Address of the video.")
    video_cover_url: str | None = text(0, 2048, volatile_url=True, doc="Address of the video's cover.")
    display_duration: int | None = integer(0, 3600, default=0, doc=_STAY)


class SmartTextLayerConfig(SpecModel):
    """A text that a rule shows; unlike in scenes it is plain text, not Base64."""

    text_type: Literal["DYNAMIC", "STATIC"] | None = choice(
        default="DYNAMIC", doc="DYNAMIC: keywords in it are replaced; STATIC: it is shown as it is."
    )
    text_context: str | None = text(0, 1024, doc="The text.")
    font_name: str | None = text(0, 64, default=FONT, doc="Font.")
    font_size: int | None = integer(0, 120, default=16, recommended_min=4, doc="Font size; sizes below 4 do not show.")
    font_color: str | None = text(0, 16, default=WHITE, doc="Font colour as #RRGGBB; older rules hold 16777215.")
    display_duration: int | None = integer(0, 3600, default=0, doc=_STAY)


class SmartLayerConfig(SpecModel):
    """One layer that a rule's reply shows."""

    layer_type: Literal["IMAGE", "VIDEO", "TEXT"] = choice(required=True, doc="What the layer shows.")
    asset_id: str | None = text(0, 64, doc=_EXTERNAL)
    position: LayerPositionConfig | None = nested_object(doc="Where it is.")
    size: LayerSizeConfig | None = nested_object(doc="How large it is.")
    image_config: SmartImageLayerConfig | None = nested_object(
        required_when="layer_type == 'IMAGE' (inferred)", doc="The picture."
    )
    video_config: SmartVideoLayerConfig | None = nested_object(
        required_when="layer_type == 'VIDEO' (inferred)", doc="The video."
    )
    text_config: SmartTextLayerConfig | None = nested_object(
        required_when="layer_type == 'TEXT' (inferred)", doc="The text."
    )


LANDSCAPE = (1920, 1080)
VERTICAL = (1080, 1920)
CANVASES = (LANDSCAPE, VERTICAL)
"""Live pictures have one of these sizes (api.md §9)."""

_CONTENT = {"IMAGE": "image_config", "VIDEO": "video_config", "TEXT": "text_config"}


def layer_problems(
    path: DocumentPath, layer: Json, canvases: tuple[tuple[int, int], ...] = CANVASES
) -> Iterator[SpecProblem]:
    """Yield what is odd about one layer; it must fit into one of the canvases."""
    if isinstance(layer, dict):
        yield from _outside(path, layer, canvases)
        yield from _empty(path, layer)


def background_problems(
    path: DocumentPath, background: Json, canvases: tuple[tuple[int, int], ...]
) -> Iterator[SpecProblem]:
    """Yield where a background leaves a part of the picture empty (SDK: BackgroundImageConfig)."""
    part = value_at(background, "background_image_config")
    if not isinstance(part, dict):
        return
    right, lower = (
        integer_or(part.get("dx")) + integer_or(part.get("width")),
        integer_or(part.get("dy")) + integer_or(part.get("height")),
    )
    if all(right < wide or lower < high for wide, high in canvases):
        message = (
            f"the background reaches to x {right} and y {lower} and does not fill the picture of {_sizes(canvases)}"
        )
        yield warning((*path, "background_image_config"), "W_BACKGROUND_GAP", message, "enlarge it, or move it")


def _sizes(canvases: tuple[tuple[int, int], ...]) -> str:
    return " or ".join(f"{wide}×{high}" for wide, high in canvases)


def _outside(
    path: DocumentPath, layer: Mapping[str, Json], canvases: tuple[tuple[int, int], ...]
) -> Iterator[SpecProblem]:
    if not isinstance(layer.get("position"), Mapping):
        return
    left, upper = (integer_or(value_at(layer, "position", name)) for name in ("dx", "dy"))
    right, lower = (
        left + integer_or(value_at(layer, "size", "width")),
        upper + integer_or(value_at(layer, "size", "height")),
    )
    if any(left >= 0 and upper >= 0 and right <= wide and lower <= high for wide, high in canvases):
        return
    message = (
        f"the layer covers x {left} to {right} and y {upper} to {lower}, outside the picture of {_sizes(canvases)}"
    )
    yield warning((*path, "position"), "W_LAYER_OUTSIDE", message, "move or shrink it, or what lies outside is cut off")


def _empty(path: DocumentPath, layer: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """A layer without an asset needs the config of its type; that is inferred, not documented: a warning."""
    kind = layer.get("layer_type")
    name = _CONTENT.get(kind) if isinstance(kind, str) else None
    if name and not layer.get("asset_id") and not isinstance(layer.get(name), Mapping):
        message = f"the {kind} layer has neither asset_id nor {name}: it shows nothing"
        yield warning((*path, "layer_type"), "W_LAYER_EMPTY", message, f"add {name}, or the asset_id of its material")

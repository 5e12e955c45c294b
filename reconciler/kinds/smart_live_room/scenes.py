"""The scenes of a live room: who speaks, before which background, with which layers, what is said.

Source: SDK object LiveVideoScriptInfo; scenes are visible through show only.
"""

from typing import Literal

from reconciler.kinds.base.field import FieldRole
from reconciler.kinds.base.field_builders import (
    SpecModel,
    by_key_in_order,
    choice,
    integer,
    items,
    keyed_by,
    nested_object,
    text,
)
from reconciler.kinds.media_layers import WHITE, LayerConfig


class VoiceConfig(SpecModel):
    """A voice and how it speaks."""

    voice_asset_id: str = text(1, 64, required=True, doc="Asset of the voice.")
    speed: int | None = integer(
        50, 200, default=100, doc="50 = half, 100 = normal (about 250 Chinese characters a minute), 200 = double."
    )
    pitch: int | None = integer(50, 200, default=100, doc="Pitch.")
    volume: int | None = integer(90, 240, default=140, doc="Volume.")


class BackgroundImageConfig(SpecModel):
    """Part of a larger picture that is the background."""

    dx: int = integer(
        -5760, 0, default=0, required=True, doc="Where its left edge lies; the picture must fill the canvas."
    )
    dy: int = integer(
        -5760, 0, default=0, required=True, doc="Where its upper edge lies; the picture must fill the canvas."
    )
    width: int = integer(1, 7680, required=True, doc="Width in pixels.")
    height: int = integer(1, 7680, required=True, doc="Height in pixels.")


class BackgroundConfigInfo(SpecModel):
    """One background of a scene."""

    background_type: Literal["IMAGE", "COLOR", "IMAGE_2D", "VIDEO", "AUDIO"] = choice(
        required=True, doc="What the background is; the API's text names IMAGE and COLOR only."
    )
    background_config: str | None = text(
        1, 2048, required_when="background_type == 'IMAGE'", doc="Address of the picture."
    )
    background_color_config: str | None = text(
        0,
        16,
        default=WHITE,
        pattern="^#[0-9A-Fa-f]{6}$",
        required_when="background_type == 'COLOR'",
        examples=("#1A2B3C",),
        doc="Colour as #RRGGBB.",
    )
    background_asset_id: str | None = text(0, 64, doc="Asset of the background.")
    background_image_config: BackgroundImageConfig | None = nested_object(doc="The part of the picture that shows.")


class TextConfig(SpecModel):
    """The spoken text."""

    text: str = text(
        1,
        300000,
        required=True,
        examples=("Welcome to our live room!", '<speak>Welcome!<break time="1s"/></speak>'),
        doc="The text, with SSML if wanted; 10000 characters without its tags.",
    )


class LiveAudioConfig(SpecModel):
    """A recording instead of a spoken text."""

    asset_id: str | None = text(0, 64, doc="Asset of the recording.")
    audio_url: str | None = text(0, 2048, volatile_url=True, doc="Address of the recording.")
    subtitle_url: str | None = text(0, 2048, volatile_url=True, doc="Address of its subtitles.")


class RelationProductInfo(SpecModel):
    """The product a paragraph is about."""

    product_id: str | None = text(0, 64, doc="Id of the product.")
    product_title: str | None = text(0, 256, doc="Title of the product.")


class LiveShootScriptItem(SpecModel):
    """One paragraph of a scene."""

    sequence_no: int | None = integer(
        0, 2147483647, examples=(1,), doc="Number of the paragraph; paragraphs pair by it."
    )
    title: str | None = text(0, 256, doc="Title of the paragraph.")
    text_config: TextConfig | None = nested_object(doc="What is said.")
    audio_config: LiveAudioConfig | None = nested_object(doc="What is played instead.")
    relation_product: RelationProductInfo | None = nested_object(doc="The product it is about.")


class LiveVideoScriptInfo(SpecModel):
    """One scene."""

    script_name: str = text(
        1, 256, required=True, examples=("opening",), doc="Name of the scene; rules refer to it in enabled_scenes."
    )
    script_description: str | None = text(0, 1024, doc="What the scene is for.")
    dh_id: str | None = text(0, 64, doc="Not in use yet.")
    model_asset_id: str | None = text(0, 64, doc="Asset of the avatar.")
    voice_config: VoiceConfig | None = nested_object(doc="The avatar's voice.")
    background_config: list[BackgroundConfigInfo] | None = items(0, 10, doc="The backgrounds, in order.")
    layer_config: list[LayerConfig] | None = items(
        0,
        100,
        rule=keyed_by("layer_type", "asset_id", "position.layer_index", optional=("asset_id",)),
        doc="The layers; stacking is their layer_index, not their order.",
    )
    shoot_scripts: list[LiveShootScriptItem] = items(
        0, 100, rule=by_key_in_order("sequence_no"), required=True, doc="The paragraphs, in order."
    )

    class Answer(SpecModel):
        """Fields of a scene that the service assigns; a PUT sends the id back as read."""

        script_id: str | None = text(
            1, 64, role=FieldRole.COMPUTED, in_create=True, in_update=True, doc="Id of the scene, given by the service."
        )

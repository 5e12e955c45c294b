"""Playback, picture, output and callbacks of a live room.

Sources: SDK objects PlayPolicy, VideoConfig, LiveRoomEventCallBackConfig and their neighbours; visible through show
only. Prose limits: api.md §9.
"""

from typing import Literal

from reconciler.kinds.base.field import FieldRole
from reconciler.kinds.base.field_builders import (
    SET,
    Secret,
    SpecModel,
    choice,
    flag,
    integer,
    items,
    nested_object,
    number,
    secret,
    text,
)
from reconciler.kinds.media_layers import FONT, WHITE
from reconciler.kinds.smart_live_room.scenes import VoiceConfig

_COLOR = "^#[0-9A-Fa-f]{6}$"
_LIVE_SIZE = "Live accepts only 1080x1920 and 1920x1080."


class LiveRoomInteractionConfig(SpecModel):
    """Insertion of the room's replies."""

    play_type: Literal["APPEND", "INSERT", "PLAY_NOW"] | None = choice(
        default="INSERT", doc="When a reply is spoken; a rule's own default (trigger.play_type) is PLAY_NOW."
    )
    ignore_current_sentence: bool | None = flag(
        default=False, doc="Whether the rest of a sentence that a reply cut off is dropped."
    )


class LiveExitConfig(SpecModel):
    """Conditions that end the broadcast."""

    max_live_duration: int | None = integer(
        0, 168, unit="hour", doc="Stop so long after the start; 0 or unset = no limit."
    )
    auto_stop_mode: Literal["FORCE_EXIT", "SEGMENT_END", "SCENE_END", "SCRIPT_END"] | None = choice(
        default="FORCE_EXIT", doc="Stop at once, or at the end of the paragraph, the scene or the script."
    )
    max_exception_waiting_duration: int | None = integer(
        0, 60, unit="minute", doc="Stop so long after a fault; 0 = never, unset = about 3, and the service may tune it."
    )


class PlayPolicy(SpecModel):
    """Playback of the scenes."""

    repeat_count: int | None = integer(-1, 100, default=0, doc="-1 = for ever, 0 = once, n = n+1 runs.")
    auto_play_script: bool | None = flag(
        default=True, doc="Whether playing starts once the job is ready; false waits for a signal."
    )
    play_mode: Literal["TEXT", "AUDIO", "NO_PRESET"] | None = choice(
        default="TEXT", doc="TEXT speaks texts, AUDIO plays recordings, NO_PRESET has no script and is led by hand."
    )
    random_play_mode: Literal["NONE", "SCENE", "SCRIPT_ITEM", "SCENE_AND_SCRIPT_ITEM"] | None = choice(
        default="SCRIPT_ITEM", doc="What is shuffled from the second round on: nothing, scenes, paragraphs, or both."
    )
    need_independent_capture_client: bool | None = flag(
        default=False, doc="true gives a CAPTURE and a PLAYER RTC user, false a PLAYER alone."
    )
    live_exit_config: LiveExitConfig | None = nested_object(doc="When the broadcast ends by itself.")
    is_rewrite_delay: bool | None = flag(
        default=False, doc="Whether changes to paragraphs not played yet wait for the next round."
    )


class SubtitleConfig(SpecModel):
    """Style of subtitles."""

    dx: int | None = integer(0, 1920, doc="Where the lower left corner of the box is.")
    dy: int | None = integer(0, 1920, doc="Where the lower left corner of the box is.")
    h: int | None = integer(0, 1920, doc="Height of the box; the service does not use it.")
    w: int | None = integer(0, 1920, doc="Width of the box, always 80 % of the screen; the service does not use it.")
    font_name: str | None = text(0, 64, default=FONT, doc="Font.")
    font_size: int | None = integer(0, 120, default=54, recommended_min=24, doc="Font size.")
    font_color: str | None = text(0, 16, default=WHITE, pattern=_COLOR, doc="Font colour as #RRGGBB.")
    stroke_color: str | None = text(pattern=_COLOR, examples=("#000000",), doc="Outline colour as #RRGGBB.")
    stroke_thickness: float | None = number(0, 50, doc="Outline in pixels.")
    opacity: float | None = number(0, 1, default=1.0, doc="0 = invisible, 1 = solid.")


class VideoConfig(SpecModel):
    """Format of the picture."""

    clip_mode: Literal["RESIZE", "CROP"] | None = choice(default="RESIZE", doc="Whether the picture is scaled or cut.")
    codec: Literal["H264", "VP8", "VP9", "QTRLE"] | None = choice(default="H264", doc="Only H264 is for live.")
    bitrate: int = integer(
        40,
        30000,
        required=True,
        unit="kbit/s",
        recommended_min=1000,
        recommended_max=8000,
        examples=(4000,),
        doc="Bit rate of the picture.",
    )
    width: int = integer(0, 3840, required=True, examples=(1080, 1920), doc="Width in pixels. " + _LIVE_SIZE)
    height: int = integer(0, 3840, required=True, examples=(1920, 1080), doc="Height in pixels. " + _LIVE_SIZE)
    frame_rate: Literal["24", "25", "30"] | None = choice(default="25", doc="A text; live is always 25.")
    is_subtitle_enable: bool | None = flag(default=False, doc="Whether the video has subtitles; live has none yet.")
    subtitle_config: SubtitleConfig | None = nested_object(doc="How subtitles look.")
    dx: int | None = integer(-1920, 3840, doc="Left edge of what is cut out, in pixels (clip_mode CROP).")
    dy: int | None = integer(-1920, 3840, doc="Upper edge of what is cut out, in pixels (clip_mode CROP).")
    is_enable_super_resolution: bool | None = flag(
        default=False, doc="Super-resolution; for made videos only, not for live."
    )
    is_end_at_first_frame: bool | None = flag(
        default=False, doc="Whether the last frame equals the first, to join videos; for made videos only."
    )
    output_external_url: str | None = text(1, 2048, doc="Where made videos are uploaded; needs a white-listed account.")
    is_vocabulary_config_enable: bool | None = flag(
        default=True, doc="Whether the tenant's pronunciations are used; for made videos only."
    )


class LiveRoomEventCallBackConfig(SpecModel):
    """Callback for events of the room."""

    live_event_type_callback_url: Secret | None = secret(0, 2048, doc="The https address; it may hold credentials.")
    auth_type: Literal["NONE", "MSS_A", "MSS_A_HEAD", "MEITUAN_DEFAULT"] | None = choice(
        default="NONE", doc="NONE: in the URL itself; MSS_A, MSS_A_HEAD: HMAC in the URL or in headers."
    )
    key: Secret | None = secret(0, 32, doc="The key the calls are signed with.")
    callback_event_type: (
        list[Literal["SHOOT_SCRIPT_SWITCH", "RTMP_STREAM_STATE_CHANGE", "REPLY_COMMAND_FINISH"]] | None
    ) = items(1, 10, rule=SET, doc="Events to report.")
    is_inheritance_platform_callback: bool | None = flag(
        default=False, doc="Whether the live platform's callback settings are inherited."
    )


class RTCLiveEventCallBackConfig(SpecModel):
    """Callback for events of an RTC room."""

    rtc_callback_event_type: list[Literal["LIVE_PROGRESS", "REPLY_COMMAND_FINISH"]] | None = items(
        1, 10, rule=SET, doc="Events to report."
    )


class CoStreamerConfig(SpecModel):
    """The assistant streamer."""

    voice_config: VoiceConfig | None = nested_object(doc="The assistant's voice; there is a voice alone.")
    streamer_action: Literal["SILENCE", "VOLUME_DOWN"] | None = choice(
        doc="What the streamer does while the assistant speaks."
    )


class PlatformLiveInfo(SpecModel):
    """The account on a live platform this room belongs to."""

    platform_id: str = text(0, 64, required=True, doc="Id of the platform.")
    live_id: str = text(
        0,
        64,
        required=True,
        pattern="^([a-zA-Z0-9_-]+)?$",
        doc="Id of the live room there; events of paragraphs carry it.",
    )

    class Answer(SpecModel):
        """Fields that show adds; both are left out of a PUT."""

        api_object = "PlatformLiveDetailInfo"
        platform: str | None = text(0, 256, role=FieldRole.OBSERVED, doc="Name of the platform.")
        account: str | None = text(0, 20, role=FieldRole.OBSERVED, doc="Account on the platform.")

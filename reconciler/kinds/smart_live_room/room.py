"""The kind SmartLiveRoom: a live room whose streamer is an avatar.

Sources: seed 000 (ListSmartLiveRooms), SDK objects CreateSmartLiveRoomReq, SmartLiveRoomBaseInfo and
ShowSmartLiveRoomResponse. The list shows six of the nineteen writable fields (api.md §1), marked `in_list` here.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from reconciler.kinds.base.field import FieldRole
from reconciler.kinds.base.field_builders import (
    SET,
    Secret,
    SpecModel,
    by_key_in_order,
    choice,
    each_secret,
    item_text,
    items,
    keyed_by,
    nested_object,
    text,
)
from reconciler.kinds.base.kind import Endpoints, Kind, TableColumn
from reconciler.kinds.base.probe_bodies import MARKED_TEXT, ProbeBodies
from reconciler.kinds.base.simulated_kind import Confirmation, Derivation, SimulatedKind
from reconciler.kinds.interaction_rule_group.rule import TIME, InteractionRule, ReviewConfig
from reconciler.kinds.interaction_rule_group.rule_sentence import rule_sentence
from reconciler.kinds.smart_live_room.checks import CHECKS
from reconciler.kinds.smart_live_room.room_filters import FILTERS, owner_types
from reconciler.kinds.smart_live_room.scenes import LiveVideoScriptInfo
from reconciler.kinds.smart_live_room.streaming import (
    CoStreamerConfig,
    LiveRoomEventCallBackConfig,
    LiveRoomInteractionConfig,
    PlatformLiveInfo,
    PlayPolicy,
    RTCLiveEventCallBackConfig,
    VideoConfig,
)
from reconciler.model.json_types import Json


class ErrorResponse(SpecModel):
    """The reason why a room is disabled or blocked."""

    error_code: str | None = text(1, 32, doc="Code.")
    error_msg: str | None = text(1, 256, doc="Message.")


class ModelInfo(SpecModel):
    """An avatar the room uses."""

    model_asset_id: str | None = text(0, 64, doc="Asset of the avatar.")
    asset_name: str | None = text(0, 256, doc="Name of the asset.")
    backup_model_asset_ids: list[Annotated[str, item_text(0, 32)]] | None = items(0, 32, doc="Its stand-ins.")


class SmartLiveRoomAnswer(SpecModel):
    """Fields outside a manifest's spec: the name, which is metadata.name, and computed fields."""

    api_object = "SmartLiveRoomBaseInfo"
    room_id: str | None = text(0, 64, in_list=True, doc="Id of the room.")
    room_name: str | None = text(
        1,
        256,
        role=FieldRole.IDENTITY,
        required_in=("create", "update"),
        in_list=True,
        in_create=True,
        in_update=True,
        doc="Name of the room. The list's name filter is fuzzy: match exactly on our side.",
    )
    project_id: str | None = text(
        0, 64, in_list=True, in_show=False, doc="Whose room it is; templates of others are never written."
    )
    room_state: Literal["ENABLE", "DISABLE", "BLOCKED"] | None = choice(in_list=True, doc="Whether it can be used.")
    error_info: ErrorResponse | None = nested_object(in_list=True, doc="Why it is disabled or blocked.")
    cover_url: str | None = text(0, 2048, role=FieldRole.OBSERVED, in_list=True, doc="Cover; may be signed.")
    thumbnail: str | None = text(0, 2048, role=FieldRole.OBSERVED, in_list=True, doc="Newer cover; may be signed.")
    model_infos: list[ModelInfo] | None = items(
        0,
        100,
        rule=keyed_by("model_asset_id"),
        role=FieldRole.OBSERVED,
        in_list=True,
        in_show=False,
        doc="The avatars, made from scenes and stand-ins.",
    )
    create_time: str | None = text(20, 20, format=TIME, in_list=True, doc="When it was made.")
    update_time: str | None = text(20, 20, format=TIME, in_list=True, doc="When it was last written.")
    last_job_start_time: str | None = text(
        20, 20, format=TIME, in_list=True, in_show=False, doc="When its last broadcast began."
    )
    last_job_end_time: str | None = text(
        20, 20, format=TIME, in_list=True, in_show=False, doc="When its last broadcast ended."
    )
    last_job_status: Literal["WAITING", "PROCESSING", "SUCCEED", "FAILED", "CANCELED", "BLOCKED"] | None = choice(
        in_list=True, in_show=False, doc="What its last broadcast is doing; the list filter says SUCCESS for SUCCEED."
    )
    confirm_state: Literal["UNCONFIRM", "CONFIRMED", "REJECT"] | None = choice(
        role=FieldRole.OBSERVED, in_list=True, doc="Whether its scripts were confirmed."
    )
    script_version: str | None = text(
        0, 32, source="ShowSmartLiveRoomResponse.script_version", doc="Changes with every update call."
    )


_TEMPLATE = "room_type == 'TEMPLATE'"
_SHARED = "room_type == 'TEMPLATE' and shared_type == 'SHARED'"


class SharedConfig(SpecModel):
    """Projects with which a template is shared."""

    shared_type: Literal["PRIVATE", "PUBLIC", "SHARED"] | None = choice(
        applies_when=_TEMPLATE, doc="Who may use the template."
    )
    shared_state: Literal["PUBLISHED", "DRAFT", "REVIEW"] | None = choice(
        applies_when=_SHARED, doc="How far sharing is; a template under REVIEW cannot be changed."
    )
    expire_time: str | None = text(
        0,
        20,
        applies_when=_SHARED,
        format="RFC 3339 UTC, seconds, Z: 2021-01-10T08:43:17Z (20 characters)",
        examples=("2027-01-10T08:43:17Z",),
        doc="Until when it is shared; empty = for ever.",
    )
    allowed_project_ids: list[Annotated[str, item_text(1, 64)]] | None = items(
        0, 100, rule=SET, applies_when=_SHARED, doc="The projects that may use it."
    )


class LiveRoomInteractionRuleInfo(InteractionRule):
    """A rule of a room: a copy, with the group it was imported from."""

    group_id: str | None = text(1, 64, doc="Id of the group it came from; group_name alone is enough.")
    group_name: str | None = text(1, 256, doc="Name of the group it came from: a reference to that manifest.")
    enabled_scenes: list[Annotated[str, item_text(1, 256)]] | None = items(
        0, 100, rule=SET, examples=(["opening"],), doc="Names of the scenes it applies in; absent = in every scene."
    )

    class Answer(SpecModel):
        """Fields of a rule that the service assigns; a PUT sends them back as read."""

        rule_index: str | None = text(0, 64, in_create=True, in_update=True, doc="Given by the service.")


class SmartLiveRoom(SpecModel):
    """A live room whose streamer is an avatar."""

    api_object = "CreateSmartLiveRoomReq"
    Answer: ClassVar = SmartLiveRoomAnswer

    room_type: Literal["NORMAL", "TEMP", "TEMPLATE"] | None = choice(
        default="NORMAL",
        default_on_create_only=True,
        refused=("TEMP",),
        update_undocumented=True,
        in_list=True,
        source="SmartLiveRoomBaseInfo.room_type",
        doc="TEMP rooms vanish after their broadcast and are refused; what a change of type does is not documented.",
    )
    room_description: str | None = text(
        0, 1024, in_list=True, source="SmartLiveRoomBaseInfo.room_description", doc="What the room is for."
    )
    view_mode: Literal["LANDSCAPE", "VERTICAL"] | None = choice(
        default="VERTICAL",
        server_may_override=True,
        in_list=True,
        source="SmartLiveRoomBaseInfo.view_mode",
        doc="Need not be set: the service derives it from video_config's width and height.",
    )
    shared_config: SharedConfig | None = nested_object(
        applies_when=_TEMPLATE, in_list=True, source="SmartLiveRoomBaseInfo.shared_config", doc="Sharing of a template."
    )
    priv_data: str | None = text(
        0,
        8192,
        in_list=True,
        source="SmartLiveRoomBaseInfo.priv_data",
        examples=('{"team": "shop"}',),
        doc="Yours: comes back unchanged.",
    )
    scene_scripts: list[LiveVideoScriptInfo] | None = items(
        1, 100, rule=by_key_in_order("script_name", server=("script_id",)), doc="The scenes, in order."
    )
    interaction_config: LiveRoomInteractionConfig | None = nested_object(doc="How replies are fitted in.")
    interaction_rules: list[LiveRoomInteractionRuleInfo] | None = items(
        0,
        500,
        rule=keyed_by("group_name", "rule_name", optional=("group_name",), server=("rule_index",)),
        doc="The rules, each a copy; hit_condition.priority decides, not their order.",
    )
    play_policy: PlayPolicy | None = nested_object(doc="How the scenes are played.")
    video_config: VideoConfig | None = nested_object(doc="What the picture is.")
    output_urls: list[Annotated[Secret, each_secret(0, 1024)]] | None = items(
        0, 1, doc="RTMP push address; it often carries a secret."
    )
    stream_keys: list[Annotated[Secret, each_secret(0, 1024)]] | None = items(
        0, 1, doc="Keys of output_urls, one by one."
    )
    backup_model_asset_ids: list[Annotated[str, item_text(0, 64)]] | None = items(
        0, 32, recommended_max_items=5, doc="Stand-in avatars, in the order they take turns."
    )
    live_event_callback_config: LiveRoomEventCallBackConfig | None = nested_object(
        doc="Whom the room tells about events."
    )
    rtc_callback_config: RTCLiveEventCallBackConfig | None = nested_object(doc="What an RTC room tells.")
    review_config: ReviewConfig | None = nested_object(doc="Whether its content is reviewed.")
    co_streamer_config: CoStreamerConfig | None = nested_object(doc="The assistant streamer.")
    relation_live_platform_info: PlatformLiveInfo | None = nested_object(doc="Its account on a live platform.")


def _is_shared(row: Mapping[str, Json]) -> bool:
    """Tell whether a row is no ordinary room: templates may be shared by other projects."""
    return bool(row.get("room_type", "NORMAL") != "NORMAL")


def _foreign_reason(row: Mapping[str, Json]) -> str:
    """Return the reason for TEMP rooms, which the service deletes after their broadcast (seed 000)."""
    return "a TEMP room: the service deletes it after its broadcast" if row.get("room_type") == "TEMP" else ""


def _busy_reason(row: Mapping[str, Json]) -> str:
    """Return the reason for a broadcast that waits or runs (seed 000: last_job_status)."""
    status = row.get("last_job_status")
    return f"last_job_status is {status}" if status in ("WAITING", "PROCESSING") else ""


def _update_effects(row: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the side effects of a PUT (api.md §3: a running job uses its own copy; a PUT renews script_version)."""
    running = ("it is on air: the change takes effect at the next start",) if _busy_reason(row) else ()
    confirmed = ("its scripts are confirmed: an update renews script_version, so they need confirming again",)
    return running + (confirmed if row.get("confirm_state") == "CONFIRMED" else ())


def _state(row: Mapping[str, Json]) -> str:
    """Return room_state with the code and message of error_info, which explains DISABLE and BLOCKED (seed 000)."""
    error = row.get("error_info")
    parts = [error.get("error_code"), error.get("error_msg")] if isinstance(error, Mapping) else []
    reason = ": ".join(str(part) for part in parts if part)
    return f"{row.get('room_state') or ''} {f'({reason})' if reason else ''}".strip()


_COLUMNS = (
    TableColumn(title="Type", field="room_type"),
    TableColumn(title="State", text=_state),
    TableColumn(title="Last job", field="last_job_status", since=("last_job_end_time", "last_job_start_time")),
    TableColumn(title="Orientation", field="view_mode", wide=True),
    TableColumn(title="Confirmed", field="confirm_state", wide=True),
    TableColumn(title="Description", field="room_description", wide=True),
)

_PLAIN: Mapping[str, Json] = {
    "room_type": "NORMAL",
    "room_description": "made by reconciler doctor",
    "video_config": {"bitrate": 4000, "width": 1080, "height": 1920},
}
_SECRET: Mapping[str, Json] = {"output_urls": ["rtmp://localhost/doctor"], "stream_keys": ["doctor-key"]}

_PROBE = ProbeBodies(
    plain=_PLAIN,
    marked={**_PLAIN, **_SECRET, "room_description": MARKED_TEXT},
    changed={**_PLAIN, "room_type": "TEMPLATE"},
    derived={**_PLAIN, "view_mode": "VERTICAL", "video_config": {"bitrate": 4000, "width": 1920, "height": 1080}},
    derivation="view_mode",
)
"""Bodies of the room that `doctor --probe-rooms` creates and deletes; it is never started."""


def _with_view_mode(body: dict[str, Json]) -> dict[str, Json]:
    """Return the body with the view mode that its picture's size gives (api.md §4)."""
    video = body.get("video_config")
    width, height = (video.get("width"), video.get("height")) if isinstance(video, dict) else (None, None)
    if not isinstance(width, int) or not isinstance(height, int):
        return body
    return {**body, "view_mode": "LANDSCAPE" if width > height else "VERTICAL"}


_SIMULATION = SimulatedKind(
    derivation=Derivation(field="view_mode", derive=_with_view_mode),
    confirmation=Confirmation(
        field="confirm_state",
        states={"confirm": "CONFIRMED", "reject": "REJECT"},
        unconfirmed="UNCONFIRM",
        version="script_version",
    ),
    filters={"template_own_type": owner_types},
)

KIND = Kind(
    name="SmartLiveRoom",
    title="Smart live room",
    model=SmartLiveRoom,
    id_field="room_id",
    name_field="room_name",
    endpoints=Endpoints(collection="/v1/{project_id}/smart-live-rooms", items="smart_live_rooms", filters=FILTERS),
    depends_on=("InteractionRuleGroup",),
    checks=CHECKS,
    references={"interaction_rules[].group_name": "InteractionRuleGroup"},
    version_fields=("script_version", "update_time"),
    foreign_reason=_foreign_reason,
    busy_reason=_busy_reason,
    update_effects=_update_effects,
    scope_fields=("room_type",),
    shared_row=_is_shared,
    example="examples/kinds/SmartLiveRoom.yaml",
    source="docs/api/fields.yaml, resources.smart_live_room",
    probe=_PROBE,
    simulation=_SIMULATION,
    plural="rooms",
    columns=_COLUMNS,
    sentences={"interaction_rules": rule_sentence},
)

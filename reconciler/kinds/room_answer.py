"""What only the service says of a room: its id, its state, its times, and its name, which is metadata.name.

Sources: seed 000 (ListSmartLiveRooms), SDK objects SmartLiveRoomBaseInfo and ShowSmartLiveRoomResponse.
"""

from typing import Annotated, Literal

from reconciler.kinds.rules import TIME
from reconciler.kinds.spec import Spec, by_key, choice, each, items, nested, text
from reconciler.kinds.table import Role


class ErrorResponse(Spec):
    """Why a room is disabled or blocked."""

    error_code: str | None = text(1, 32, doc="Code.")
    error_msg: str | None = text(1, 256, doc="Message.")


class ModelInfo(Spec):
    """An avatar the room uses."""

    model_asset_id: str | None = text(0, 64, doc="Asset of the avatar.")
    asset_name: str | None = text(0, 256, doc="Name of the asset.")
    backup_model_asset_ids: list[Annotated[str, each(0, 32)]] | None = items(0, 32, doc="Its stand-ins.")


class SmartLiveRoomAnswer(Spec):
    """What a manifest's spec does not hold: the name, which is metadata.name, and what the service computes."""

    api_object = "SmartLiveRoomBaseInfo"
    room_id: str | None = text(0, 64, in_list=True, doc="Id of the room.")
    room_name: str | None = text(
        1,
        256,
        role=Role.IDENTITY,
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
    error_info: ErrorResponse | None = nested(in_list=True, doc="Why it is disabled or blocked.")
    cover_url: str | None = text(0, 2048, role=Role.OBSERVED, in_list=True, doc="Cover; may be signed.")
    thumbnail: str | None = text(0, 2048, role=Role.OBSERVED, in_list=True, doc="Newer cover; may be signed.")
    model_infos: list[ModelInfo] | None = items(
        0,
        100,
        rule=by_key("model_asset_id"),
        role=Role.OBSERVED,
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
        role=Role.OBSERVED, in_list=True, doc="Whether its scripts were confirmed."
    )
    script_version: str | None = text(
        0, 32, source="ShowSmartLiveRoomResponse.script_version", doc="Changes with every update call."
    )

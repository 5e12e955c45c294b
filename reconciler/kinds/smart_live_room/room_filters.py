"""Filters of the list of live rooms (seed 000), and those that depend on an owner instead of a field."""

from collections.abc import Mapping

from reconciler.kinds.base.kind import ListFilter
from reconciler.model.json_types import Json


def owner_types(row: Mapping[str, Json], project: str) -> frozenset[str]:
    """Return the template_own_type values that match a room; the misspelling is the API's (api.md §10)."""
    shared = row.get("shared_config")
    kind_of_share = shared.get("shared_type") if isinstance(shared, dict) else None
    if row.get("project_id", project) == project:
        return frozenset({"OWNED"} | ({"SHARED_TO_OHTERS"} if kind_of_share == "SHARED" else set()))
    return frozenset({"PUBLIC" if kind_of_share == "PUBLIC" else "SHARED_FROM_OHTERS"})


def _owner_contradicts(row: Mapping[str, Json], value: str, project_id: str) -> bool:
    """Tell whether a row cannot be in the list of a template_own_type: by its owner, or by how it is shared."""
    owner, shared = row.get("project_id"), row.get("shared_config")
    if value == "PUBLIC":
        return isinstance(shared, Mapping) and shared.get("shared_type") not in (None, "PUBLIC")
    if not owner or not project_id:
        return False
    return bool(owner == project_id) is (value == "SHARED_FROM_OHTERS")


FILTERS = (
    ListFilter(parameter="room_name", field="room_name", match="fuzzy", max_length=128, doc="Part of the room's name."),
    ListFilter(parameter="dh_id", field="scene_scripts[].dh_id", max_length=128, doc="Id of the virtual human image."),
    ListFilter(
        parameter="model_name",
        field="model_infos[].asset_name",
        match="fuzzy",
        max_length=128,
        doc="Part of the name of the virtual human image.",
    ),
    ListFilter(
        parameter="live_state",
        field="last_job_status",
        match="any of",
        max_length=128,
        spelled={"SUCCESS": "SUCCEED", "NULL": ""},
        values=("WAITING", "PROCESSING", "SUCCESS", "FAILED", "CANCELED", "NULL"),
        aliases={"SUCCEED": "SUCCESS"},
        absent_is_empty=True,
        doc="State of the last live job; NULL means none.",
    ),
    ListFilter(
        parameter="start_time",
        field="last_job_start_time",
        match="since",
        max_length=20,
        absent_is_empty=True,
        doc="Last live job started then or later.",
    ),
    ListFilter(
        parameter="end_time",
        field="last_job_end_time",
        match="until",
        max_length=20,
        absent_is_empty=True,
        doc="Last live job ended then or earlier.",
    ),
    ListFilter(
        parameter="room_type",
        field="room_type",
        max_length=128,
        values=("NORMAL", "TEMP", "TEMPLATE"),
        doc="Type of the room.",
    ),
    ListFilter(
        parameter="template_own_type",
        field="",
        match="unknown",
        max_length=128,
        values=("OWNED", "SHARED_TO_OHTERS", "SHARED_FROM_OHTERS", "PUBLIC"),
        aliases={"SHARED_TO_OTHERS": "SHARED_TO_OHTERS", "SHARED_FROM_OTHERS": "SHARED_FROM_OHTERS"},
        contradicts=_owner_contradicts,
        doc="Whose templates; SHARED_TO_OTHERS and SHARED_FROM_OTHERS are sent as the service misspells them.",
    ),
    ListFilter(
        parameter="confirm_state",
        field="confirm_state",
        match="any case",
        values=("unconfirm", "confirmed", "reject"),
        doc="Whether the scripts were confirmed.",
    ),
)
"""Parameters of the list that choose rooms."""

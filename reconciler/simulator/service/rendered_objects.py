"""Response forms of a stored object: the fields of the list, or all of show."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from reconciler.kinds.base.field import Field
from reconciler.model.json_types import Json
from reconciler.simulator.service.field_shape import FieldShape, rewritten_body
from reconciler.simulator.service.object_store import StoredObject
from reconciler.simulator.service.request_bodies import SIGNATURE

STARS = "******"


def show_response(shape: FieldShape, entry: StoredObject, choices: Mapping[str, str]) -> dict[str, Json]:
    """Return the object as in show and PUT responses."""
    fields = {name: value for name, value in entry.body.items() if _in_show(shape, name)}
    return _spelled(shape, fields, entry, choices)


def listed(shape: FieldShape, entry: StoredObject, choices: Mapping[str, str]) -> dict[str, Json]:
    """Return the object as a row of the list."""
    details, unknown = choices["list_details"], choices["unknown_in_list"] == "shown"
    names = (name for name in entry.body if _in_list(shape, name, hidden=details != "shown", unknown=unknown))
    fields = {name: entry.body[name] for name in names}
    if details in {"nulled", "emptied"}:
        left_out = (name for name, child in shape.children.items() if child.node.list_may_hide)
        fields |= {name: None if details == "nulled" else [] for name in left_out}
    return _spelled(shape, fields, entry, choices)


def summarised(shape: FieldShape, entry: StoredObject, choices: Mapping[str, str]) -> dict[str, Json]:
    """Return the object as a row of the summary list: id, name and times."""
    wanted = {name for name, child in shape.children.items() if _in_summary(child.node)}
    return _spelled(shape, {name: value for name, value in entry.body.items() if name in wanted}, entry, choices)


def _in_show(shape: FieldShape, name: str) -> bool:
    child = shape.children.get(name)
    return child is None or child.node.in_show


def _in_list(shape: FieldShape, name: str, *, hidden: bool, unknown: bool) -> bool:
    child = shape.children.get(name)
    if child is None:
        return unknown
    return child.node.in_list and not (hidden and child.node.list_may_hide)


def _in_summary(node: Field) -> bool:
    return node.role.value in {"identity", "computed"} and node.in_list and node.in_show and not node.children


def _spelled(
    shape: FieldShape, body: dict[str, Json], entry: StoredObject, choices: Mapping[str, str]
) -> dict[str, Json]:
    if choices["secrets"] != "clear":
        body = rewritten_body(shape, body, "sensitive", lambda _field, value, _path: _masked(value, choices["secrets"]))
    if choices["signed_urls"] == "changing" and "volatile" in shape.marks:
        body = rewritten_body(shape, body, "volatile", lambda _field, value, _path: _signed(value, entry))
    if choices["times"] != "kept":
        body = rewritten_body(shape, body, "time", lambda _field, value, _path: _respelled(value, choices["times"]))
    if choices["numbers"] == "text":
        body = rewritten_body(shape, body, "number", lambda _field, value, _path: _as_text(value))
    return body


def _masked(value: Json, choice: str) -> Json:
    if isinstance(value, list):
        return [_masked(item, choice) for item in value]
    return value if not isinstance(value, str) else STARS if choice == "stars" else ""


def _signed(value: Json, entry: StoredObject) -> Json:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return value
    joint = "&" if "?" in value else "?"
    return f"{value}{joint}{SIGNATURE}={entry.id[:8]}{entry.reads}"


def _respelled(value: Json, choice: str) -> Json:
    if not isinstance(value, str) or not value.endswith("Z"):
        return value
    if choice == "lower":
        return value.lower()
    if choice == "millis":
        return value.replace("Z", ".000Z") if "." not in value else value
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return value
    return moment.astimezone(timezone(timedelta(hours=8))).isoformat()


def _as_text(value: Json) -> Json:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

"""Snapshot file: written by `snapshot` so that a job without credentials can plan.

JSON, redacted by path (and by value where a mask is given), with time and origin, the evidence of its completeness and
a digest. The digest detects damage, not forgery.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from reconciler import __version__, json_codec
from reconciler.api.response_body import decode
from reconciler.errors import ApiError, ReconcilerError, SnapshotError
from reconciler.json_codec import sorted_json
from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.manifest.files.project_tree import SAVED, read_file
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json_types import Json, JsonObject, as_object
from reconciler.model.read_result import ReadResult
from reconciler.model.resource import LiveResource
from reconciler.readers.live_objects import name_of, stamp_of
from reconciler.redaction.stored_object import safe
from reconciler.timestamps import format_rfc3339, parse_rfc3339

FORMAT = "reconciler-snapshot"
VERSION = "1.0"

Mask = Callable[[Json], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOrigin:
    """Origin of a snapshot: the endpoint, the project, and the X-App-UserId that decides what is visible."""

    endpoint: str
    project_id: str
    app_user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Snapshot file, parsed and checked for damage."""

    whence: SnapshotOrigin
    taken: datetime
    readings: Mapping[str, ReadResult]


def snapshot_text(
    readings: Iterable[ReadResult], *, whence: SnapshotOrigin, taken: datetime, mask: Mask | None = None
) -> str:
    """Return a snapshot file's text. `mask` is applied to all of it before the digest is taken."""
    content: dict[str, Json] = {
        "format": FORMAT,
        "format_version": VERSION,
        "tool_version": __version__,
        "taken": format_rfc3339(taken),
        "endpoint": whence.endpoint,
        "project_id": whence.project_id,
        "app_user_id": whence.app_user_id,
        "kinds": {reading.kind: _part(reading) for reading in readings},
    }
    content = dict(as_object(mask(content))) if mask else content
    return sorted_json({**content, "digest": _digest(content)}, indent=1) + "\n"


def read_snapshot(path: Path) -> Snapshot:
    """Parse a snapshot file. Raises SnapshotError for one that is damaged or invalid."""
    content = _content(path)
    digest = content.pop("digest", "")
    major = str(content.get("format_version")).partition(".")[0]
    if content.get("format") != FORMAT or major != VERSION.partition(".")[0]:
        raise _damaged(path, "it is no snapshot of a version this program reads", "E_SNAPSHOT_FORMAT")
    if digest != _digest(content):
        raise _damaged(path, "its digest does not match its content", "E_SNAPSHOT_DAMAGED")
    try:
        parts = _object(content["kinds"])
        return Snapshot(
            whence=SnapshotOrigin(**{name: str(content[name]) for name in ("endpoint", "project_id", "app_user_id")}),
            taken=_time(content["taken"]),
            readings={name: _reading(kind, parts.get(name)) for name, kind in all_kinds().items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(path, "a part of it is missing", "E_SNAPSHOT_DAMAGED") from None


def _time(text: Json) -> datetime:
    moment = parse_rfc3339(str(text))
    if moment is None:
        raise ValueError("no time")
    return moment


def _part(reading: ReadResult) -> Json:
    kind = all_kinds()[reading.kind]
    return {
        "incomplete": reading.incomplete,
        "code": reading.code,
        "proof": reading.proof,
        "listed": sorted(reading.listed),
        "problems": [_problem(item) for item in reading.diagnostics if item.code.startswith("E_")],
        "objects": [
            {
                "spec": safe(kind, live.spec),
                "hidden": sorted(live.hidden),
                "foreign": live.foreign,
                "shown": live.shown,
                **({"unusable": True} if live.unusable else {}),
            }
            for live in reading.resources
        ],
    }


def _problem(item: Diagnostic) -> Json:
    return {"code": item.code, "message": item.message, "hint": item.hint, "address": item.address}


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _reading(kind: Kind, found: Json) -> ReadResult:
    if found is None:
        return ReadResult(kind=kind.name, incomplete="the snapshot holds nothing of it", code="E_READ_INCOMPLETE")
    part = _object(found)
    return ReadResult(
        kind=kind.name,
        resources=tuple(_live(kind, _object(item)) for item in _list(part["objects"])),
        incomplete=str(part["incomplete"]),
        code=str(part["code"]),
        diagnostics=tuple(_noted(_object(item)) for item in _list(part["problems"])),
        proof=str(part["proof"]),
        listed=frozenset(map(str, _list(part["listed"]))),
    )


def _noted(item: JsonObject) -> Diagnostic:
    code, message, hint, address = (str(item[name]) for name in ("code", "message", "hint", "address"))
    return Diagnostic(severity=Severity.WARNING, code=code, message=message, hint=hint, address=address)


def _live(kind: Kind, item: Mapping[str, Json]) -> LiveResource:
    spec = _object(item["spec"])
    return LiveResource(
        kind=kind.name,
        name=name_of(kind, spec),
        spec=spec,
        id=str(spec[kind.id_field]),
        hidden=frozenset(map(str, _list(item["hidden"]))),
        stamp=stamp_of(kind, spec),
        foreign=str(item["foreign"]),
        shown=item["shown"] is True,
        unusable=item.get("unusable") is True,
    )


def _content(path: Path) -> dict[str, Json]:
    try:
        return decode(read_file(path, SAVED))
    except ApiError:
        raise _damaged(path, "it is not a JSON object", "E_SNAPSHOT_DAMAGED") from None
    except ReconcilerError as error:
        code = "E_SNAPSHOT_FILE" if error.code == "E_READ_FILE" else error.code
        raise SnapshotError(f"the snapshot cannot be read: {error.message}", code=code, hint=error.hint) from None


def _damaged(path: Path, reason: str, code: str) -> SnapshotError:
    hint = "make it again where the credentials are: reconciler snapshot -e ENV -o FILE"
    return SnapshotError(f"the snapshot {path} cannot be used: {reason}", code=code, hint=hint)


def _digest(content: Mapping[str, Json]) -> str:
    return "sha256:" + json_codec.digest(content)

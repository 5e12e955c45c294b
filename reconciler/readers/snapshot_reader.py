"""Reader of a saved live state: it returns only the fields that would have been read from the API.

So a plan from a snapshot equals the plan from the API at that time.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.errors import SnapshotError
from reconciler.kinds.base.kind import Kind
from reconciler.model.read_result import ApiUsage, ConfirmRequest, ConfirmResult, ReadRequest, ReadResult
from reconciler.model.resource import LiveResource
from reconciler.readers.confirm import in_order
from reconciler.readers.live_objects import NOTHING
from reconciler.readers.read_filter import ReadFilter, need
from reconciler.readers.snapshot_file import Snapshot, SnapshotOrigin, read_snapshot, snapshot_text
from reconciler.readers.unknown_fields import find_unknown_fields
from reconciler.strings import normalize_name
from reconciler.timestamps import format_rfc3339

__all__ = ["MAX_AGE", "SnapshotOrigin", "SnapshotReader", "snapshot_text"]

MAX_AGE = timedelta(hours=24)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SnapshotReader:
    """Reads a snapshot in place of the API.

    Raises SnapshotError for a file that is damaged, older than `max_age`, or of another project than `project_id`.
    """

    def __init__(
        self,
        path: Path,
        *,
        project_id: str = "",
        max_age: timedelta = MAX_AGE,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._snapshot = read_snapshot(path)
        _check(self._snapshot, path, project_id, max_age, clock())

    @property
    def usage(self) -> ApiUsage:
        """Empty usage: no call is sent."""
        return ApiUsage()

    def read(self, kind: Kind, wanted: ReadRequest) -> ReadResult:
        """Return the saved objects, reduced to the fields of this request."""
        saved = self._saved(kind)
        asked = need(kind, wanted, self._snapshot.whence.project_id)
        inside = [live for live in saved.resources if asked.covers(live.spec)]
        resources = in_order(_reduced(live, asked, saved.listed) for live in inside)
        told = (*saved.diagnostics, *find_unknown_fields(kind, (live.spec for live in resources)))
        return replace(saved, resources=resources, diagnostics=told)

    def confirm(self, kind: Kind, doubt: ConfirmRequest) -> ConfirmResult:
        """Confirm from the saved state, which cannot have changed."""
        saved = self._saved(kind).resources
        names = {normalize_name(name) for name in doubt.creates}
        return ConfirmResult(
            found=in_order(live for live in saved if live.name in names),
            gone=doubt.deletes - {live.id for live in saved},
            deleted=in_order(live for live in saved if live.id in doubt.deletes),
        )

    def show(self, kind: Kind, object_id: str) -> LiveResource | None:
        """Return one saved object."""
        return next((live for live in self._saved(kind).resources if live.id == object_id), None)

    def find(self, kind: Kind, name: str) -> tuple[LiveResource, ...]:
        """Return the saved objects with exactly this name."""
        return in_order(live for live in self._saved(kind).resources if live.name == normalize_name(name))

    def _saved(self, kind: Kind) -> ReadResult:
        return self._snapshot.readings[kind.name]


def _reduced(live: LiveResource, asked: ReadFilter, listed: frozenset[str]) -> LiveResource:
    """Return an object as this request would have read it: its list row, and of its show only the needed fields."""
    row = {name: value for name, value in live.spec.items() if name in listed}
    keep = asked.fields_to_show(row)
    seen = asked.rows.from_both(row, live.spec, keep) if live.shown and keep != NOTHING else asked.rows.from_list(row)
    return replace(seen, hidden=seen.hidden | live.hidden)


def _check(snapshot: Snapshot, path: Path, project_id: str, max_age: timedelta, now: datetime) -> None:
    age = now - snapshot.taken
    if age > max_age:
        raise SnapshotError(
            f"the snapshot {path} is of {format_rfc3339(snapshot.taken)}, older than {_hours(max_age)} hours",
            code="E_SNAPSHOT_AGE",
            hint="make a new one where the credentials are: reconciler snapshot -e ENV -o FILE",
        )
    if project_id and project_id != snapshot.whence.project_id:
        raise SnapshotError(
            f"the snapshot {path} is of another project than this environment",
            code="E_SNAPSHOT_SCOPE",
            hint="name the environment it was taken of",
        )


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:g}"

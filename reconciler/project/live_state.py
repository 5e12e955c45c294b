"""Reads all live objects of one environment in full, kind by kind."""

from collections.abc import Iterable
from datetime import datetime

from reconciler.kinds.base.kind import Kind
from reconciler.kinds.registry import all_kinds
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.read_result import ReadRequest, ReadResult
from reconciler.model.resource import LiveResource
from reconciler.project.connection_settings import project_id
from reconciler.project.declared_state import scope_of
from reconciler.project.environment_session import EnvironmentSession
from reconciler.readers.snapshot_file import Mask
from reconciler.readers.snapshot_reader import SnapshotOrigin, snapshot_text


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveKind:
    """Read result of one kind."""

    kind: Kind
    reading: ReadResult

    @property
    def folder(self) -> str:
        """Folder into which its manifests are exported."""
        return self.kind.endpoints.items.replace("_", "-")

    @property
    def ours(self) -> tuple[LiveResource, ...]:
        """Objects that may be written: not of another project and not temporary."""
        return tuple(one for one in self.reading.resources if not one.foreign)


def read_everything(opened: EnvironmentSession) -> tuple[LiveKind, ...]:
    """Read every kind with all details, with secrets redacted; incomplete results have their reasons."""
    scope = scope_of(opened.environment)
    wanted = ReadRequest(depth="full", name_prefix=scope.name_prefix, scope_fields=scope.fields)
    redacted = opened.access.redactor.value
    return tuple(
        LiveKind(kind=kind, reading=redacted(opened.reader.read(kind, wanted))) for kind in all_kinds().values()
    )


def doubts(found: Iterable[LiveKind]) -> tuple[Diagnostic, ...]:
    """Return the problems and doubts of the reads."""
    problems = [item for one in found for item in one.reading.diagnostics]
    for one in found:
        if not one.reading.complete:
            problems.append(
                Diagnostic(
                    severity=Severity.WARNING,
                    code=one.reading.code or "E_READ_INCOMPLETE",
                    message=f"{one.kind.name}: {one.reading.incomplete}",
                    hint="run it again: what was not seen may still be there",
                )
            )
    return tuple(problems)


def snapshot_of(opened: EnvironmentSession, found: Iterable[LiveKind], *, taken: datetime, mask: Mask) -> str:
    """Return the text of a snapshot of all objects; `mask` is applied to all of it."""
    environment = opened.environment
    whence = SnapshotOrigin(
        endpoint=environment.url or "simulator",
        project_id=project_id(environment),
        app_user_id=environment.app_user_id,
    )
    return snapshot_text((one.reading for one in found), whence=whence, taken=taken, mask=mask)

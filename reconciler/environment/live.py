"""Everything that is live in one environment, kind by kind, in full."""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.environment.open import Opened, scope_of
from reconciler.kinds import all_kinds
from reconciler.kinds.kind import Kind
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.reading import Reading, Wanted
from reconciler.model.resource import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was read of one kind."""

    kind: Kind
    reading: Reading

    @property
    def folder(self) -> str:
        """The folder its manifests are exported into."""
        return self.kind.endpoints.items.replace("_", "-")

    @property
    def ours(self) -> tuple[Live, ...]:
        """The objects that may be written: neither another project's nor temporary."""
        return tuple(one for one in self.reading.resources if not one.foreign)


def read_everything(opened: Opened) -> tuple[Found, ...]:
    """Read every kind with all details, without our secrets; what could not be proven complete says so."""
    scope = scope_of(opened.environment)
    wanted = Wanted(depth="full", name_prefix=scope.name_prefix, room_types=scope.room_types)
    redacted = opened.access.redactor.value
    return tuple(Found(kind=kind, reading=redacted(opened.reader.read(kind, wanted))) for kind in all_kinds().values())


def doubts(found: Iterable[Found]) -> tuple[Diagnostic, ...]:
    """Return what the reads could not prove, and what they met on the way."""
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

"""Live values accepted into manifests: the edits of source files, and what was refused."""

from collections.abc import Iterator

from reconciler.late_methods import dataclass
from reconciler.model.change import Value
from reconciler.model.source_map import Position


@dataclass(frozen=True, slots=True, order=True)
class SourceEdit:
    """Replacement of the text between two offsets of a file; `start == end` inserts.

    Offsets count code points of the text as it is in the file, without its byte order mark.
    """

    file: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedDifference:
    """Difference that is accepted: its address and path, both values, the place of its text, and the edits."""

    address: str
    path: str
    declared: Value
    live: Value
    position: Position
    edits: tuple[SourceEdit, ...]

    def refused(self, code: str, message: str, hint: str) -> "RefusedDifference":
        """Return the difference as one that is not accepted."""
        return RefusedDifference(
            code=code,
            message=message,
            address=self.address,
            path=self.path,
            declared=self.declared,
            live=self.live,
            positions=(self.position,),
            hint=hint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedDifference:
    """Difference, file or environment that stands against accepting: a code, the reason, and what to do.

    `positions` are the places involved, the one to edit first. The values of a secret are redacted.
    """

    code: str
    message: str
    address: str = ""
    path: str = ""
    declared: Value = None
    live: Value = None
    positions: tuple[Position, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedEdits:
    """What accepting comes to; as a sequence, the edits of the files."""

    accepted: tuple[AcceptedDifference, ...] = ()
    refused: tuple[RefusedDifference, ...] = ()

    def __iter__(self) -> Iterator[SourceEdit]:
        return iter(self.edits)

    def __len__(self) -> int:
        return len(self.edits)

    @property
    def edits(self) -> tuple[SourceEdit, ...]:
        """Every edit once, in the order of the files; insertions at one place keep their order."""
        groups = dict.fromkeys(each.edits for each in self.accepted)
        found: list[SourceEdit] = []
        seen: set[SourceEdit] = set()
        for edit in (edit for group in groups for edit in group):
            if edit.start == edit.end or edit not in seen:
                found.append(edit)
            seen.add(edit)
        return tuple(sorted(found, key=_place))


def _place(edit: SourceEdit) -> tuple[str, int, int]:
    return edit.file, edit.start, edit.end

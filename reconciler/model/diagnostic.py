"""Diagnostic: one problem as a value, collected and reported with all others."""

from collections.abc import Iterable
from enum import StrEnum

from reconciler.late_methods import dataclass
from reconciler.model.source_map import Position
from reconciler.strings import abridge

_MOST = 2_000
"""Most characters of one text of a diagnostic; what it quotes from a file may be megabytes long."""


class Severity(StrEnum):
    """Severity of a diagnostic. An error ends the step; a warning and a note never do."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedPosition:
    """Second position of a problem, such as the first of two equal keys."""

    message: str
    position: Position

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", abridge(self.message, _MOST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """Problem with its message, position and hint.

    `code` is stable (E_… for errors, W_… for warnings, N_… for notes). `address` names the resource, when there is one.
    `message` and `hint` may contain data: reporters escape all of it. Texts are abridged.
    """

    severity: Severity
    code: str
    message: str
    position: Position | None = None
    hint: str = ""
    address: str = ""
    path: str = ""
    related: tuple[RelatedPosition, ...] = ()

    def __post_init__(self) -> None:
        for name in ("message", "hint", "address", "path"):
            text = getattr(self, name)
            if len(text) > _MOST:
                object.__setattr__(self, name, abridge(text, _MOST))


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics without duplicates, in the order of their positions; those without one come last."""
    seen = dict.fromkeys(diagnostics)
    return tuple(sorted(seen, key=_place))


def _place(diagnostic: Diagnostic) -> tuple[object, ...]:
    where = diagnostic.position
    place = (0, where.file, where.line, where.column) if where else (1, "", 0, 0)
    return (*place, _RANK[diagnostic.severity], diagnostic.code, diagnostic.address, diagnostic.message)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of them is an error."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)

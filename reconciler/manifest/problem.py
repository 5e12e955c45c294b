"""How a problem in somebody's file is written down."""

from reconciler.errors import ManifestError
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.source import Position

ENOUGH = 1_000
"""Problems of one file, beyond which it is not looked at any further: nobody reads so many."""


def error(
    code: str, message: str, position: Position | None = None, *, hint: str = "", related: tuple[Related, ...] = ()
) -> Diagnostic:
    """Return an error: the step stops, after all other problems were found."""
    return Diagnostic(
        severity=Severity.ERROR, code=code, message=message, position=position, hint=hint, related=related
    )


def warning(code: str, message: str, position: Position | None = None, *, hint: str = "") -> Diagnostic:
    """Return a warning: it never stops anything."""
    return Diagnostic(severity=Severity.WARNING, code=code, message=message, position=position, hint=hint)


def refused(code: str, message: str, position: Position | None = None, *, hint: str = "") -> ManifestError:
    """Return the exception for a file that cannot be used at all; it carries the one Diagnostic."""
    return ManifestError(message, [error(code, message, position, hint=hint)], code=code, hint=hint)


def too_many(place: Position | None) -> Diagnostic:
    """Return the error for a file of nothing but mistakes, at the first one that is not told."""
    message = f"from here on this file is not checked: it has {ENOUGH} problems and more above"
    return error("E_TOO_MANY", message, place, hint="mend those first")

"""How a problem in somebody's file is written down."""

from reconciler.errors import ManifestError
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.source import Position


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

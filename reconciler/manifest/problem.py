"""How a problem in somebody's file is written down."""

from dataclasses import replace

from reconciler.errors import ManifestError
from reconciler.model.diagnostic import Diagnostic, Related, Severity
from reconciler.model.source import Position

ENOUGH = 1_000
"""Problems of one file, beyond which it is not looked at any further: nobody reads so many."""


class ProblemList(list[Diagnostic]):
    """The problems of one file: after ENOUGH errors `append` raises ManifestError, after ENOUGH warnings it drops them.

    `is_full` says that another warning would be dropped; `close` then says that there are more.
    """

    def __init__(self) -> None:
        super().__init__()
        self._errors = 0
        self._warnings = 0
        self._dropped: Diagnostic | None = None

    @property
    def is_full(self) -> bool:
        """Whether no warning is taken any more."""
        return self._warnings > ENOUGH

    def append(self, problem: Diagnostic) -> None:
        """Add a problem; raises ManifestError for the error that is one too many."""
        if problem.severity is Severity.ERROR:
            self._errors += 1
            if self._errors > ENOUGH:
                raise ManifestError("too many problems", [too_many(problem.position)], code="E_TOO_MANY")
        else:
            self._warnings += 1
            if self.is_full:
                self._dropped = self._dropped or problem
                return
        super().append(problem)

    def close(self) -> None:
        """Add one warning for those that were dropped."""
        if self._dropped is not None:
            hint = f"mend the {ENOUGH} warnings above first"
            super().append(replace(self._dropped, message="from here on no warnings are told", hint=hint))


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

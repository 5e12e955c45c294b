"""What stops a step, as one tree; each error says what to do next.

    ReconcilerError                exit 1
    ├── UsageError                 a flag, a variable or a key that does not exist
    ├── ManifestError              carries every Diagnostic found; nothing was read or written
    ├── HostError                  an address that is not allowed
    ├── ApiError                   the API answered, but not with what was asked for
    │   ├── AuthError              credentials missing or refused, or a clock that is off
    │   ├── ThrottledError         refused for too long
    │   ├── DeniedError            this one object may not be seen
    │   └── NotFoundError          it is not there
    ├── TransportError             no answer, or not a whole one; `sent` tells whether it may have been processed
    ├── SnapshotError              a saved live state that cannot be used
    ├── PlanError                  a saved plan that cannot be used: stale, expired, tampered with, used, foreign
    ├── LedgerError                the ledger cannot be read or written
    ├── LockedError                somebody else holds the lock                        exit 4
    ├── BlockedError               a guard holds the plan back, and it was not overridden  exit 5
    └── PluginError                a reader, writer, reporter or kind that cannot be had

A problem in the user's files is a Diagnostic, collected and returned; a change that failed while others went
on is an Outcome. Only what ends the step is raised.
"""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.change import GuardViolation
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.source_map import Position


class ReconcilerError(Exception):
    """The step cannot continue: what happened (message), and what to do next (hint).

    `code` is stable and meant for machines; `exit_code` is what the process ends with.
    """

    exit_code = 1
    default_code = "E_RECONCILER"

    def __init__(self, message: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint

    def name_place(self, place: str) -> None:
        """Put before the message where the key is written that this is about (file:line:column), once."""
        if place and not self.message.startswith(f"{place}: "):
            self.message = f"{place}: {self.message}"
            self.args = (self.message,)


class UsageError(ReconcilerError):
    """A flag, an environment variable or a key that does not exist, or a value it does not take."""

    default_code = "E_USAGE"


class ManifestError(ReconcilerError):
    """The project file or its manifests are wrong; every problem found is in `diagnostics`."""

    default_code = "E_MANIFEST"

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic], *, code: str = "", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.diagnostics = tuple(diagnostics)


class HostNotAllowedError(ReconcilerError):
    """An address outside the allowlist: nothing was sent."""

    default_code = "E_URL_HOST"


class ApiError(ReconcilerError):
    """The API answered, but not with what was asked for; `status` is the HTTP status, 0 where none applies."""

    default_code = "E_API"

    def __init__(self, message: str, *, code: str = "", hint: str = "", status: int = 0) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status


class AuthError(ApiError):
    """Credentials are missing or refused (E_AUTH), or the clocks disagree (E_CLOCK)."""

    default_code = "E_AUTH"


class RateLimitedError(ApiError):
    """Refused for too long: the wait asked for, or the run's deadline, was passed."""

    default_code = "E_THROTTLED"


class ForbiddenError(ApiError):
    """This one object may not be seen (403): it is unknown, never absent."""

    default_code = "E_READ_DENIED"


class NotFoundError(ApiError):
    """The object is not there (404, or a 400 that a show confirms)."""

    default_code = "E_NOT_FOUND"


class TransportError(ReconcilerError):
    """No answer, or not a whole one. `sent` is true where the request may have been processed.

    `creates` is true where that request makes something new inside an object: sent again, it could make it twice.
    """

    default_code = "E_TRANSPORT"

    def __init__(
        self, message: str, *, code: str = "", hint: str = "", sent: bool = True, creates: bool = False
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.sent = sent
        self.creates = creates


class SnapshotError(ReconcilerError):
    """A saved live state that cannot be used: too old, of another scope, or damaged."""

    default_code = "E_SNAPSHOT"


class PlanError(ReconcilerError):
    """A saved plan that cannot be used; `code` tells stale, expired, tampered with, used or foreign apart."""

    default_code = "E_PLAN"


class LedgerError(ReconcilerError):
    """The ledger cannot be read or written: nothing further was sent to the API."""

    default_code = "E_LEDGER"


class LockedError(ReconcilerError):
    """Somebody else holds the lock; the message names holder, lock id and since when."""

    exit_code = 4
    default_code = "E_LOCKED"


class BlockedError(ReconcilerError):
    """A guard holds the plan back; `blocks` say what each found and the flag that allows it. Nothing was done."""

    exit_code = 5
    default_code = "E_BLOCKED"

    def __init__(self, message: str, blocks: Sequence[GuardViolation], *, code: str = "", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.blocks = tuple(blocks)


class PluginError(ReconcilerError):
    """A reader, writer, reporter or kind that is not there or cannot be loaded."""

    default_code = "E_PLUGIN"


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
    code: str,
    message: str,
    position: Position | None = None,
    *,
    hint: str = "",
    related: tuple[RelatedPosition, ...] = (),
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

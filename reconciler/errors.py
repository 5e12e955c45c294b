"""Exceptions that end a step, as one tree; each carries a hint on how to fix it.

    ReconcilerError                exit 1
    ├── UsageError                 a flag, a variable or a key that does not exist
    ├── ManifestError              invalid files; carries every Diagnostic, nothing was read or written
    ├── HostNotAllowedError        an address that is not allowed
    ├── ApiError                   the API returned an error or an invalid response
    │   ├── AuthError              credentials missing or refused, or the clock is wrong
    │   ├── RateLimitedError       rate limited beyond the deadline
    │   ├── ForbiddenError         access to one object is denied
    │   └── NotFoundError          the object does not exist
    ├── TransportError             no complete response; `sent`: the request may have been processed
    ├── SnapshotError              a saved live state that is not usable
    ├── PlanError                  a saved plan that is stale, expired, modified, already used or foreign
    ├── LedgerError                the ledger cannot be read or written
    ├── LockedError                another run holds the lock                          exit 4
    ├── BlockedError               a guard blocks the plan, without an override       exit 5
    └── PluginError                a reader, writer, reporter or kind that cannot be loaded

A problem in the user's files is a Diagnostic, collected and returned; a change that failed while others
continued is an Outcome. Only what ends the step is raised.
"""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.change import GuardViolation
from reconciler.model.diagnostic import Diagnostic, RelatedPosition, Severity
from reconciler.model.source_map import Position


class ReconcilerError(Exception):
    """Base of all errors that end a step: `message` is what happened, `hint` how to fix it.

    `code` is stable and meant for machines; `exit_code` is the exit code of the process.
    """

    exit_code = 1
    default_code = "E_RECONCILER"

    def __init__(self, message: str, *, code: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint

    def name_place(self, place: str) -> None:
        """Prefix the message, once, with the position (file:line:column) of the key that it concerns."""
        if place and not self.message.startswith(f"{place}: "):
            self.message = f"{place}: {self.message}"
            self.args = (self.message,)


class UsageError(ReconcilerError):
    """Unknown flag, environment variable or key, or an invalid value of one."""

    default_code = "E_USAGE"


class ManifestError(ReconcilerError):
    """The project file or its manifests are wrong; every problem found is in `diagnostics`."""

    default_code = "E_MANIFEST"

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic], *, code: str = "", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.diagnostics = tuple(diagnostics)


class HostNotAllowedError(ReconcilerError):
    """Address outside the allowlist; nothing was sent."""

    default_code = "E_URL_HOST"


class ApiError(ReconcilerError):
    """Error or invalid response of the API; `status` is the HTTP status, 0 where none applies."""

    default_code = "E_API"

    def __init__(self, message: str, *, code: str = "", hint: str = "", status: int = 0) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status


class AuthError(ApiError):
    """Credentials are missing or refused (E_AUTH), or the clocks disagree (E_CLOCK)."""

    default_code = "E_AUTH"


class RateLimitedError(ApiError):
    """Rate limited for too long: the requested wait exceeds the run's deadline."""

    default_code = "E_THROTTLED"


class ForbiddenError(ApiError):
    """Access to one object is denied (403): its state is unknown, never absent."""

    default_code = "E_READ_DENIED"


class NotFoundError(ApiError):
    """The object does not exist (404, or a 400 that a show confirms)."""

    default_code = "E_NOT_FOUND"


class TransportError(ReconcilerError):
    """No complete response. `sent` is true where the request may have been processed.

    `creates` is true where that request creates an item inside an object: sending it again may create it twice.
    """

    default_code = "E_TRANSPORT"

    def __init__(
        self, message: str, *, code: str = "", hint: str = "", sent: bool = True, creates: bool = False
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.sent = sent
        self.creates = creates


class SnapshotError(ReconcilerError):
    """A saved live state that is not usable: too old, of another scope, or damaged."""

    default_code = "E_SNAPSHOT"


class PlanError(ReconcilerError):
    """A saved plan that is not usable; `code` distinguishes stale, expired, modified, used and foreign."""

    default_code = "E_PLAN"


class LedgerError(ReconcilerError):
    """The ledger cannot be read or written: nothing further was sent to the API."""

    default_code = "E_LEDGER"


class LockedError(ReconcilerError):
    """Another run holds the lock; the message names the holder, the lock id and the time of acquisition."""

    exit_code = 4
    default_code = "E_LOCKED"


class BlockedError(ReconcilerError):
    """A guard blocks the plan; each of `blocks` has its reason and the flag that allows it. Nothing was done."""

    exit_code = 5
    default_code = "E_BLOCKED"

    def __init__(self, message: str, blocks: Sequence[GuardViolation], *, code: str = "", hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.blocks = tuple(blocks)


class PluginError(ReconcilerError):
    """A reader, writer, reporter or kind that does not exist or cannot be loaded."""

    default_code = "E_PLUGIN"


ENOUGH = 1_000
"""Most problems of one file; after these the check of the file ends."""


class ProblemList(list[Diagnostic]):
    """The problems of one file: after ENOUGH errors `append` raises ManifestError, after ENOUGH warnings it drops them.

    `is_full` is true where another warning would be dropped; `close` then adds a warning that there are more.
    """

    def __init__(self) -> None:
        super().__init__()
        self._errors = 0
        self._warnings = 0
        self._dropped: Diagnostic | None = None

    @property
    def is_full(self) -> bool:
        """Whether further warnings are dropped."""
        return self._warnings > ENOUGH

    def append(self, problem: Diagnostic) -> None:
        """Add a problem. Raises ManifestError for the first error over the limit."""
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
        """Add one warning that stands for the dropped ones."""
        if self._dropped is not None:
            hint = f"fix the {ENOUGH} warnings above first"
            super().append(replace(self._dropped, message="further warnings are not reported", hint=hint))


def error(
    code: str,
    message: str,
    position: Position | None = None,
    *,
    hint: str = "",
    related: tuple[RelatedPosition, ...] = (),
) -> Diagnostic:
    """Return an error: the step ends after all other problems were collected."""
    return Diagnostic(
        severity=Severity.ERROR, code=code, message=message, position=position, hint=hint, related=related
    )


def warning(code: str, message: str, position: Position | None = None, *, hint: str = "") -> Diagnostic:
    """Return a warning; it never ends a step."""
    return Diagnostic(severity=Severity.WARNING, code=code, message=message, position=position, hint=hint)


def refused(code: str, message: str, position: Position | None = None, *, hint: str = "") -> ManifestError:
    """Return the exception for a file that is not usable at all; it carries the one Diagnostic."""
    return ManifestError(message, [error(code, message, position, hint=hint)], code=code, hint=hint)


def too_many(place: Position | None) -> Diagnostic:
    """Return the error for a file with too many errors, at the position of the first one that is not reported."""
    message = f"from here on this file is not checked: it has {ENOUGH} problems and more above"
    return error("E_TOO_MANY", message, place, hint="mend those first")

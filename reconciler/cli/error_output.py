"""Reports a failure as one message and the exit code; a redacted traceback only with --debug."""

import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from typer.exceptions import TyperException

from reconciler.cli.argument_translation import similar_option
from reconciler.cli.output import line, one_line
from reconciler.cli.process import Interrupted, discard_stdout
from reconciler.cli.stderr_log import StderrLog
from reconciler.errors import BlockedError, ManifestError, ReconcilerError
from reconciler.exit_codes import ExitCode
from reconciler.model.change import GuardViolation
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.report import Report

_REPORTING = frozenset({"validate", "plan", "apply", "destroy", "audit", "show", "test", "compare", "script"})
"""Commands with a report as result."""

_LISTING = frozenset({"get", "describe"})
"""Commands with `-o` for the format."""


def report_error(error: BaseException, log: StderrLog, *, debug: bool, hint: str = "") -> int:
    """Write the error to stderr, with a further hint, and return the exit code."""
    if isinstance(error, Interrupted):
        log.say("Interrupted.", "error")
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        return _deaf()
    for text in _lines(error):
        log.say(text, "error")
    if hint:
        log.say(f"  {one_line(hint)}", "error")
    if debug:
        log.say(_trace(error), "error")
    return error.exit_code if isinstance(error, ReconcilerError) else ExitCode.ERROR


def failed_report(error: BaseException, arguments: Sequence[str]) -> tuple[str, Report] | None:
    """Return the format of a command line, and the report of an error that ends it before its own report.

    None for plain text, and without a reader: after a signal, or on a closed pipe.

    A program that reads the document gets the error in it, not an empty stream.
    """
    asked = _format_asked(arguments)
    if asked == "text" or not isinstance(error, Exception) or isinstance(error, BrokenPipeError):
        return None
    command = next((word for word in arguments if word in _REPORTING), "")
    return asked, Report(command=command, diagnostics=_problems(error))


def _format_asked(arguments: Sequence[str]) -> str:
    """Return the format of a command line; `-o json` is one for the commands that list objects."""
    words = [part for word in arguments for part in word.split("=", 1)]
    pairs = [*pairwise(words), *((word[:2], word[2:]) for word in words if word.startswith("-o"))]
    listing = not _LISTING.isdisjoint(words)
    if listing and any(flag in {"-o", "--output"} and value == "json" for flag, value in pairs):
        return "json"
    return next((value for flag, value in pairs if flag == "--format"), "text")


def _problems(error: BaseException) -> tuple[Diagnostic, ...]:
    if isinstance(error, ManifestError):
        if any(one.severity is Severity.ERROR for one in error.diagnostics):
            return error.diagnostics
        last = Diagnostic(severity=Severity.ERROR, code=error.code, message=error.message, hint=error.hint)
        return (*error.diagnostics, last)
    if isinstance(error, BlockedError):
        blocks = dict.fromkeys((one.code, _block(one).partition(": ")[2]) for one in error.blocks)
        return tuple(Diagnostic(severity=Severity.ERROR, code=code, message=text) for code, text in blocks)
    if isinstance(error, ReconcilerError):
        return (Diagnostic(severity=Severity.ERROR, code=error.code, message=error.message, hint=error.hint),)
    if isinstance(error, TyperException):
        said, *hints = _usage(error)
        message = said.removeprefix("Error: E_USAGE: ")
        return (Diagnostic(severity=Severity.ERROR, code="E_USAGE", message=message, hint=" ".join(hints).strip()),)
    problem = Diagnostic(
        severity=Severity.ERROR,
        code="E_INTERNAL",
        message=f"{type(error).__name__}: {one_line(str(error))}",
        hint="this is a mistake in reconciler: run it again with --debug and report what it prints",
    )
    return (problem,)


def _lines(error: BaseException) -> list[str]:
    if isinstance(error, ManifestError):
        hint = [f"  {one_line(error.hint)}"] if error.hint else []
        told = [line(diagnostic) for diagnostic in error.diagnostics]
        return [*told, f"Error: {error.code}: {one_line(error.message)}", *hint]
    if isinstance(error, BlockedError):
        return [
            f"Error: {error.code}: {one_line(error.message)}",
            *dict.fromkeys(f"  {one_line(_block(one))}" for one in error.blocks),
        ]
    if isinstance(error, ReconcilerError):
        hint = [f"  {one_line(error.hint)}"] if error.hint else []
        return [f"Error: {error.code}: {one_line(error.message)}", *hint]
    if isinstance(error, TyperException):
        return _usage(error)
    return [
        f"Error: E_INTERNAL: {type(error).__name__}: {one_line(str(error))}",
        "  This is a mistake in reconciler. Run it again with --debug and report what it prints.",
    ]


def _block(block: GuardViolation) -> str:
    return f"{block.code}: {block.message}{f'; {block.allow} allows it' if block.allow else ''}"


def _usage(error: TyperException) -> list[str]:
    option = getattr(error, "option_name", "") if hasattr(error, "possibilities") else ""  # no such format
    message = f"no such option: {option}" if option else getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    hints = [_suggestion(option, context)]
    if context is not None and message.startswith("Got unexpected extra argument"):
        hints.append(_named_environment(context))
    if context is not None:
        hints.append(f"Try '{context.command_path} --help'.")
    return [f"Error: E_USAGE: {one_line(message)}", *(f"  {hint}" for hint in hints if hint)]


def _named_environment(context: Any) -> str:
    """Say how an environment is named, for an argument of a command that takes none."""
    options = {name for parameter in context.command.params for name in parameter.opts}
    line = f"{context.command_path} -e ENV"
    return f"an environment is named with -e: `{line}`" if "--environment" in options else ""


def _suggestion(option: str, context: object) -> str:
    command = getattr(context, "command", None)
    if not option or command is None:
        return ""
    return similar_option(
        option, [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    )


def _trace(error: BaseException) -> str:
    """Return the traceback without the values of local variables, which may be secret."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())


def _deaf() -> int:
    """Close stdout without an error after its reader closed the pipe, so that Python reports none at exit."""
    discard_stdout()
    return ExitCode.ERROR

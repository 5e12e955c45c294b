"""Context of one command: folder, environment variables, and output options."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, date, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import typer

from reconciler.cli.reading_line import ReadingLine
from reconciler.cli.stderr_log import StderrLog, listen
from reconciler.errors import UsageError
from reconciler.late_methods import dataclass
from reconciler.model.process_clock import REAL_TIME, ProcessClock
from reconciler.redaction import SecretRedactor
from reconciler.timestamps import parse_date


def utc_today() -> date:
    """Return today's date in UTC."""
    return datetime.now(UTC).date()


@dataclass(slots=True, kw_only=True)
class ProcessContext:
    """Context from the process and the global flags; commands get the CommandContext made from it."""

    variables: Mapping[str, str] = field(repr=False)
    redactor: SecretRedactor
    clock_today: Callable[[], date] = utc_today
    clock: ProcessClock = REAL_TIME
    flags: dict[str, Any] = field(default_factory=dict)

    def log(self) -> StderrLog:
        """Return the log for messages beside the report."""
        return StderrLog(redactor=self.redactor, form=self.flags.get("log_format") or "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Context of one command. `root` is the base of every relative path on the command line.

    `reading` listens to the reads of the command.
    """

    root: Path
    variables: Mapping[str, str] = field(repr=False)
    redactor: SecretRedactor
    log: StderrLog
    color: bool
    quiet: bool = False
    verbose: int = 0
    clock_today: Callable[[], date] = utc_today
    clock: ProcessClock = REAL_TIME
    reading: ReadingLine = field(default_factory=ReadingLine)

    def path(self, name: str) -> Path:
        """Return a path of the command line, relative to `root`."""
        return self.root / name

    def today(self, given: str) -> date:
        """Return the date of a run: as given, else today's."""
        if not given:
            return self.clock_today()
        found = parse_date(given)
        if found is None:
            raise UsageError(f"--today {given!r} is not a date", hint="write it as 2026-11-23")
        return found

    def note(self, text: str) -> None:
        """Write a message to stderr; nothing with -q."""
        if not self.quiet:
            self.log.say(text)

    def say(self, text: str) -> None:
        """Write a message to stderr, also with -q."""
        self.log.say(text, "warning")


def session(context: typer.Context) -> CommandContext:
    """Return the context of a command. Raises UsageError for a folder that does not exist."""
    start: ProcessContext = context.obj
    flags = start.flags
    root = reduce(os.path.join, flags.get("chdir") or [], "")
    if root and not os.path.isdir(root):
        raise UsageError(f"-C {root!r}: there is no such folder")
    log = start.log()
    verbose = int(flags.get("verbose") or 0)
    context.find_root().call_on_close(listen(log, verbose))
    return CommandContext(
        root=Path(root),
        variables=start.variables,
        redactor=start.redactor,
        log=log,
        color=_colored(flags.get("color"), start.variables),
        quiet=bool(flags.get("quiet")),
        verbose=verbose,
        clock_today=start.clock_today,
        clock=start.clock,
        reading=ReadingLine(start.clock.monotonic),
    )


def _colored(asked: bool | None, variables: Mapping[str, str]) -> bool:
    """Decide on colour: for a terminal only, unless requested; NO_COLOR counts when set and not empty."""
    if asked is not None:
        return asked
    return not variables.get("NO_COLOR") and variables.get("TERM") != "dumb" and sys.stdout.isatty()

"""One run of the command line: where it stands, what it may see, and how it wants to be told."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import typer

from reconciler.cli.stderr_log import StderrLog, listen
from reconciler.errors import UsageError
from reconciler.model.process_clock import REAL_TIME, ProcessClock
from reconciler.redaction import SecretRedactor


def utc_today() -> date:
    """Return today's date, the same in every time zone."""
    return datetime.now(UTC).date()


@dataclass(slots=True, kw_only=True)
class ProcessContext:
    """What the process gives and what flags before or after the command add; commands see the Session made of it."""

    variables: Mapping[str, str] = field(repr=False)
    redactor: SecretRedactor
    clock_today: Callable[[], date] = utc_today
    clock: ProcessClock = REAL_TIME
    flags: dict[str, Any] = field(default_factory=dict)

    def log(self) -> StderrLog:
        """Return where to speak beside the report."""
        return StderrLog(redactor=self.redactor, form=self.flags.get("log_format") or "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """One run. `root` is the folder every relative path on the command line is read from."""

    root: Path
    variables: Mapping[str, str] = field(repr=False)
    redactor: SecretRedactor
    log: StderrLog
    color: bool
    quiet: bool = False
    verbose: int = 0
    clock_today: Callable[[], date] = utc_today
    clock: ProcessClock = REAL_TIME

    def path(self, name: str) -> Path:
        """Return a path of the command line, read from `root`."""
        return self.root / name

    def today(self, given: str) -> date:
        """Return the date a run is made for: as given, else today's."""
        if not given:
            return self.clock_today()
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise UsageError(f"--today {given!r} is not a date", hint="write it as 2026-11-23") from None

    def note(self, text: str) -> None:
        """Say something beside the report, on stderr; nothing with -q."""
        if not self.quiet:
            self.log.say(text)

    def say(self, text: str) -> None:
        """Say on stderr what must be heard, -q or not."""
        self.log.say(text, "warning")


def session(context: typer.Context) -> CommandContext:
    """Return the run a command belongs to; raises UsageError for a folder that is not there."""
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
    )


def _colored(asked: bool | None, variables: Mapping[str, str]) -> bool:
    """Colour goes to a terminal only, unless asked for; NO_COLOR counts when it is present and not empty."""
    if asked is not None:
        return asked
    return not variables.get("NO_COLOR") and variables.get("TERM") != "dumb" and sys.stdout.isatty()

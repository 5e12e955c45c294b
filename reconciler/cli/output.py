"""Writes reports: redacts them once, renders each requested format, and writes it whole before the process ends."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler import __version__
from reconciler.cli.command_context import CommandContext
from reconciler.cli.files import ended, refuse_unwritable, write_file
from reconciler.cli.process import discard_stdout, moving
from reconciler.errors import ReconcilerError, UsageError
from reconciler.late_methods import dataclass
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.report import Report, ReportOptions
from reconciler.strings import escape_control, escape_output

HUMAN = "text"
"""Format for a terminal: only this one adapts to the terminal's encoding, width and colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """Output options of a report: the format on stdout, and further formats with their files.

    `show_defaults` lists the documented defaults of objects, which are only counted otherwise.
    """

    format: str = HUMAN
    files: tuple[tuple[str, str], ...] = ()
    show_defaults: bool = False


def parse_output_flags(
    format_name: str, reports: Sequence[str] | None, *, show_defaults: bool = False
) -> OutputOptions:
    """Parse `--format` and `--report FORMAT=FILE`. Raises UsageError before any work is done."""
    from reconciler import plugins

    files = tuple(_split(item) for item in reports or ())
    for name in (format_name, *(name for name, _ in files)):
        try:
            plugins.reporter(name)
        except ReconcilerError as error:
            raise UsageError(error.message, hint=error.hint) from None
    return OutputOptions(format=format_name, files=files, show_defaults=show_defaults)


def _split(item: str) -> tuple[str, str]:
    name, equals, file = item.partition("=")
    if not (name and equals and file):
        raise UsageError(f"--report {item!r} is not FORMAT=FILE", hint="write --report markdown=plan.md")
    return name, file


def write_report(session: CommandContext, report: Report, how: OutputOptions) -> None:
    """Write a report to stdout and to each file."""
    tell_files(session, report, how)
    write_out(
        render_report(session, report, how.format, show_defaults=how.show_defaults),
        human=how.format == HUMAN,
        parsed=how.format in PARSED,
        styled=session.color and how.format == HUMAN,
        marks=how.format == "markdown",
    )
    if how.format != HUMAN:
        for diagnostic in report.diagnostics:
            session.note(line(diagnostic))


def tell_files(session: CommandContext, report: Report, how: OutputOptions) -> None:
    """Write a report to the files of `--report`, as plain text without colours."""
    for name, file in how.files:
        text = render_report(session, report, name, terminal=False, show_defaults=how.show_defaults)
        write_file(session.root, file, text)


def render_report(
    session: CommandContext, report: Report, format_name: str, *, terminal: bool = True, show_defaults: bool = False
) -> str:
    """Render a report in one format; secrets are redacted here, before any format gets the data."""
    from reconciler import plugins

    human = terminal and format_name == HUMAN
    width = shutil.get_terminal_size().columns if human and sys.stdout.isatty() else 0
    options = ReportOptions(
        color=session.color and human,
        width=width,
        tool_version=__version__,
        prefix=from_repository(session.root),
        show_defaults=show_defaults,
        details=session.verbose > 0,
    )
    return plugins.reporter(format_name)(session.redactor.value(report), options)


def from_repository(root: Path) -> str:
    """Return the project's path from the repository's root, for annotations of code hosts."""
    whole = root.resolve()
    top = next((one for one in (whole, *whole.parents) if (one / ".git").exists()), whole)
    return whole.relative_to(top).as_posix()


def line(diagnostic: Diagnostic) -> str:
    """Format a problem as one line that editors understand: `file:line:col: code: message`."""
    where = f"{diagnostic.position}: " if diagnostic.position else ""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return one_line(f"{where}{diagnostic.code}: {diagnostic.message}{hint}")


def one_line(text: str) -> str:
    """Return text that cannot move a terminal's cursor: every control character is escaped."""
    return escape_control(text)


def problems(session: CommandContext, diagnostics: Sequence[Diagnostic]) -> None:
    """Write problems to stderr, one a line, quiet or not."""
    for diagnostic in diagnostics:
        session.say(line(diagnostic))


@dataclass(slots=True)
class Sent:
    """Format of the document that stdout got: an error after it is not written as a second one."""

    documents: int = 0


SENT = Sent()

PARSED = frozenset({"json", "sarif", "junit", "gitlab", "gitlab-terraform", "html", "github"})
"""Formats for programs, which escape data themselves. The workflow commands of `github` are intended."""


def write_out(
    text: str, *, human: bool = True, parsed: bool = False, styled: bool = False, marks: bool = False
) -> None:
    """Write the whole text to stdout; a machine's format is UTF-8 whatever the locale says.

    Human formats are escaped line by line: no line is a command to a CI runner, and no control character is written.
    `styled` keeps the tool's colours, `marks` the zero-width spaces of Markdown.
    """
    text = text if parsed else escape_output(text, styled=styled, marks=marks)
    SENT.documents += 0 if human else 1
    try:
        _write(ended(text) if text else text, (sys.stdout.encoding or "utf-8") if human else "utf-8")
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise ReconcilerError(f"stdout cannot be written: {error.strerror}", code="E_WRITE") from None


def write_part(text: str) -> None:
    """Write a part of a line to stdout at once, as it is: for progress marks."""
    _write(text, sys.stdout.encoding or "utf-8")


def _write(text: str, encoding: str) -> None:
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        raw.write(text.encode(encoding, "backslashreplace"))
    sys.stdout.flush()


def check_report_files(session: CommandContext, how: OutputOptions) -> None:
    """Raise UsageError where a file of `--report` is certainly not writable, before the work begins."""
    for _, file in how.files:
        refuse_unwritable(session.root, "--report", file)


@contextmanager
def progress(session: CommandContext, what: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show progress for the duration of a `with`; each call of the value advances it by one.

    Without a total it is that of reading one environment: a line on a terminal that is kept up to date, elsewhere one
    line from time to time.
    """
    still = session.quiet or session.verbose or session.log.form != "text" or not sys.stderr.isatty()
    if total is None:
        with _reading(session, what, moves=not still):
            yield lambda: None
        return
    if still:
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
    ]
    with Progress(*columns, console=moving(color=session.color), transient=True) as shown:
        task = shown.add_task(escape_control(what), total=total)
        yield lambda: shown.advance(task)


@contextmanager
def _reading(session: CommandContext, what: str, *, moves: bool) -> Iterator[None]:
    session.reading.restart()
    if not moves:
        with session.reading.telling(session.note):
            yield
        return
    from rich.live import Live
    from rich.text import Text

    def line() -> Text:
        return Text(session.reading.line() or escape_control(what), no_wrap=True, overflow="ellipsis")

    with Live(get_renderable=line, console=moving(color=session.color), transient=True, refresh_per_second=4):
        yield

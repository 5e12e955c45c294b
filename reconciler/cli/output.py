"""Tells a report: masks it at one door, writes it in each format asked for, whole, before the process ends."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler import __version__
from reconciler.cli.session import Session
from reconciler.cli.streams import deafen
from reconciler.errors import ReconcilerError, UsageError
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.report import Options, Report

HUMAN = "text"
"""The format that is meant for a terminal: it alone bends to the terminal's encoding, width and colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a report is wanted: the format on stdout, and further formats with their files."""

    format: str = HUMAN
    files: tuple[tuple[str, str], ...] = ()


def told(format_name: str, reports: Sequence[str] | None) -> Told:
    """Read `--format` and `--report FORMAT=FILE`; raises UsageError before any work is done."""
    from reconciler import plugins

    files = tuple(_split(item) for item in reports or ())
    for name in (format_name, *(name for name, _ in files)):
        try:
            plugins.reporter(name)
        except ReconcilerError as error:
            raise UsageError(error.message, hint=error.hint) from None
    return Told(format=format_name, files=files)


def _split(item: str) -> tuple[str, str]:
    name, equals, file = item.partition("=")
    if not (name and equals and file):
        raise UsageError(f"--report {item!r} is not FORMAT=FILE", hint="write --report markdown=plan.md")
    return name, file


def tell(session: Session, report: Report, how: Told) -> None:
    """Write a report to stdout and to each file."""
    tell_files(session, report, how)
    write_out(written(session, report, how.format), human=how.format == HUMAN)
    if how.format != HUMAN:
        for diagnostic in report.diagnostics:
            session.note(line(diagnostic))


def tell_files(session: Session, report: Report, how: Told) -> None:
    """Write a report to the files that `--report` names, plain text without colours."""
    for name, file in how.files:
        write_file(session.path(file), written(session, report, name, terminal=False))


def written(session: Session, report: Report, format_name: str, *, terminal: bool = True) -> str:
    """Return a report in one format: the one door at which secrets are masked, before any format sees it."""
    from reconciler import plugins

    human = terminal and format_name == HUMAN
    width = shutil.get_terminal_size().columns if human and sys.stdout.isatty() else 0
    options = Options(
        color=session.color and human, width=width, tool_version=__version__, prefix=from_repository(session.root)
    )
    return plugins.reporter(format_name)(session.redactor.value(report), options)


def from_repository(root: Path) -> str:
    """Return the way from the repository's root to the project: code hosts place problems on its lines."""
    whole = root.resolve()
    top = next((one for one in (whole, *whole.parents) if (one / ".git").exists()), whole)
    return whole.relative_to(top).as_posix()


def line(diagnostic: Diagnostic) -> str:
    """Spell a problem as one line that editors and people can follow: `file:line:col: code: message`."""
    where = f"{diagnostic.position}: " if diagnostic.position else ""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return one_line(f"{where}{diagnostic.code}: {diagnostic.message}{hint}")


def one_line(text: str) -> str:
    """Return text that cannot move a terminal's cursor: every control character is spelled out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def problems(session: Session, diagnostics: Sequence[Diagnostic]) -> None:
    """Write problems to stderr, one a line, quiet or not."""
    for diagnostic in diagnostics:
        session.say(line(diagnostic))


def write_out(text: str, *, human: bool = True) -> None:
    """Write the whole text to stdout; a machine's format is UTF-8 whatever the locale says."""
    try:
        _write(_ended(text) if text else text, (sys.stdout.encoding or "utf-8") if human else "utf-8")
    except BrokenPipeError:
        raise
    except OSError as error:
        deafen()
        raise ReconcilerError(f"stdout cannot be written: {error.strerror}", code="E_WRITE") from None


def _write(text: str, encoding: str) -> None:
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        raw.write(text.encode(encoding, "backslashreplace"))
    sys.stdout.flush()


def refuse_unwritable(session: Session, how: Told) -> None:
    """Raise UsageError where a file of `--report` can certainly not be written: known before, not after the work."""
    for _, file in how.files:
        path = session.path(file)
        if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
            raise UsageError(f"--report {file}: it cannot be written", hint="name a file in a folder that exists")


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all: a reader never sees half of it; raises ReconcilerError.

    A pipe or a device (`/dev/stdout`) is written to; putting a file in its place would take it away from everybody.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(_ended(text).encode("utf-8", "backslashreplace"))
        else:
            _replace(path, text)
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}", code="E_WRITE") from None
    except UnicodeEncodeError:
        message = f"a file of the name {path.name!a} cannot be written under this locale"
        raise ReconcilerError(message, code="E_WRITE", hint="set LC_ALL=C.UTF-8") from None


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(_ended(text))
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def read_file(path: Path) -> bytes:
    """Return a file's bytes; raises ReconcilerError in words."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be read: {error.strerror}", code="E_READ_FILE") from None


def write_new(folder: Path, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write files into a folder, made where it is missing; what exists and says something else is kept."""
    taken = [name for name, text in files.items() if _differs(folder / name, text)]
    if taken and not force:
        raise UsageError(
            f"{folder / taken[0]} exists already and would be overwritten",
            code="E_EXISTS",
            hint="choose a new folder",
        )
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path.parent} cannot be made: {error.strerror}") from None
        write_file(path, text)


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() != text.encode("utf-8", "backslashreplace")
    except OSError:
        return os.path.lexists(path)
    except UnicodeEncodeError:
        return False  # a name this locale cannot write; write_file says so

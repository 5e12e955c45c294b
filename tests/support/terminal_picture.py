"""Draws what a terminal shows as SVG: commands run on a real pseudo-terminal, and the bytes they write are drawn.

`recorded` runs a command and returns its bytes; `screen` reads them as a terminal does (colours, carriage returns,
cursor movements, erased lines); `drawing` writes the picture, which loads nothing.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby
from pathlib import Path

from reconciler.strings import display_width

COLUMNS = 120
LIMIT = 120
"""Seconds after which a command is ended."""

COLOURS = ("#484f58", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4")
PAPER, INK = "#0d1117", "#e6edf3"
WIDE, HIGH, EDGE = 8.4, 18, 16
_PART = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b.|([\r\n\b])|([^\x1b\r\n\b]+)", re.DOTALL)


def recorded(command: Sequence[str], *, folder: Path, variables: Mapping[str, str], answers: Sequence[str] = ()) -> str:
    """Run a command on a pseudo-terminal and return what it wrote; each answer is typed where a line waits for one."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    process = subprocess.Popen(
        list(command), stdin=end, stdout=end, stderr=end, cwd=folder, env=dict(variables), start_new_session=True
    )
    os.close(end)
    said, waiting, until = b"", list(answers), time.monotonic() + LIMIT
    try:
        while time.monotonic() < until and (data := _read(terminal)) is not None:
            said += data
            if waiting and said.endswith(b": "):
                os.write(terminal, f"{waiting.pop(0)}\n".encode())
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    return said.decode("utf-8", "replace")


def _read(terminal: int) -> bytes | None:
    """Return what was written within a second, or None where the command is over."""
    if not select.select([terminal], [], [], 1)[0]:
        return b""
    try:
        return os.read(terminal, 65_536) or None
    except OSError:  # its other end was closed
        return None


@dataclass(frozen=True, slots=True)
class Style:
    """How one character looks."""

    colour: str = ""
    bold: bool = False
    dim: bool = False


@dataclass(slots=True)
class _Screen:
    rows: list[list[tuple[str, Style]]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0
    style: Style = Style()

    def write(self, text: str) -> None:
        line = self.rows[self.row]
        for character in text:
            while len(line) < self.column:
                line.append((" ", Style()))
            line[self.column : self.column + 1] = [(character, self.style)]
            self.column += 1

    def move(self, sign: str) -> None:
        if sign == "\n":
            self.row += 1
            while len(self.rows) <= self.row:
                self.rows.append([])
        elif sign == "\r":
            self.column = 0
        else:
            self.column = max(0, self.column - 1)

    def control(self, numbers: list[int], name: str) -> None:
        count = numbers[0] if numbers and numbers[0] else 1
        if name == "m":
            self.style = _styled(self.style, numbers or [0])
        elif name == "K":
            line = self.rows[self.row]
            whole = bool(numbers) and numbers[0] == 2
            self.rows[self.row] = [] if whole else line[: self.column]
        elif name == "A":
            self.row = max(0, self.row - count)
        elif name == "G":
            self.column = count - 1


def _styled(style: Style, numbers: Sequence[int]) -> Style:
    for number in numbers:
        if number == 0:
            style = Style()
        elif number == 1:
            style = replace(style, bold=True)
        elif number == 2:
            style = replace(style, dim=True)
        elif number in (22, 39):
            style = replace(style, colour="") if number == 39 else replace(style, bold=False, dim=False)
        elif 30 <= number <= 37 or 90 <= number <= 97:
            style = replace(style, colour=COLOURS[number % 10])
    return style


def screen(said: str) -> list[list[tuple[str, Style]]]:
    """Return the rows that a terminal shows after these bytes, each character with its style."""
    shown = _Screen()
    for match in _PART.finditer(said):
        numbers, name, sign, text = match.groups()
        if text is not None:
            shown.write(text)
        elif sign is not None:
            shown.move(sign)
        elif name is not None and not numbers.startswith("?"):
            shown.control([int(one or 0) for one in numbers.split(";")] if numbers else [], name)
    while shown.rows and not shown.rows[-1]:
        shown.rows.pop()
    return shown.rows


def drawing(rows: Sequence[Sequence[tuple[str, Style]]], *, title: str) -> str:
    """Return the rows as an SVG with the reader's own monospaced font."""
    across = max((_across("".join(one for one, _ in row)) for row in rows), default=0)
    width, height = round(2 * EDGE + max(60, across) * WIDE), 3 * EDGE + len(rows) * HIGH
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>',
        *(f'<circle cx="{EDGE + 16 * n}" cy="14" r="5" fill="{COLOURS[n + 1]}"/>' for n in (0, 2, 1)),
        f"<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" "
        f'font-size="14" fill="{INK}">',
    ]
    for number, row in enumerate(rows):
        spans = " ".join(_spans(row))
        if spans:
            parts.append(f'<text y="{2 * EDGE + (number + 1) * HIGH - 4}">{spans}</text>')
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _spans(row: Sequence[tuple[str, Style]]) -> list[str]:
    """Return a row as runs of one style without wide gaps, each at the column where it stands."""
    at, runs = 0, []
    for style, cells in groupby(row, key=lambda cell: cell[1]):
        text = "".join(character for character, _ in cells)
        for part in re.split(r"( {2,})", text):
            if part.strip():
                runs.append(_span(part, style, at))
            at += _across(part)
    return runs


def _across(text: str) -> int:
    return sum(max(1, display_width(one)) for one in text)


def _span(text: str, style: Style, column: int) -> str:
    looks = f' fill="{style.colour}"' if style.colour else ""
    looks += ' font-weight="bold"' if style.bold else ""
    looks += ' opacity="0.65"' if style.dim else ""
    before = len(text) - len(text.lstrip())
    text, column = text.strip(), column + before
    long = _across(text) * WIDE
    return (
        f'<tspan x="{EDGE + column * WIDE:.1f}" textLength="{long:.1f}" lengthAdjust="spacingAndGlyphs"{looks}>'
        f"{escape(text, quote=False)}</tspan>"
    )

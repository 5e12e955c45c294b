"""The commands that the documents show, and what they print; `python -m tests.support.readme` writes the outputs anew.

A block fenced as `console` holds `$ command` lines, each followed by the output it gives. A line `[…]` stands for
lines left out. The commands of a page run in the repository's root, each by itself; on a page with the line `STORY`
they run one after the other in an empty folder, where `cd` and the shell's own commands work as well. A translation has
the blocks of its original.
"""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.command_line import ROOT, reconciler

README = ROOT / "README.md"
STORY = "<!-- The commands of this page run in an empty folder, in this order. -->"
TRANSLATIONS = {"README.md": "README.zh-CN.md", "docs/tutorial.md": "docs/zh/tutorial.md"}
"""Pages with the same headings and the same commands in Chinese."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One command as a page shows it, with the output it claims."""

    command: str
    output: str

    def is_printed(self, real: str) -> bool:
        """Tell whether the command's real output is the one that is claimed, lines left out apart."""
        if "[…]" not in self.output:
            return real == self.output
        at = 0
        for piece in self.output.split("[…]\n"):
            found = real.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return True


def pages() -> list[Path]:
    """Return the documents with commands, the README first, without translations."""
    translated = {ROOT / name for name in TRANSLATIONS.values()}
    found = [README, *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page not in translated)]
    return [page for page in found if _BLOCK.search(page.read_text(encoding="utf-8"))]


def blocks(text: str) -> list[str]:
    """Return the blocks of commands of a page, each with its fences."""
    return [match[0] for match in _BLOCK.finditer(text)]


def translated(original: str, translation: str) -> str:
    """Return a translation with the original's blocks of commands in place of its own."""
    own = iter(blocks(original))
    return _BLOCK.sub(lambda match: next(own, match[0]), translation)


def shown(text: str) -> list[Shown]:
    """Return every command of a page in order."""
    return [Shown(*_parts(part)) for block in _BLOCK.findall(text) for part in re.split(r"^\$ ", block, flags=re.M)[1:]]


def _parts(part: str) -> tuple[str, str]:
    command, _, output = part.partition("\n")
    return command, output


@contextlib.contextmanager
def runner(text: str) -> Iterator[Callable[[str], str]]:
    """Return what runs the commands of a page, each after the one before, and returns what it prints."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as empty:
        os.chdir(empty if STORY in text else ROOT)
        try:
            yield printed
        finally:
            os.chdir(before)


def printed(command: str) -> str:
    """Run a command and return what it prints: the report, then what stands beside it."""
    words = shlex.split(command)
    if words[0] == "cd":
        os.chdir(words[1])
        return ""
    if words[0] == "reconciler":
        run = reconciler(*words[1:])
        text = run.out + run.err
    else:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=kept, timeout=60, check=True)
        text = done.stdout + done.stderr
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def renewed(text: str) -> str:
    """Return a page with every output as it is now; outputs with lines left out stay as they are."""
    with runner(text) as run:

        def block(match: re.Match[str]) -> str:
            parts = re.split(r"^\$ ", match[1], flags=re.M)[1:]
            return "```console\n" + "".join(_renewed(run, *_parts(part)) for part in parts) + "```"

        return _BLOCK.sub(block, text)


def _renewed(run: Callable[[str], str], command: str, output: str) -> str:
    real = run(command)
    if "[…]" not in output:
        return f"$ {command}\n{real}"
    if not Shown(command, output).is_printed(real):
        sys.stderr.write(f"$ {command}\n{real}correct the lines around […] by hand: the page says\n{output}\n")
    return f"$ {command}\n{output}"


def _write(page: Path, text: str) -> None:
    if text != page.read_text(encoding="utf-8"):
        page.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {page.relative_to(ROOT)}\n")


if __name__ == "__main__":
    for one in pages():
        _write(one, renewed(one.read_text(encoding="utf-8")))
    for first, second in TRANSLATIONS.items():
        english, other = ((ROOT / name).read_text(encoding="utf-8") for name in (first, second))
        _write(ROOT / second, translated(english, other))

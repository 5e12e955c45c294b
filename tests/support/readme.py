"""The README's commands and what they print; `python -m tests.support.readme` writes their outputs anew.

A block fenced as `console` holds `$ command` lines, each followed by the output it gives. A line `[…]` stands for
lines left out.
"""

import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.command_line import ROOT, reconciler

README = ROOT / "README.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One command as the README shows it, with the output it claims."""

    command: str
    output: str


def shown(text: str) -> list[Shown]:
    """Return every command of the README in order."""
    return [Shown(*_parts(part)) for block in _BLOCK.findall(text) for part in re.split(r"^\$ ", block, flags=re.M)[1:]]


def _parts(part: str) -> tuple[str, str]:
    command, _, output = part.partition("\n")
    return command, output


def printed(command: str) -> str:
    """Run a command as in the repository's root and return what it prints: the report, then what stands beside it."""
    words = shlex.split(command)
    assert words[0] == "reconciler", command
    run = reconciler(*words[1:])
    return "".join(f"{line.rstrip()}\n" for line in (run.out + run.err).splitlines())


def renewed(text: str) -> str:
    """Return the README with every output as it is now; outputs with lines left out stay as they are."""

    def block(match: re.Match[str]) -> str:
        parts = re.split(r"^\$ ", match[1], flags=re.M)[1:]
        return "```console\n" + "".join(_renewed(*_parts(part)) for part in parts) + "```"

    return _BLOCK.sub(block, text)


def _renewed(command: str, output: str) -> str:
    return f"$ {command}\n{output if '[…]' in output else printed(command)}"


if __name__ == "__main__":
    os.chdir(ROOT)
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {Path(README).name}\n")

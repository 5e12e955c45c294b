"""Words of Terraform, kubectl, kongctl, octoDNS and the SDK, and what does that here: foreign_words.toml.

A command or an option that reconciler has itself wins. The table is asked for the others, and for values that would
mean something else (`-o json` is no file name).
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.late_methods import dataclass

_TABLE = Path(__file__).with_name("foreign_words.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignCommand:
    """Commands with one answer; `words` are alternatives, each of one or two words. `tool` is empty for several."""

    words: tuple[str, ...]
    answer: str
    tool: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignOption:
    """Options with one answer; `names` are without dashes, `tool` is empty for several.

    `becomes` are the words that replace the option where the command has the first of them; its value follows, unless
    `flag` is set. `values` limit the entry to these values, and let it win over an option of the same name. `commands`
    limit it to these commands.
    """

    names: tuple[str, ...]
    answer: str
    tool: str = ""
    becomes: tuple[str, ...] = ()
    flag: bool = False
    values: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    def fits(self, value: str, command: str) -> bool:
        """Tell whether the entry is for this value and this command."""
        wanted = not self.values or value.partition("=")[0].casefold() in self.values
        return wanted and (not self.commands or command in self.commands)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignWords:
    """The table: of several entries for a word the first one that fits counts. `tools` tells of each tool's users."""

    tools: Mapping[str, str]
    commands: tuple[ForeignCommand, ...]
    options: tuple[ForeignOption, ...]
    _phrases: dict[str, ForeignCommand] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the commands by their words."""
        for entry in self.commands:
            for phrase in entry.words:
                self._phrases.setdefault(phrase, entry)

    def command(self, words: Sequence[str]) -> tuple[str, ForeignCommand] | None:
        """Return the entry of the first two words, else of the first one, and the words that it was found by."""
        for phrase in (" ".join(words[:2]), *words[:1]):
            if phrase in self._phrases:
                return phrase, self._phrases[phrase]
        return None

    def option(self, name: str, value: str, command: str) -> ForeignOption | None:
        """Return the entry for an option that a command does not have."""
        return next((one for one in self.options if name in one.names and one.fits(value, command)), None)

    def rows(self, tool: str) -> list[tuple[str, str]]:
        """Return the words of a tool as its users type them, each with its answer."""
        commands = [(", ".join(one.words), one.answer) for one in self.commands if one.tool == tool]
        long = "-" if tool == "Terraform" else "--"
        options = (
            (", ".join(f"-{name}" if len(name) == 1 else f"{long}{name}" for name in one.names), one.answer)
            for one in self.options
            if one.tool == tool
        )
        return [*commands, *options]

    def misread(self, name: str, value: str, command: str) -> ForeignOption | None:
        """Return the entry for a value that means something else in the command's own option of that name."""
        entry = self.option(name, value, command)
        return entry if entry is not None and entry.values else None


@cache
def foreign_words() -> ForeignWords:
    """Read the table, once for each process."""
    found = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return ForeignWords(
        tools=found["tools"],
        commands=tuple(ForeignCommand(**_frozen(one)) for one in found["command"]),
        options=tuple(ForeignOption(**_frozen(one)) for one in found["option"]),
    )


def _frozen(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of one entry, its lists as tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}

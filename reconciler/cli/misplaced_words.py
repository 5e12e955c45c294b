"""Finds words that are right in another place: an option before its command, an environment without -e."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path

from reconciler.cli.argument_translation import Options
from reconciler.errors import ReconcilerError, UsageError

_NAMED = frozenset({"-e", "--environment"})


def early_option(
    arguments: Sequence[str], own: Options, commands: Mapping[str, Callable[[], Options]], path: str
) -> UsageError | None:
    """Return the error for options of a command that stand before it, with the line to write; None for another fault.

    `own` are the options of the group, `commands` return those of each command, `path` is the group's command line.
    """
    for place, word in enumerate(arguments):
        if word in commands:
            kept, moved = _split(arguments[:place], own, commands[word]())
            if moved:
                line = shlex.join([*path.split(), *kept, word, *moved, *arguments[place + 1 :]])
                name = moved[0].partition("=")[0]
                return UsageError(f"{name} is an option of {word}, and stands before it", hint=f"write `{line}`")
    return None


def _split(words: Sequence[str], own: Options, its: Options) -> tuple[list[str], list[str]]:
    """Return the options of the group and those of the command, each with its values; the latter empty if in doubt."""
    kept, moved, left = list[str](), list[str](), list(words)
    while left:
        word = left.pop(0)
        name, equals, _ = word.partition("=")
        options = own if name in own else its
        if name not in options:
            return [], []
        values = 0 if equals else options[name]
        (kept if options is own else moved).extend([word, *left[:values]])
        del left[:values]
    return kept, moved


def stray_environment(error: BaseException, arguments: Sequence[str], folders: Sequence[str]) -> str:
    """Return a hint where an error is about a word that is an environment of the project; empty for any other.

    `folders` are those of -C.
    """
    if not isinstance(error, ReconcilerError):
        return ""
    before = ("", *arguments)
    words = [word for last, word in zip(before, arguments, strict=False) if last not in _NAMED]
    for word in (one for one in words if one in error.message and one in _environments(folders)):
        rest = list(arguments)
        rest.remove(word)
        line = shlex.join(["reconciler", *rest, "-e", word])
        return f"{word} is an environment of this project: name it with -e, as in `{line}`"
    return ""


def _environments(folders: Sequence[str]) -> frozenset[str]:
    from reconciler.project.config_file import load_project

    try:
        return frozenset(load_project(Path(reduce(os.path.join, folders, ""))).environments)
    except (ReconcilerError, OSError, ValueError):
        return frozenset()

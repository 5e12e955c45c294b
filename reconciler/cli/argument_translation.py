"""Reads the options of a command line as users of other tools write them, before the parser sees them.

A single-dash word of several letters is an option of that name (`-target=…` is `--target=…`), then a word of another
tool (`-var a=b`), and only then a cluster of one-letter options (`-qv`, `-lteam=shop`).
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.strings import did_you_mean

if TYPE_CHECKING:
    from reconciler.cli.foreign_words import ForeignOption, ForeignWords

MISREAD = frozenset({"o", "output", "refresh"})
"""Options with values that the table answers although a command may have the option: others need no table."""

Options = Mapping[str, int]
"""The options of a command with their dashes, and how many values each takes."""


def translate(arguments: Sequence[str], options: Options, command: str, *, stops: bool) -> list[str]:
    """Return the arguments in the spelling of the command; `stops` leaves all after the first other word alone.

    Raises UsageError for an option of another tool, with what does that here.
    """
    words, result = deque(arguments), list[str]()
    while words:
        word = words.popleft()
        if word == "--" or (stops and not _is_option(word)):
            return [*result, word, *words]
        if not _is_option(word):
            result.append(word)
            continue
        read = _own_spelling(word, words[0] if words else "", options, command)
        name, value, missing = _name_and_value(read, options)
        read += [words.popleft() for _ in range(min(missing, len(words)))]
        _check_value(name, read[-1] if missing and len(read) > 1 else value, command)
        result += read
    return result


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1


def _own_spelling(word: str, following: str, options: Options, command: str) -> list[str]:
    """Return an option as the command spells it: one word, or the option and its value.

    `following` is the next word: the value, where the option takes one and none is attached.
    """
    double = word.startswith("--")
    name, equals, value = word.lstrip("-").partition("=")
    attached = [value] if equals else []
    if double and f"--{name}" in options:
        return [word]
    if not double and len(name) == 1 and f"-{name}" in options:
        return [f"-{name}", *attached] if options[f"-{name}"] else [word]
    if not double and len(name) > 1 and f"--{name}" in options:
        return [f"--{name}{equals}{value}"]
    entry = _table().option(name, value if equals else following, command)
    if entry is None:
        return [word] if double or word[:2] in options else _refuse_unknown(word, name, options)
    if entry.becomes and entry.becomes[0] in options and not (entry.flag and value not in {"", "true"}):
        return [*entry.becomes, *([] if entry.flag else attached)]
    raise _refusal(word.partition("=")[0], entry)


def _name_and_value(read: Sequence[str], options: Options) -> tuple[str, str, int]:
    """Return the last option of the words, its value, and how many values of it are still to come."""
    word = read[0]
    if len(read) > 1:
        return word, read[1], 0
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value, 0 if equals else options.get(name, 0)
    for at, letter in enumerate(word[1:], 2):
        if taken := options.get(f"-{letter}", 0):
            return f"-{letter}", word[at:], 0 if word[at:] else taken
    return word, "", 0


def _check_value(name: str, value: str, command: str) -> None:
    """Refuse a value that means something else in the option of another tool."""
    name, dashed = name.lstrip("-"), name
    entry = _table().misread(name, value, command) if name in MISREAD and value else None
    if entry is not None:
        raise _refusal(f"{dashed} {value}", entry)


def _refusal(word: str, entry: "ForeignOption") -> UsageError:
    meant = f"{entry.tool}'s {word}: {entry.answer}" if entry.tool else entry.answer
    return UsageError(f"no such option: {word}", hint=meant)


def _refuse_unknown(word: str, name: str, options: Options) -> list[str]:
    """Refuse a word of several letters that is no option; one letter is left to the parser."""
    if len(name) < 2:
        return [word]
    raise UsageError(f"no such option: {word.partition('=')[0]}", hint=similar_option(name, options))


def similar_option(name: str, options: Iterable[str]) -> str:
    """Return a hint that names the option with a similar spelling, or an empty text."""
    hint = did_you_mean(name.lstrip("-"), [one[2:] for one in options if one.startswith("--")], quote="")
    return hint.replace("did you mean ", "Did you mean --")


def _table() -> "ForeignWords":
    from reconciler.cli.foreign_words import foreign_words

    return foreign_words()


def join_against(arguments: Sequence[str]) -> list[str]:
    """Join `--against base REV` (and plan FILE, snapshot FILE) into one argument."""
    joined: list[str] = []
    items = iter(arguments)
    for item in items:
        joined.append(item)
        if item == "--against" and (source := next(items, None)) is not None:
            two = source in {"base", "plan", "snapshot"}
            joined.append(f"{source} {next(items, '')}".strip() if two else source)
        elif item in {"--against=base", "--against=plan", "--against=snapshot"}:
            joined[-1] = f"{item} {next(items, '')}".strip()
    return joined

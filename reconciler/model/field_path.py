"""Field paths inside an object, as printed in plans: `interaction_rules[price].trigger.time_window`.

A step is a field's name, the index of an item, or the ItemKey of an item that has keys. A key is quoted where it is
ambiguous, so that two different paths never print alike: `[price]`, `["a, b"]`, `["3"]` (the text; `[3]` is a number),
`[library,price]`, `[price]#2` (the second of that key).

    >>> spell(("interaction_rules", ItemKey(("price",)), "trigger", "reply_texts", 0))
    'interaction_rules[price].trigger.reply_texts[0]'
    >>> spell(("tags", ItemKey(("a, b",), nth=2)))
    'tags["a, b"]#2'
    >>> parse("interaction_rules[*].enabled")
    ('interaction_rules', '*', 'enabled')
    >>> covers(parse("interaction_rules[*]"), parse("interaction_rules[price].enabled"))
    True
    >>> parse("a..b")
    Traceback (most recent call last):
    ValueError: 'a..b' is no path: cannot read '..b'
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json

WILD = "*"
_SPECIAL = late_pattern(r'[\[\]",*\\#]|^\s|\s$|^-?\d+$|^$|^(true|false|null)$')
_TOKEN = late_pattern(r'\.?(?P<name>\*|\w+)|(?P<keys>\[(?:"(?:[^"\\]|\\.)*"|[^"\]])*\](?:#\d+)?)')
_PART = late_pattern(r'\s*("(?:[^"\\]|\\.)*"|[^",]*)\s*(,|$)')


class ItemKey(NamedTuple):
    """Keys of an item, and its number among the items with these keys."""

    parts: tuple[Json, ...]
    nth: int = 1


FieldStep = str | int | ItemKey
FieldPath = tuple[FieldStep, ...]
IndexPath = tuple[str | int, ...]
"""Path inside a value: names and indexes alone."""


def printed(step: FieldStep) -> str:
    """Print one step; an item's step is in brackets."""
    if isinstance(step, str):
        return step
    if isinstance(step, int):
        return f"[{step}]"
    suffix = f"#{step.nth}" if step.nth > 1 else ""
    return f"[{_parts(step.parts)}]{suffix}"


def _parts(parts: tuple[Json, ...]) -> str:
    """Print keys; leading absent ones are left out, since their number follows from the others."""
    start = next((index for index, part in enumerate(parts) if part is not None), len(parts) - 1)
    return ",".join("" if part is None else _part(part) for part in parts[start:])


def _part(part: Json) -> str:
    if not isinstance(part, str):
        return json.dumps(part)
    if _SPECIAL.search(part) or not part.isprintable():
        return json.dumps(part, ensure_ascii=False)
    return part


def spell(steps: Iterable[FieldStep]) -> str:
    """Print a whole path."""
    text = ""
    for step in map(printed, steps):
        text += step if step.startswith("[") or not text else f".{step}"
    return text


def parse(text: str) -> tuple[str, ...]:
    """Parse a path or a pattern into printed steps, `*` matching any one step. Raises ValueError."""
    steps: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (match.group("name") and (text[at] == ".") != bool(steps)):
            raise ValueError(f"{text!r} is no path: cannot read {text[at:]!r}")
        steps.append(match.group("name") or _canonical(match.group("keys")))
        at = match.end()
    if not steps:
        raise ValueError("an empty path")
    return tuple(steps)


def _canonical(keys: str) -> str:
    inner, _, nth = keys.rpartition("]")
    inner = inner[1:]
    if inner.strip() == WILD:
        return WILD
    parts = tuple(_read(part) for part in _split(inner))
    return f"[{_parts(parts)}]{nth}"


def _split(text: str) -> list[str]:
    parts = []
    at = 0
    while True:
        match = _PART.match(text, at)
        if match is None:
            raise ValueError(f"[{text}] is no key")
        parts.append(match.group(1).strip())
        at = match.end()
        if match.group(2) != ",":
            return parts


def _read(part: str) -> Json:
    if part.startswith('"') or re.fullmatch(r"-?\d+|true|false", part):
        value: Json = json.loads(part)
        return value
    return part or None


def schema_path(path: Iterable[FieldStep]) -> str:
    """Print a path as a kind's table does, without which item it is: `interaction_rules[].trigger`."""
    return "".join(f".{step}" if isinstance(step, str) else "[]" for step in path).removeprefix(".")


def iter_leaves(value: object, at: IndexPath = ()) -> Iterator[tuple[IndexPath, object]]:
    """Yield everything in a value that is neither an object nor a list, with its path of names and indexes."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from iter_leaves(part, (*at, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from iter_leaves(part, (*at, index))
    else:
        yield at, value


def is_within(path: str, below: str) -> bool:
    """Tell whether a printed path is another one or below it; every path is below the empty one."""
    return not below or path == below or path.startswith((f"{below}.", f"{below}["))


def covers(pattern: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    """Tell whether a pattern matches this path or a prefix of it."""
    if len(pattern) > len(steps):
        return False
    return all(want in (WILD, step) for want, step in zip(pattern, steps, strict=False))

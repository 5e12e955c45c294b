"""Events of a live room, as they are reported to the service (docs/api/rules.md §1; API page LiveEventReport).

A recording is JSONL, one event a line, or report bodies (`{"total": …, "events": […]}`), one or many. `content` is text
that holds JSON, on the wire; an object is accepted too. A line or a body is a batch.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TypeGuard

from reconciler.model.resource import Json

EVENT_TYPES: Mapping[str, int] = {"comment": 1, "join": 2, "like": 3, "gift": 4, "script": 10}
"""Event types a rule may use, by the names that tests give them (rules.md §1.2)."""

DOCUMENTED_KEYS: Mapping[int, frozenset[str]] = {
    1: frozenset({"userId", "name", "level", "badge", "badgeLevel", "content"}),
    2: frozenset({"userId", "name", "level", "badge", "badgeLevel"}),
    3: frozenset({"userId", "name", "level", "badge", "badgeLevel"}),
    4: frozenset({"userId", "name", "level", "badge", "badgeLevel", "giftName", "giftNum", "totalValue", "giftValue"}),
    10: frozenset({"content"}),
}
"""Leaf names of the decoded content, by event type (rules.md §1.2)."""

TEXT_KEYS = frozenset({"content", "name", "userId", "badge", "giftName"})
"""Keys whose values are text."""

_SURROGATE = re.compile("[\ud800-\udfff]")
LARGEST_RECORDING = 256 << 20
"""Bytes of one recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One event. `timestamp` is in milliseconds; `index` its 0-based place in the file; `batch` numbers its report.

    `content` is the decoded content; empty where it is no JSON object, and then `undecoded` is true: no field resolves.
    """

    index: int
    timestamp: int
    type: int
    content: Mapping[str, Json] = field(default_factory=dict)
    batch: int = 0
    undecoded: bool = False

    @property
    def viewer(self) -> str:
        """The user's id; an event without one comes from one anonymous viewer (rules.md §5.2)."""
        user = self.content.get("user")
        value = user.get("userId") if isinstance(user, Mapping) else self.content.get("userId")
        return "" if value is None else str(value)


class EventError(ValueError):
    """A recording that cannot be read. `line` is 1-based."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_events(text: str) -> tuple[LiveEvent, ...]:
    """Return the events of a recording; raises EventError with the line of the first problem."""
    events: list[LiveEvent] = []
    for batch, (line, value) in enumerate(_values(text)):
        if isinstance(value, Mapping) and "events" in value:
            rows = value["events"]
            if not isinstance(rows, list):
                raise EventError(line, "`events` is not a list")
        else:
            rows = value if isinstance(value, list) else [value]
        events.extend([_event(row, len(events) + number, batch, line) for number, row in enumerate(rows)])
    return tuple(events)


def _values(text: str) -> Iterator[tuple[int, Json]]:
    """Yield (line, value): the whole text where it is one JSON value, else one value a line."""
    text = text.removeprefix("\ufeff")
    stripped = text.lstrip()
    if stripped.startswith("[") or (stripped.startswith("{") and "\n" in stripped.rstrip()):
        try:
            yield 1, json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            if stripped.startswith("["):
                raise EventError(1, "the recording is not JSON") from None
        else:
            return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line, parse_constant=_no_constant)
            except (ValueError, RecursionError) as error:
                raise EventError(number, f"not JSON: {error}") from None


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is not a JSON number")


def _event(row: Json, index: int, batch: int, line: int) -> LiveEvent:
    if not isinstance(row, Mapping):
        raise EventError(line, f"event {index} is not an object")
    timestamp, kind = row.get("timestamp"), row.get("type", 0)
    if not _is_integer(timestamp) or not 0 <= timestamp <= 4102415999000:
        raise EventError(line, f"event {index}: timestamp is not an integer from 0 to 4102415999000 (milliseconds)")
    if not _is_integer(kind) or not 0 <= kind <= 100:
        raise EventError(line, f"event {index}: type is not an integer from 0 to 100")
    content, undecoded = decode_content(row.get("content"))
    return LiveEvent(index=index, timestamp=timestamp, type=kind, content=content, batch=batch, undecoded=undecoded)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def decode_content(content: Json) -> tuple[Mapping[str, Json], bool]:
    """Return the decoded content, and whether it could not be decoded."""
    if content is None:
        return {}, False
    if isinstance(content, str):
        try:
            content = json.loads(content, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return {}, True
    return (content, False) if isinstance(content, Mapping) else ({}, True)


def canonical_text(value: Json) -> str | None:
    """Return a leaf as text, a number in its shortest form; None for null, objects and lists."""
    if isinstance(value, str):
        if _SURROGATE.search(value) is None:
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def as_number(text: str) -> Decimal | None:
    """Return a text as a number, or None: digits, a sign, a point and an exponent, nothing else."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and "_" not in text else None

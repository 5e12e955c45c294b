"""Events of a live room, as they are reported to the service (docs/api/rules.md §1; API page LiveEventReport).

A recording is JSONL, one event a line, or report bodies (`{"total": …, "events": […]}`), one or many. `content` is text
that holds JSON, on the wire; an object is accepted too. A line or a body is a batch.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import field
from decimal import Decimal, InvalidOperation
from typing import TypeGuard

from reconciler.late_methods import dataclass
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json

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

_LONGEST_INTEGER = 10**4000
_SURROGATE = late_pattern("[\ud800-\udfff]")
MOST_DIGITS = 400
"""Digits of a number before the point, or zeros behind it: beyond it is no number."""

LATEST = 4_102_415_999_000
"""The largest timestamp that the service takes, in milliseconds."""

MOST_CHARACTERS = 4096
"""Characters of an event's content that the service takes."""

MOST_PROBLEMS = 100
"""Most reported problems of one recording."""

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
    def longest_text(self) -> int:
        """Characters of the comment, as far as it is text."""
        value = self.content.get("content")
        return len(value) if isinstance(value, str) else 0

    @property
    def viewer(self) -> str:
        """The user's id; an event without one comes from one anonymous viewer (rules.md §5.2)."""
        user = self.content.get("user")
        value = user.get("userId") if isinstance(user, Mapping) else self.content.get("userId")
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class RecordingProblem:
    """Problem of a recording. `line` is 1-based."""

    line: int
    message: str


def read_events(text: str) -> tuple[tuple[LiveEvent, ...], tuple[RecordingProblem, ...]]:
    """Return the events of a recording, and what is wrong with it, at most MOST_PROBLEMS."""
    events: list[LiveEvent] = []
    problems: list[RecordingProblem] = []
    for batch, (line, value) in enumerate(_values(text, problems)):
        if isinstance(value, Mapping) and "events" in value:
            rows = value["events"]
            if not isinstance(rows, list):
                problems.append(RecordingProblem(line, "`events` is not a list"))
                rows = []
        else:
            rows = value if isinstance(value, list) else [value]
        for row in rows:
            found = _event(row, len(events), batch)
            if isinstance(found, str):
                problems.append(RecordingProblem(line, found))
            else:
                events.append(found)
        if len(problems) >= MOST_PROBLEMS:
            break
    return tuple(events), tuple(problems[:MOST_PROBLEMS])


def _values(text: str, problems: list[RecordingProblem]) -> Iterator[tuple[int, Json]]:
    """Yield (line, value): the whole text where it is one JSON value, else one value a line."""
    text = text.removeprefix("\ufeff")
    stripped = text.lstrip()
    if stripped.startswith("[") or (stripped.startswith("{") and "\n" in stripped.rstrip()):
        try:
            yield 1, _decoded(text)
        except json.JSONDecodeError as error:
            if stripped.startswith("["):
                problems.append(RecordingProblem(error.lineno, f"not JSON: {error.msg} at column {error.colno}"))
                return
        except (ValueError, RecursionError) as error:
            if stripped.startswith("["):
                problems.append(RecordingProblem(1, _not_json(error)))
                return
        else:
            return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, _decoded(line)
            except json.JSONDecodeError as error:
                problems.append(RecordingProblem(number, f"not JSON: {error.msg} at column {error.colno}"))
            except (ValueError, RecursionError) as error:
                problems.append(RecordingProblem(number, _not_json(error)))
            if len(problems) >= MOST_PROBLEMS:
                return


def _not_json(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "not JSON that can be read: nested too deep"
    return "not JSON that can be read: a number of too many digits" if "digits" in str(error) else f"not JSON: {error}"


def _decoded(text: str) -> Json:
    value: Json = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    return value


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _event(row: Json, index: int, batch: int) -> LiveEvent | str:
    """Return an event, or what is wrong with it."""
    if not isinstance(row, Mapping):
        return f"event {index} is not an object"
    timestamp, kind = row.get("timestamp"), row.get("type", 0)
    if not _is_integer(timestamp) or not 0 <= timestamp <= LATEST:
        return f"event {index}: timestamp is not an integer from 0 to {LATEST} (milliseconds)"
    if not _is_integer(kind) or not 0 <= kind <= 100:
        return f"event {index}: type is not an integer from 0 to 100"
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
            content = _decoded(content)
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
        return str(value) if abs(value) < _LONGEST_INTEGER else None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def as_number(text: str) -> Decimal | None:
    """Return a text as a number, or None: digits, a sign, a point and an exponent, nothing else.

    One beyond 10 to the power of MOST_DIGITS, or as near to zero, is none: no engine is known to hold it.
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or "_" in text or (number and abs(number.adjusted()) > MOST_DIGITS):
        return None
    return number

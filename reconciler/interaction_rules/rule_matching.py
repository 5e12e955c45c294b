"""Whether a rule's condition holds for an event: true, false, or either, in one reading of the settings.

Tags are joined in Kleene logic: one false settles AND, one true settles OR (docs/api/rules.md §5.1).
"""

import itertools
import math
import operator
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Final, NamedTuple

from reconciler.interaction_rules.event import MOST_DIGITS, LiveEvent, as_number, canonical_text
from reconciler.interaction_rules.prepared_rule import Tag
from reconciler.interaction_rules.regex_engine import pattern_verdict
from reconciler.interaction_rules.settings import Semantics
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json
from reconciler.strings import compatibility_form

TRUE: Final = frozenset({True})
FALSE: Final = frozenset({False})
EITHER: Final = frozenset({True, False})
Truth = frozenset[bool]
"""Value of a condition: TRUE, FALSE or EITHER."""

Number = Decimal | Fraction
"""A value of an event, or a sum or an average, which are exact."""

_COMPARE: Mapping[str, Callable[[Number, Decimal], bool]] = {
    "MATH_GT": operator.gt,
    "MATH_GE": operator.ge,
    "MATH_LT": operator.lt,
    "MATH_LE": operator.le,
    "MATH_EQ": operator.eq,
}
_LARGEST = 10**MOST_DIGITS
_PLAIN_NUMBER = late_pattern(r"-?[0-9]+(\.[0-9]+)?")


class Absent(Enum):
    """A key that an event does not carry, and a rule that fails for it (`missing_key: rule-error`)."""

    MISSING = "missing"
    RULE_ERROR = "rule error"


class TagReading(NamedTuple):
    """One value for each setting that a single comparison looks at."""

    tag_path: str
    missing_key: str
    math_on_text: str
    equal_on_number: str
    regex_mode: str
    regex_engine: str
    regex_case: str
    text_normalize: str


def tag_readings(semantics: Semantics) -> tuple[TagReading, ...]:
    """Return the readings of comparisons that a reading of all settings leaves open; one unless some are undefined."""
    return tuple(
        TagReading(*values) for values in itertools.product(*(semantics.alternatives(n) for n in TagReading._fields))
    )


def resolve_key(content: Mapping[str, Json], name: str, tag_path: str) -> Json | Absent:
    """Return what a tag's name stands for in the decoded content; JSON null, objects and lists are no value.

    `tag_path`: `leaf` looks at any depth, breadth first; `top-then-user-gift` at the top, then inside `user` and
    `gift`; `dotted-too` as `leaf`, then along a dotted name.
    """
    if not name:
        return Absent.MISSING
    if tag_path == "top-then-user-gift":
        places = (content, content.get("user"), content.get("gift"))
        for place in places:
            if isinstance(place, Mapping) and _is_leaf(place.get(name)):
                return place[name]
        return Absent.MISSING
    found = _breadth_first(content, name)
    if found is Absent.MISSING and tag_path == "dotted-too" and "." in name:
        return _along(content, name)
    return found


def _is_leaf(value: Json) -> bool:
    return isinstance(value, str) or (value is not None and not isinstance(value, (Mapping, list)))


def _breadth_first(content: Mapping[str, Json], name: str) -> Json | Absent:
    if _is_leaf(value := content.get(name)):
        return value
    queue: deque[Mapping[str, Json]] = deque([content])
    while queue:
        place = queue.popleft()
        if _is_leaf(value := place.get(name)):
            return value
        queue.extend(inner for inner in place.values() if isinstance(inner, Mapping))
    return Absent.MISSING


def _along(content: Mapping[str, Json], name: str) -> Json | Absent:
    value: Json = content
    for step in name.split("."):
        if not isinstance(value, Mapping):
            return Absent.MISSING
        value = value.get(step)
    return value if _is_leaf(value) else Absent.MISSING


def normalize_text(text: str, how: str) -> str:
    """Apply the setting `text_normalize`."""
    if how == "trim":
        return text.strip()
    return compatibility_form(text) if how == "nfkc" else text


def compare_value(tag: Tag, value: Json | Absent | Number, reading: TagReading) -> bool | Absent | None:
    """Return whether a value satisfies a tag: true, false, None (not known), or RULE_ERROR."""
    if value is Absent.MISSING:
        if reading.missing_key == "rule-error":
            return Absent.RULE_ERROR
        if reading.missing_key == "no-match":
            return False
        value = ""
    number = value if isinstance(value, (Decimal, Fraction)) else _number(value)
    if tag.match == "EQUAL":
        return _equal(tag.value, value, number, reading)
    if tag.match == "REGEX":
        return _regex(tag.value, value, reading)
    if tag.match in _COMPARE:
        return _math(tag, value, number, reading)
    return None


def _number(value: Json | Absent) -> Decimal | None:
    if isinstance(value, float):
        return Decimal(str(value)) if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value) if abs(value) < _LARGEST else None
    return None


def _as_text(value: Json | Absent | Number) -> str:
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator) if value.denominator > 1 else Decimal(int(value))
    if isinstance(value, Decimal):
        return str(int(value)) if value == value.to_integral_value() else format(value.normalize(), "f")
    return "" if isinstance(value, Absent) else canonical_text(value) or ""


def _equal(wanted: str, value: Json | Absent | Number, number: Number | None, reading: TagReading) -> bool:
    if number is not None:
        if reading.equal_on_number == "no-match":
            return False
        if reading.equal_on_number == "numeric":
            return as_number(wanted) == number
        return _as_text(value) == wanted
    how = reading.text_normalize
    return normalize_text(_as_text(value), how) == normalize_text(wanted, how)


def _regex(pattern: str, value: Json | Absent | Number, reading: TagReading) -> bool | None:
    text = normalize_text(_as_text(value), reading.text_normalize)
    return pattern_verdict(pattern, text, mode=reading.regex_mode, engine=reading.regex_engine, case=reading.regex_case)


def _math(tag: Tag, value: Json | Absent | Number, number: Number | None, reading: TagReading) -> bool | None:
    bound = as_number(compatibility_form(tag.value))
    if bound is None:
        return False
    if not _PLAIN_NUMBER.fullmatch(tag.value):
        return None
    if number is None and isinstance(value, str) and reading.math_on_text == "coerce":
        number = as_number(compatibility_form(value))
    return number is not None and _COMPARE[tag.match](number, bound)


class AggregateSeries:
    """The values that one aggregated tag has seen, with running sums, for the room and for each viewer."""

    def __init__(self) -> None:
        self._timestamps: dict[str | None, list[int]] = {}
        self._batches: dict[str | None, list[int]] = {}
        self._totals: dict[str | None, list[int | Fraction]] = {}
        self._ascending = True

    def add(self, event: LiveEvent, value: Decimal) -> None:
        """Note a value; the running sums grow for the room (None) and for the event's viewer."""
        exact = int(value) if value == value.to_integral_value() else Fraction(value)
        for scope in (None, event.viewer):
            times = self._timestamps.setdefault(scope, [])
            if times and event.timestamp < times[-1]:
                self._ascending = False
            batches = self._batches.setdefault(scope, [])
            if batches and event.batch < batches[-1]:
                self._ascending = False
            times.append(event.timestamp)
            batches.append(event.batch)
            totals = self._totals.setdefault(scope, [0])
            totals.append(totals[-1] + exact)

    def size(self, scope: str | None) -> int:
        """Return how many values were noted for the room (None) or a viewer."""
        return len(self._timestamps.get(scope, ()))

    def value(
        self, operation: str, event: LiveEvent, *, scope: str | None, since: int, span: str, window: int
    ) -> "Fraction | Absent":
        """Return the sum, average or count from the `since`-th value on; MISSING where there is no value.

        `span` is whole-live, time-window (`window` seconds before the event) or batch (the event's report).
        """
        count = self.size(scope)
        chosen = range(since, count)
        if span == "batch":
            batches = self._batches.get(scope, [])
            if not self._ascending:
                return self._scan(operation, scope, [i for i in chosen if batches[i] == event.batch])
            chosen = range(max(since, bisect_left(batches, event.batch)), count)
        elif span == "time-window" and window > 0:
            times, start = self._timestamps.get(scope, []), event.timestamp - window * 1000
            if not self._ascending:
                return self._scan(operation, scope, [i for i in chosen if start <= times[i] <= event.timestamp])
            chosen = range(max(since, bisect_left(times, start)), count)
        if operation == "COUNT":
            return Fraction(len(chosen))
        if not chosen:
            return Absent.MISSING
        totals = self._totals[scope]
        total = Fraction(totals[chosen.stop] - totals[chosen.start])
        return total / len(chosen) if operation == "AVG" else total

    def _scan(self, operation: str, scope: str | None, chosen: list[int]) -> "Fraction | Absent":
        if operation == "COUNT":
            return Fraction(len(chosen))
        totals = self._totals.get(scope, [])
        total = Fraction(sum(totals[i + 1] - totals[i] for i in chosen))
        if not chosen:
            return Absent.MISSING
        return total / len(chosen) if operation == "AVG" else total


def sample_of(tag: Tag, event: LiveEvent, reading: TagReading) -> Decimal | None:
    """Return what an event adds to an aggregate, or None where it adds nothing."""
    if tag.operation == "COUNT":
        counted = not tag.name or resolve_key(event.content, tag.name, reading.tag_path) is not Absent.MISSING
        return Decimal(1) if counted else None
    value = resolve_key(event.content, tag.name, reading.tag_path)
    if isinstance(value, Absent):
        return None
    if isinstance(value, str) and reading.math_on_text == "coerce":
        return as_number(compatibility_form(value))
    return _number(value)


def join_tags(verdicts: list[bool | Absent | None], relation: str) -> Truth:
    """Join verdicts of tags by AND or OR in Kleene logic; a rule error makes it false."""
    if any(verdict is Absent.RULE_ERROR for verdict in verdicts):
        return FALSE
    settled = relation == "OR"
    if any(verdict is settled for verdict in verdicts):
        return TRUE if settled else FALSE
    if any(verdict is None for verdict in verdicts):
        return EITHER
    return FALSE if settled else TRUE

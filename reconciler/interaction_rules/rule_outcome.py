"""What events lead to: outcomes, and results that hold every outcome and the settings they turn on."""

from dataclasses import dataclass

MOST_OUTCOMES = 64
"""Outcomes of one event beyond which it is undecidable."""

MOST_STATES = 256
"""States of one run beyond which it is undecidable from there on."""

Marks = dict[tuple[object, ...], int]
"""What a run remembers: when rules fired or matched, how often they replied, where an aggregate begins."""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one event may lead to: the rules that fire, in evaluation order, with what each may say; those suppressed.

    `replies` has one entry for each rule that fires: every text it may say, none where it says no preset text.
    """

    fires: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    replies: tuple[tuple[str, ...], ...] = ()

    @property
    def heard(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """What fires and what is said: the part that counts when two results are compared."""
        return self.fires, self.replies


SILENT = RuleOutcome()


@dataclass(frozen=True, slots=True)
class EventResult:
    """Everything an event may lead to, and the settings (not assumed) that it turns on, in the order of SETTINGS."""

    outcomes: tuple[RuleOutcome, ...] = (SILENT,)
    depends_on: tuple[str, ...] = ()
    undecidable: bool = False

    @property
    def heard(self) -> frozenset[object]:
        """What may be heard."""
        return frozenset(outcome.heard for outcome in self.outcomes)


class UndecidableError(Exception):
    """Too many continuations to follow."""


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One way to walk the rules for one event, so far."""

    fired: tuple[int, ...] = ()
    suppressed: tuple[int, ...] = ()
    replies: tuple[tuple[str, ...], ...] = ()
    marks: tuple[tuple[tuple[object, ...], int], ...] = ()

    def mark(self, key: tuple[object, ...], state: Marks) -> int | None:
        """Return what was remembered under a key, by this walk or before it."""
        for known, value in reversed(self.marks):
            if known == key:
                return value
        return state.get(key)

"""What events lead to: outcomes, and results that hold every outcome and the settings they turn on."""

from dataclasses import dataclass

from reconciler.interaction_rules.rule_state import Key, Marks, Value

MOST_OUTCOMES = 64
"""Outcomes of one event beyond which it is undecidable."""

MOST_STEPS = 256
"""Ways to walk the rules for one event beyond which it is undecidable."""


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
SILENCE = frozenset((SILENT,))
"""What an event that no rule can answer leads to."""


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

    @property
    def silent(self) -> bool:
        """Whether no rule fires in any outcome; false where the outcomes are not known."""
        return not self.undecidable and not any(outcome.fires for outcome in self.outcomes)


class UndecidableError(Exception):
    """Too many ways to walk the rules for one event."""


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One way to walk the rules for one event, so far. `marks` are what it leaves behind, in order."""

    fired: tuple[int, ...] = ()
    suppressed: tuple[int, ...] = ()
    replies: tuple[tuple[str, ...], ...] = ()
    marks: tuple[tuple[Key, Value], ...] = ()

    def mark(self, key: Key, state: Marks) -> Value:
        """Return what was remembered under a key, by this walk or before it."""
        for known, value in reversed(self.marks):
            if known == key:
                return value
        return state.get(key)

"""Outcomes of events, and results with every outcome and the settings they depend on."""

from reconciler.interaction_rules.rule_state import Key, Marks, Value
from reconciler.late_methods import dataclass

MOST_OUTCOMES = 64
"""Outcomes of one event beyond which it is undecidable."""

MOST_STEPS = 256
"""Ways to walk the rules for one event beyond which it is undecidable."""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """Possible outcome of one event: the rules that fire, in evaluation order, with their texts; suppressed ones.

    `replies` has one entry for each rule that fires: every text it may say, none where it says no preset text.
    """

    fires: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    replies: tuple[tuple[str, ...], ...] = ()

    @property
    def heard(self) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Rules that fire and their texts: the part that counts when two results are compared."""
        return self.fires, self.replies


SILENT = RuleOutcome()
SILENCE = frozenset((SILENT,))
"""Outcome of an event that no rule can answer."""


@dataclass(frozen=True, slots=True)
class EventResult:
    """Everything an event may lead to, and the settings (not assumed) that it turns on, in the order of SETTINGS."""

    outcomes: tuple[RuleOutcome, ...] = (SILENT,)
    depends_on: tuple[str, ...] = ()
    undecidable: bool = False

    @property
    def heard(self) -> frozenset[object]:
        """Rules and texts of all outcomes."""
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

"""Walks the rules that may hold for one event, in evaluation order and both ways where a decision is open (§5.1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.prepared_rule import EvaluatedRule
from reconciler.interaction_rules.rule_matching import Truth
from reconciler.interaction_rules.rule_outcome import MOST_STEPS, RuleStep, UndecidableError
from reconciler.interaction_rules.rule_state import Key, Marks, Value
from reconciler.interaction_rules.settings import UNDEFINED, Semantics
from reconciler.late_methods import dataclass

Held = tuple[EvaluatedRule, Truth]
"""A rule that may hold, with whether it does: TRUE or EITHER."""


def ranked_groups(
    holding: Sequence[Held], tie: str, ranks: Mapping[str, int] | None, *, last_resort: bool
) -> list[tuple[Held, ...]]:
    """Sort rules into groups of equal rank; with a defined tie each group has one rule.

    `ranks` are those of libraries where they count before priorities.
    """
    if len(holding) == 1:
        return [(holding[0],)]

    def rank(rule: EvaluatedRule) -> tuple[bool, int, int]:
        return last_resort and rule.reserved, ranks[rule.library] if ranks else 0, rule.priority

    groups: list[tuple[Held, ...]] = []
    before: object = None
    for held in sorted(holding, key=lambda one: (rank(one[0]), -one[0].index if tie == "reverse" else one[0].index)):
        if tie == UNDEFINED and groups and rank(held[0]) == before:
            groups[-1] = (*groups[-1], held)
        else:
            groups.append((held,))
        before = rank(held[0])
    return groups


class WindowsAndReplies(Protocol):
    """Callbacks of a walk to its run."""

    semantics: Semantics

    def open_windows(self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks) -> frozenset[bool]:
        """Return whether the rule's window lets it fire now."""

    def replies(self, rule: EvaluatedRule, step: RuleStep, state: Marks) -> tuple[tuple[tuple[str, ...], bool], ...]:
        """Return what the rule may say now, and whether that moves the room's ORDER counter."""

    def fire_marks(
        self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks, *, moves: bool
    ) -> list[tuple[Key, Value]]:
        """Return what a firing leaves behind."""

    def match_marks(self, rule: EvaluatedRule, event: LiveEvent) -> list[tuple[Key, Value]]:
        """Return what a match leaves behind."""


class _WalkState(NamedTuple):
    """Position of a walk: the next group, the rules left of this one, the steps so far, and the rank that fired."""

    next_group: int
    left: tuple[Held, ...]
    step: RuleStep
    band: tuple[int, str] | None = None


@dataclass(slots=True)
class RuleWalk:
    """Walks groups of rules for one event from one state, both ways where a decision is open."""

    run: WindowsAndReplies
    event: LiveEvent
    state: Marks
    groups: list[tuple[Held, ...]]
    dispatch: str
    ranks: Mapping[str, int] | None
    last_resort: bool
    _count: int = 0

    def steps(self) -> Iterator[RuleStep]:
        """Yield every end of the walk; raises UndecidableError where there are too many."""
        return self._walk(_WalkState(0, (), RuleStep()))

    def _walk(self, place: _WalkState) -> Iterator[RuleStep]:
        self._count += 1
        if self._count > 8 * MOST_STEPS:
            raise UndecidableError
        next_group, left, step, band = place
        if not left:
            if next_group == len(self.groups):
                yield step
                return
            left, next_group = self.groups[next_group], next_group + 1
        first = left[0][0]
        if (step.fired and self.last_resort and first.reserved) or (band is not None and band != self._band(first)):
            yield step
            return
        for held in left:
            rule, truth = held
            others = tuple(other for other in left if other is not held) if len(left) > 1 else ()
            rest = _WalkState(next_group, others, step, band)
            if False in truth:
                yield from self._walk(rest)
            yield from self._hit(rest, rule)

    def _band(self, rule: EvaluatedRule) -> tuple[int, str]:
        return rule.priority, rule.library if self.ranks is not None else ""

    def _hit(self, place: _WalkState, rule: EvaluatedRule) -> Iterator[RuleStep]:
        step = place.step
        for is_open in sorted(self.run.open_windows(rule, self.event, step, self.state), reverse=True):
            if is_open:
                for said, moves in self.run.replies(rule, step, self.state):
                    marks = (*step.marks, *self.run.fire_marks(rule, self.event, step, self.state, moves=moves))
                    after = RuleStep((*step.fired, rule.index), step.suppressed, (*step.replies, said), marks)
                    if self.dispatch == "first":
                        yield after
                    else:
                        band = self._band(rule) if self.dispatch == "top-band" else None
                        yield from self._walk(place._replace(step=after, band=band))
                continue
            marks = (*step.marks, *self.run.match_marks(rule, self.event))
            after = RuleStep(step.fired, (*step.suppressed, rule.index), step.replies, marks)
            for choice in self.run.semantics.alternatives("suppressed"):
                if choice == "consumes":
                    yield after
                else:
                    yield from self._walk(place._replace(step=after))

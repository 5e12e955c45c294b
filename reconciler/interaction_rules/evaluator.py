"""Evaluates rules over a recording: which fire, which are suppressed, what may be said, and what the result turns on.

`evaluate` plays the reading itself and each other alternative of a setting that is not assumed, one at a time, and
tells for each event what changes (docs/api/rules.md §5, §5.1, §5.2). One `RuleRun` plays one reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from itertools import pairwise

from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.prepared_rule import EvaluatedRule
from reconciler.interaction_rules.relevance import relevant_swaps
from reconciler.interaction_rules.rule_conditions import CONDITION_SETTINGS, Possible
from reconciler.interaction_rules.rule_outcome import MOST_OUTCOMES, SILENCE, EventResult, RuleOutcome
from reconciler.interaction_rules.rule_run import Outcomes, RuleRun
from reconciler.interaction_rules.rule_state import MOST_ROWS
from reconciler.interaction_rules.settings import SETTINGS, UNDEFINED, Semantics
from reconciler.late_methods import dataclass


def evaluate(
    rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent], semantics: Semantics, *, scene: str | None = None
) -> tuple[EventResult, ...]:
    """Return the result of each event, in the order they are given (their `index`), whatever `event_order` is.

    Cost: one run for the reading and one for each alternative that could matter for these rules and events.
    """
    recording = Recording(rules, events, scene)
    results = Results(recording.outcomes(semantics))
    for name, value in relevant_swaps(rules, events, semantics):
        results.swap(name, recording.outcomes(semantics.swapped(name, value)))
    return results.results()


def run_outcomes(
    rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent], semantics: Semantics, *, scene: str | None = None
) -> list[Outcomes]:
    """Play one reading; outcomes are at the index of their event, None where they cannot be followed."""
    return Recording(rules, events, scene).outcomes(semantics)


@dataclass(slots=True)
class Recording:
    """Rules and the events that are played through them, in one reading after another.

    Which rules may hold for an event turns on few settings: readings that agree in those share it. `exact` is false
    once a run has kept a superset of what may be.
    """

    rules: Sequence[EvaluatedRule]
    events: Sequence[LiveEvent]
    scene: str | None = None
    most_rows: int = MOST_ROWS
    exact: bool = True
    _possible: dict[tuple[str, ...], list[Possible]] = field(default_factory=dict)

    def outcomes(self, semantics: Semantics) -> list[Outcomes]:
        """Play one reading. An undefined `event_order` is one order or the other for the whole recording."""
        if semantics["event_order"] == UNDEFINED:
            orders = [semantics.swapped("event_order", one) for one in semantics.alternatives("event_order")]
            return joined([self.outcomes(one) for one in orders])
        order = played_order(self.events, semantics)
        run = self.run(semantics, order)
        possible = self.possible(run)
        found: list[Outcomes] = [SILENCE] * len(self.events)
        for index in order:
            if possible[index]:
                found[index] = run.play(self.events[index], possible[index])
        self.exact = self.exact and run.state.exact
        return found

    def run(self, semantics: Semantics, order: Sequence[int], identities: Mapping[int, int] | None = None) -> RuleRun:
        """Return a run of one reading over the events in an order."""
        ascending = is_ascending(self.events, order)
        return RuleRun(
            self.rules, semantics, self.scene, ascending=ascending, identities=identities, most_rows=self.most_rows
        )

    def possible(self, run: RuleRun) -> list[Possible]:
        """Return for each event the rules that may hold in a run's reading."""
        signature = tuple(run.semantics[name] for name in CONDITION_SETTINGS)
        if (known := self._possible.get(signature)) is None:
            known = self._possible[signature] = run.possible(self.events)
        return known


def joined(played: Sequence[Sequence[Outcomes]]) -> list[Outcomes]:
    """Return what events lead to in one of several runs or another."""
    return [
        None if None in found else frozenset[RuleOutcome]().union(*filter(None, found))
        for found in zip(*played, strict=True)
    ]


class Results:
    """Results of events in one reading, and in each single alternative."""

    def __init__(self, base: list[Outcomes]) -> None:
        self._base = base
        self._all: dict[int, set[RuleOutcome] | None] = {}
        self._depends: dict[int, set[str]] = {}

    def swap(self, name: str, swapped: Sequence[Outcomes]) -> None:
        """Add what the events lead to where one setting has another value."""
        for index, (before, outcomes) in enumerate(zip(self._base, swapped, strict=True)):
            if outcomes is before or outcomes == before:
                continue
            if outcomes is None or before is None:
                self._depends.setdefault(index, set()).add(name)
                self._all[index] = None
                continue
            if {one.heard for one in outcomes} != {one.heard for one in before}:
                self._depends.setdefault(index, set()).add(name)
            known = self._all.setdefault(index, set())
            if known is not None:
                known |= outcomes

    def results(self) -> tuple[EventResult, ...]:
        """Return the result of each event."""
        return tuple(self._result(index, base) for index, base in enumerate(self._base))

    def _result(self, index: int, base: Outcomes) -> EventResult:
        names = self._depends.get(index)
        more: set[RuleOutcome] | None = self._all.get(index, set())
        if base is SILENCE and not names and not more:
            return _SILENT_RESULT
        depends = tuple(name for name in SETTINGS if name in names) if names else ()
        if base is None or more is None or len(base | more) > MOST_OUTCOMES:
            return EventResult((), depends, undecidable=True)
        return EventResult((*_sorted(base), *_sorted(more - base)), depends)


_SILENT_RESULT = EventResult()


def _sorted(outcomes: frozenset[RuleOutcome] | set[RuleOutcome]) -> list[RuleOutcome]:
    if len(outcomes) < 2:
        return list(outcomes)
    return sorted(outcomes, key=lambda one: (one.fires, one.replies, one.suppressed))


def is_ascending(events: Sequence[LiveEvent], order: Sequence[int]) -> bool:
    """Whether no event is played after one with a later timestamp."""
    return all(events[earlier].timestamp <= events[later].timestamp for earlier, later in pairwise(order))


def played_order(events: Sequence[LiveEvent], semantics: Semantics) -> Sequence[int]:
    """Return the places of events in the order they are played."""
    if semantics["event_order"] == "timestamp":
        return sorted(range(len(events)), key=lambda index: events[index].timestamp)
    return range(len(events))

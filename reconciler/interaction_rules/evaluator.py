"""Evaluates rules over a recording: which fire, which are suppressed, what may be said, and what the result turns on.

`evaluate` plays the reading itself and each other alternative of a setting that is not assumed, one at a time, and
tells for each event what changes (docs/api/rules.md §5, §5.1, §5.2). One `RuleRun` plays one reading.
"""

from collections.abc import Sequence
from itertools import pairwise

from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.relevance import relevant_swaps
from reconciler.interaction_rules.rule import EvaluatedRule
from reconciler.interaction_rules.rule_outcome import MOST_OUTCOMES, SILENT, EventResult, RuleOutcome
from reconciler.interaction_rules.rule_run import RuleRun
from reconciler.interaction_rules.settings import UNDEFINED, Semantics


def evaluate(
    rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent], semantics: Semantics, *, scene: str | None = None
) -> tuple[EventResult, ...]:
    """Return the result of each event, in the order they are given (their `index`), whatever `event_order` is.

    Cost: one run for the reading and one for each alternative that could matter for these rules and events.
    """
    base = run_outcomes(rules, events, semantics, scene=scene)
    found: list[dict[RuleOutcome, None] | None] = [_ordered(outcomes) for outcomes in base]
    depends: list[set[str]] = [set() for _ in events]
    for name, value in relevant_swaps(rules, events, semantics):
        swapped = run_outcomes(rules, events, semantics.swapped(name, value), scene=scene)
        for index, outcomes in enumerate(swapped):
            before = base[index]
            if outcomes == before:
                continue
            if outcomes is None or before is None:
                depends[index].add(name)
                found[index] = None
                continue
            if {one.heard for one in outcomes} != {one.heard for one in before}:
                depends[index].add(name)
            known = found[index]
            if known is not None:
                known.update(_ordered(outcomes) or {})
    return tuple(_result(outcomes, names) for outcomes, names in zip(found, depends, strict=True))


def _ordered(outcomes: frozenset[RuleOutcome] | None) -> dict[RuleOutcome, None] | None:
    if outcomes is None:
        return None
    return dict.fromkeys(sorted(outcomes, key=lambda one: (one.fires, one.replies, one.suppressed)))


def _result(outcomes: dict[RuleOutcome, None] | None, names: set[str]) -> EventResult:
    from reconciler.interaction_rules.settings import SETTINGS

    depends = tuple(name for name in SETTINGS if name in names)
    if outcomes is None or len(outcomes) > MOST_OUTCOMES:
        return EventResult((), depends, undecidable=True)
    return EventResult(tuple(outcomes), depends)


def run_outcomes(
    rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent], semantics: Semantics, *, scene: str | None = None
) -> list[frozenset[RuleOutcome] | None]:
    """Play one reading; the outcomes stand at the place of their event, None where they cannot be followed.

    An undefined `event_order` is one order or the other for the whole recording.
    """
    if semantics["event_order"] == UNDEFINED:
        orders = [semantics.swapped("event_order", one) for one in semantics.alternatives("event_order")]
        played = [run_outcomes(rules, events, one, scene=scene) for one in orders]
        return [
            None if None in found else frozenset().union(*filter(None, found)) for found in zip(*played, strict=True)
        ]
    order = played_order(events, semantics)
    run = RuleRun(rules, semantics, scene, ascending=is_ascending(events, order))
    found: list[frozenset[RuleOutcome] | None] = [frozenset((SILENT,))] * len(events)
    for index in order:
        found[index] = run.play(events[index])
    return found


def _either(one: frozenset[RuleOutcome] | None, other: frozenset[RuleOutcome] | None) -> frozenset[RuleOutcome] | None:
    return None if one is None or other is None else one | other


def is_ascending(events: Sequence[LiveEvent], order: Sequence[int]) -> bool:
    """Whether no event is played after one with a later timestamp."""
    return all(events[earlier].timestamp <= events[later].timestamp for earlier, later in pairwise(order))


def played_order(events: Sequence[LiveEvent], semantics: Semantics) -> Sequence[int]:
    """Return the places of events in the order they are played."""
    if semantics["event_order"] == "timestamp":
        return sorted(range(len(events)), key=lambda index: events[index].timestamp)
    return range(len(events))

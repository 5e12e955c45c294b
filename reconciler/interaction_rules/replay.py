"""A recording through two versions of the rules: what each event leads to before and after, and why it differs.

A difference is *direct* where the new rules answer the event otherwise from the state that the old ones were in; else
it is a *knock-on* of an earlier one: a window, a counter or an aggregate that moved.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from reconciler.interaction_rules.evaluator import Recording, Results, evaluate, joined, played_order
from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.prepared_rule import EvaluatedRule
from reconciler.interaction_rules.relevance import relevant_swaps
from reconciler.interaction_rules.rule_outcome import SILENCE, EventResult
from reconciler.interaction_rules.rule_run import Outcomes
from reconciler.interaction_rules.settings import UNDEFINED, Semantics
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json

FORMAT_VERSION = "1.0"
CLASSES = ("same", "changed", "silent", "answered")
"""Classes of a changed event: another reply, silent now, answered now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventComparison:
    """One event: its results before and after.

    `change` is one of CLASSES, empty (and `direct` None) where nothing is compared or either result is undecidable.
    """

    index: int
    subject: str = ""
    before: EventResult | None = None
    after: EventResult
    change: str = ""
    direct: bool | None = None

    @property
    def from_to(self) -> tuple[str, str]:
        """The rules that answered before and that answer after, "(silent)" where none does."""
        return _names(self.before), _names(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """Every event of a recording, in file order, for each subject in turn."""

    events: tuple[EventComparison, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def counts(self) -> dict[str, int]:
        """Return how many events there are of each class, and how many depend on each setting."""
        changes = Counter(event.change for event in self.events)
        return {name: changes[name] for name in CLASSES}

    @property
    def undecidable(self) -> int:
        """Number of events with an undecidable result, before or after."""
        return sum(event.after.undecidable or bool(event.before and event.before.undecidable) for event in self.events)

    @property
    def differs(self) -> bool:
        """Whether an event changes, or may: it is undecidable and the rules are not the same."""
        return any(event.change != "same" for event in self.events if event.before is not None)

    def depends_on(self) -> dict[str, int]:
        """Return for each setting how many events turn on it after, or before."""
        names: Counter[str] = Counter()
        for event in self.events:
            names.update({*event.after.depends_on, *(event.before.depends_on if event.before else ())})
        return dict(sorted(names.items()))


def replay(
    before: Sequence[EvaluatedRule] | None,
    after: Sequence[EvaluatedRule],
    events: Sequence[LiveEvent],
    semantics: Semantics,
    *,
    subject: str = "",
) -> tuple[EventComparison, ...]:
    """Return each event's comparison; without `before` the rules alone are evaluated."""
    if before is None:
        alone = evaluate(after, events, semantics)
        return tuple(
            EventComparison(index=e.index, subject=subject, after=r) for e, r in zip(events, alone, strict=True)
        )
    same = tuple(before) == tuple(after)
    if same:
        old = new = evaluate(after, events, semantics)
        direct: frozenset[int] = frozenset()
    else:
        old, new, direct = _Pair(before, after, events).results(semantics)
    return tuple(
        EventComparison(
            index=event.index,
            subject=subject,
            before=one,
            after=two,
            change=(change := "same" if same else classify(one, two)),
            direct=(change != "same" and place in direct) if change else None,
        )
        for place, (event, one, two) in enumerate(zip(events, old, new, strict=True))
    )


def classify(before: EventResult, after: EventResult) -> str:
    """Return how two results differ, one of CLASSES; empty where either is undecidable.

    Answered: no rule may fire before, one may after. Silent: the reverse. Changed: another rule or reply, or one more
    or less that may be heard.
    """
    if before.undecidable or after.undecidable:
        return ""
    if before.heard == after.heard:
        return "same"
    return "answered" if before.silent else "silent" if after.silent else "changed"


class _Pair:
    """Old and new rules, played side by side over a recording in one reading after another."""

    def __init__(
        self, before: Sequence[EvaluatedRule], after: Sequence[EvaluatedRule], events: Sequence[LiveEvent]
    ) -> None:
        self._old, self._new = Recording(before, events), Recording(after, events)
        self._events = events
        self._identities = _identities(before, after)
        self._direct: set[int] = set()

    def results(self, semantics: Semantics) -> tuple[tuple[EventResult, ...], tuple[EventResult, ...], frozenset[int]]:
        """Return the results of old and new rules, and the indexes of events with direct differences.

        An event differs directly where the new rules answer differently from the state of the old ones, in any reading.
        """
        swaps = dict.fromkeys(
            swap for one in (self._old, self._new) for swap in relevant_swaps(one.rules, self._events, semantics)
        )
        old, new = (Results(outcomes) for outcomes in self._played(semantics))
        for name, value in swaps:
            before, after = self._played(semantics.swapped(name, value))
            old.swap(name, before)
            new.swap(name, after)
        return old.results(), new.results(), frozenset(self._direct)

    def _played(self, semantics: Semantics) -> tuple[list[Outcomes], list[Outcomes]]:
        if semantics["event_order"] != UNDEFINED:
            return self._one_order(semantics)
        orders = [
            self._one_order(semantics.swapped("event_order", one)) for one in semantics.alternatives("event_order")
        ]
        before, after = zip(*orders, strict=True)
        return joined(before), joined(after)

    def _one_order(self, semantics: Semantics) -> tuple[list[Outcomes], list[Outcomes]]:
        order = played_order(self._events, semantics)
        old = self._old.run(semantics, order)
        new = self._new.run(semantics, order, self._identities)
        held, holding = self._old.possible(old), self._new.possible(new)
        before: list[Outcomes] = [SILENCE] * len(self._events)
        after: list[Outcomes] = [SILENCE] * len(self._events)
        for place in order:
            if not held[place] and not holding[place]:
                continue
            event = self._events[place]
            after[place] = two = new.play(event, holding[place])
            branches = old.branches(event, held[place])
            before[place] = one = old.outcomes(branches)
            if place not in self._direct and _heard(one) != _heard(two):
                peeked = new.peek(event, old.state, holding[place])
                if peeked is None or _heard(peeked) != _heard(one):
                    self._direct.add(place)
            old.take(event, branches)
        return before, after


def _heard(outcomes: Outcomes) -> frozenset[object] | None:
    return None if outcomes is None else frozenset(outcome.heard for outcome in outcomes)


def _identities(before: Sequence[EvaluatedRule], after: Sequence[EvaluatedRule]) -> dict[int, int]:
    """Return for each new rule the place of the old one of its name and library, or a number that none has."""
    known = {(rule.library, rule.name): rule.index for rule in before}
    return {rule.index: known.pop((rule.library, rule.name), -2 - rule.index) for rule in after}


def _names(result: EventResult | None) -> str:
    if result is None:
        return ""
    names = sorted({" + ".join(outcome.fires) for outcome in result.outcomes}, key=lambda name: (not name, name))
    return " | ".join(name or "(silent)" for name in names) or "(undecidable)"


def result_json(result: EventResult | None) -> Json:
    """Return a result in the machine format; None where there is none."""
    if result is None:
        return None
    shape: dict[str, Json] = {
        "outcomes": [
            {
                "fires": list(outcome.fires),
                "suppressed": list(outcome.suppressed),
                "replies": [list(texts) for texts in outcome.replies],
            }
            for outcome in result.outcomes
        ],
        "depends_on": list(result.depends_on),
    }
    if result.undecidable:
        shape["undecidable"] = True
    return shape


def replay_json(result: ReplayResult, *, subjects: bool) -> dict[str, Json]:
    """Return a replay in the machine format (schemas/replay.schema.json); `subjects` adds each row's subject."""
    rows: list[Json] = []
    for event in result.events:
        row: dict[str, Json] = {
            "index": event.index,
            "before": result_json(event.before),
            "after": result_json(event.after),
            "class": event.change or None,
            "direct": event.direct,
        }
        rows.append({"subject": event.subject, **row} if subjects else row)
    counts: dict[str, Json] = {"events": len(rows)}
    if any(event.before for event in result.events):
        counts.update(result.counts())
        counts["direct"] = sum(bool(event.direct) for event in result.events)
    counts["depends_on"] = dict(result.depends_on())
    counts["undecidable"] = result.undecidable
    return {"format_version": FORMAT_VERSION, "events": rows, "summary": counts}

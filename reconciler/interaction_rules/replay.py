"""A recording through two versions of the rules: what each event leads to before and after, and why it differs.

A difference is *direct* where the new rules answer the event otherwise from the state that the old ones were in; else
it is a *knock-on* of an earlier one: a window, a counter or an aggregate that moved.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.interaction_rules.evaluator import evaluate, is_ascending, played_order
from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.rule import EvaluatedRule
from reconciler.interaction_rules.rule_outcome import EventResult, RuleOutcome
from reconciler.interaction_rules.rule_run import RuleRun
from reconciler.interaction_rules.settings import Semantics
from reconciler.model.resource import Json

FORMAT_VERSION = "1.0"
CLASSES = ("same", "changed", "silent", "answered")
"""How an event may differ: another reply, silent now, answered now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventComparison:
    """One event: its results before and after; `change` is one of CLASSES, empty where nothing is compared."""

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
    new = evaluate(after, events, semantics)
    if before is None:
        return tuple(EventComparison(index=e.index, subject=subject, after=r) for e, r in zip(events, new, strict=True))
    old = evaluate(before, events, semantics)
    changes = [_classify(one, two) for one, two in zip(old, new, strict=True)]
    direct = _direct(before, after, events, semantics) if any(change != "same" for change in changes) else set()
    return tuple(
        EventComparison(
            index=event.index,
            subject=subject,
            before=one,
            after=two,
            change=change,
            direct=change != "same" and event.index in direct,
        )
        for event, one, two, change in zip(events, old, new, changes, strict=True)
    )


def _classify(before: EventResult, after: EventResult) -> str:
    if before.undecidable and after.undecidable:
        return "same"
    if before.heard == after.heard and before.undecidable == after.undecidable:
        return "same"
    if before.outcomes and not any(outcome.fires for outcome in before.outcomes):
        return "answered"
    if after.outcomes and not any(outcome.fires for outcome in after.outcomes):
        return "silent"
    return "changed"


def _direct(
    before: Sequence[EvaluatedRule], after: Sequence[EvaluatedRule], events: Sequence[LiveEvent], semantics: Semantics
) -> set[int]:
    """Return the indexes of events that the new rules answer otherwise from the state of the old ones."""
    order = played_order(events, semantics)
    ascending = is_ascending(events, order)
    old, new = (RuleRun(rules, semantics, ascending=ascending) for rules in (before, after))
    places = _renumbered(before, after)
    found: set[int] = set()
    for place in order:
        event = events[place]
        states = [{_moved(key, places): value for key, value in state.items()} for state in old.states]
        new.note(event)
        expected = old.play(event)
        outcomes = new.peek(event, states)
        if outcomes is None or expected is None or _heard(outcomes) != _heard(expected):
            found.add(event.index)
    return found


def _heard(outcomes: frozenset[RuleOutcome]) -> frozenset[object]:
    return frozenset(outcome.heard for outcome in outcomes)


def _renumbered(before: Sequence[EvaluatedRule], after: Sequence[EvaluatedRule]) -> dict[int, int]:
    """Return for the place of each old rule the place of the new one of its name and library, or one that none has."""
    known = {(rule.library, rule.name): rule.index for rule in after}
    return {rule.index: known.get((rule.library, rule.name), -1 - rule.index) for rule in before}


def _moved(key: tuple[object, ...], places: Mapping[int, int]) -> tuple[object, ...]:
    if len(key) > 1 and isinstance(key[1], int):
        return (key[0], places[key[1]], *key[2:])
    return key


def _names(result: EventResult | None) -> str:
    if result is None:
        return ""
    names = dict.fromkeys(" + ".join(outcome.fires) or "(silent)" for outcome in result.outcomes)
    return " | ".join(names) or "(undecidable)"


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
    if any(event.change for event in result.events):
        counts.update(result.counts())
        counts["direct"] = sum(bool(event.direct) for event in result.events)
    counts["depends_on"] = dict(result.depends_on())
    counts["undecidable"] = sum(event.after.undecidable for event in result.events)
    return {"format_version": FORMAT_VERSION, "events": rows, "summary": counts}

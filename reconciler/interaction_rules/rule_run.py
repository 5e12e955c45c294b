"""Plays rules over events under one reading of the settings (docs/api/rules.md §5.1).

Where a decision is not known (an undefined setting, a pattern outside the portable subset) the run goes on both ways,
so that it holds a set of states and gives a set of outcomes for each event.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.rule import EvaluatedRule
from reconciler.interaction_rules.rule_conditions import Conditions
from reconciler.interaction_rules.rule_matching import FALSE
from reconciler.interaction_rules.rule_outcome import (
    MOST_STATES,
    SILENT,
    Marks,
    RuleOutcome,
    RuleStep,
    UndecidableError,
)
from reconciler.interaction_rules.settings import UNDEFINED, Semantics

_SILENCE = frozenset((SILENT,))


@dataclass(slots=True)
class RuleRun:
    """One reading of the settings, played over events in the order they are given."""

    rules: Sequence[EvaluatedRule]
    semantics: Semantics
    scene: str | None = None
    states: list[Marks] = field(default_factory=lambda: [{}])
    undecidable: bool = False
    ascending: bool = False
    _conditions: Conditions = field(init=False)
    _latest: int = -1

    def __post_init__(self) -> None:
        self._conditions = Conditions(self.rules, self.semantics)

    def play(self, event: LiveEvent) -> frozenset[RuleOutcome] | None:
        """Return what the event may lead to and move on; None where that cannot be followed any more."""
        self._latest = event.timestamp
        self._conditions.note(event)
        if self.undecidable:
            return None
        rules = self._conditions.candidates(event, self.scene)
        if not rules:
            return _SILENCE
        try:
            branches = [(state, step) for state in self.states for step in self.walk(event, state, rules)]
            self._move(branches)
        except UndecidableError:
            self.undecidable = True
            return None
        return frozenset(self._outcome(step) for _, step in branches)

    def note(self, event: LiveEvent) -> None:
        """Take an event into the aggregates without playing it."""
        self._conditions.note(event)

    def peek(self, event: LiveEvent, states: Iterable[Marks]) -> frozenset[RuleOutcome] | None:
        """Return what the event, already noted, would lead to from other states; nothing moves."""
        rules = self._conditions.candidates(event, self.scene)
        try:
            return frozenset(self._outcome(step) for state in states for step in self.walk(event, state, rules))
        except UndecidableError:
            return None

    def _outcome(self, step: RuleStep) -> RuleOutcome:
        if not step.fired and not step.suppressed:
            return SILENT
        return RuleOutcome(
            tuple(self.rules[index].name for index in step.fired),
            tuple(self.rules[index].name for index in step.suppressed),
            step.replies,
        )

    def _move(self, branches: list[tuple[Marks, RuleStep]]) -> None:
        if len(branches) == 1:
            branches[0][0].update(branches[0][1].marks)
            return
        kept: dict[frozenset[tuple[tuple[object, ...], int]], Marks] = {}
        for state, step in branches:
            after = {**state, **dict(step.marks)}
            if self.ascending:
                after = {key: value for key, value in after.items() if not self._expired(key, value)}
            kept[frozenset(after.items())] = after
            if len(kept) > MOST_STATES:
                raise UndecidableError
        self.states = list(kept.values())

    def _expired(self, key: tuple[object, ...], value: int) -> bool:
        """Whether a mark can change nothing later: its window, in event time, is over."""
        if key[0] not in {"fired", "matched"} or "fixed-slots" in self.semantics.alternatives("window_start"):
            return False
        window = self._conditions.longest_window if key[1] == "room" else self.rules[int(str(key[1]))].window
        return window is not None and window > 0 and self._latest - value > window * 1000

    def walk(self, event: LiveEvent, state: Marks, rules: Sequence[EvaluatedRule]) -> list[RuleStep]:
        """Return every way the rules that may hold may be walked for an event from one state, without repeats."""
        if not rules:
            return [RuleStep()]
        steps: dict[RuleStep, None] = {}
        for reserved in self.semantics.alternatives("reserved"):
            for libraries in self.semantics.alternatives("library_order"):
                for dispatch in self.semantics.alternatives("dispatch"):
                    groups = self._groups(rules, reserved, libraries)
                    walker = _Walker(
                        self, event, state, groups, dispatch, libraries, last_resort=reserved == "last-resort"
                    )
                    for step in walker.walk(_Place(0, (), RuleStep())):
                        steps[step] = None
                        if len(steps) > MOST_STATES:
                            raise UndecidableError
        return list(steps)

    def _groups(self, rules: Sequence[EvaluatedRule], reserved: str, libraries: str) -> list[list[EvaluatedRule]]:
        """Sort rules into groups of equal rank; with a defined tie each group has one rule."""
        order = self._conditions.library_ranks if libraries == "per-library" else {}
        ties = self.semantics["tie"]

        def rank(rule: EvaluatedRule) -> tuple[bool, int, int]:
            last = reserved == "last-resort" and rule.reserved
            return last, order.get(rule.library, 0), rule.priority

        groups: list[list[EvaluatedRule]] = []
        before: object = None
        for rule in sorted(rules, key=lambda rule: (rank(rule), -rule.index if ties == "reverse" else rule.index)):
            if ties == UNDEFINED and groups and rank(rule) == before:
                groups[-1].append(rule)
            else:
                groups.append([rule])
            before = rank(rule)
        return groups

    def condition(self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks) -> frozenset[bool]:
        """Return whether the rule's condition holds, scenes included."""
        return self._conditions.holds(rule, event, self.scene, lambda key: step.mark(key, state))

    def open_windows(self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks) -> frozenset[bool]:
        """Return whether the rule's window lets it fire now."""
        return frozenset(self._window_answers(rule, event, step, state))

    def _window_answers(self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks) -> Iterator[bool]:
        for window in self.windows(rule):
            if window == 0:
                yield True
                continue
            for scope in self.semantics.alternatives("window_scope"):
                key = _scope_key(rule, event, scope, once=window < 0)
                if window < 0:
                    yield step.mark(("fired", *key), state) is None
                    continue
                for start in self.semantics.alternatives("window_start"):
                    last = step.mark(("matched" if start == "last-match" else "fired", *key), state)
                    yield from self._elapsed(last, event.timestamp, window * 1000, start)

    def _elapsed(self, last: int | None, now: int, window: int, start: str) -> Iterator[bool]:
        if last is None:
            yield True
        elif start == "fixed-slots":
            yield last // window != now // window
        else:
            for edge in self.semantics.alternatives("window_edge"):
                yield now - last > window if edge == "closed" else now - last >= window

    def windows(self, rule: EvaluatedRule) -> tuple[int, ...]:
        """Return the rule's window in seconds (0 every time, negative once), or what its absence may mean."""
        if rule.window is not None:
            return (rule.window,)
        return tuple(0 if value == "every-time" else -1 for value in self.semantics.alternatives("absent_window"))

    def replies(self, rule: EvaluatedRule, step: RuleStep, state: Marks) -> tuple[tuple[tuple[str, ...], bool], ...]:
        """Return what the rule may say now, one entry for each reading: every text that may be chosen, and whether
        that moves the room's ORDER counter.
        """
        spoken = rule.texts
        orders = (rule.order,) if rule.order else tuple(v.upper() for v in self.semantics.alternatives("absent_order"))
        counters = self.semantics.alternatives("order_counter")
        choices: dict[tuple[tuple[str, ...], bool], None] = {}
        for source in self.semantics.alternatives("reply_source") if spoken and rule.audios else ("texts",):
            for order in orders if spoken else ("RANDOM",):
                moves = order != "RANDOM" and "per-room" in counters
                if source == "audios" or order == "RANDOM" or len(spoken) < 2:
                    choices[() if source == "audios" else spoken, moves] = None
                    continue
                for counter in counters:
                    key: tuple[object, ...] = ("replies",) if counter == "per-room" else ("replies", rule.index)
                    choices[(spoken[(step.mark(key, state) or 0) % len(spoken)],), moves] = None
        return tuple(choices)

    def fire_marks(
        self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks, *, moves: bool
    ) -> list[tuple[tuple[object, ...], int]]:
        """Return what a firing leaves behind: window marks, the ORDER counters, the beginnings of aggregates."""
        marks = self.match_marks(rule, event)
        windows = self.windows(rule)
        if "room" in self.semantics.alternatives("window_scope"):
            marks.append((("fired", "room"), event.timestamp))
        if any(windows):
            for scope in self.semantics.alternatives("window_scope"):
                for once in {window < 0 for window in windows if window}:
                    marks.append((("fired", *_scope_key(rule, event, scope, once=once)), event.timestamp))
        if (
            len(rule.texts) > 1
            and rule.order != "RANDOM"
            and "per-rule" in self.semantics.alternatives("order_counter")
        ):
            key = ("replies", rule.index)
            marks.append((key, ((step.mark(key, state) or 0) + 1) % len(rule.texts)))
        if moves:
            marks.append((("replies",), ((step.mark(("replies",), state) or 0) + 1) % self._conditions.reply_cycle))
        if "on-fire" in self.semantics.alternatives("aggregate_reset"):
            marks.extend(self._conditions.reset_marks(rule, event))
        return marks

    def match_marks(self, rule: EvaluatedRule, event: LiveEvent) -> list[tuple[tuple[object, ...], int]]:
        """Return what a match leaves behind, fired or suppressed: the start of a sliding window."""
        if "last-match" not in self.semantics.alternatives("window_start"):
            return []
        if (rule.window or 0) <= 0:
            shared = "room" in self.semantics.alternatives("window_scope")
            return [(("matched", "room"), event.timestamp)] if shared else []
        return [
            (("matched", *_scope_key(rule, event, scope, once=False)), event.timestamp)
            for scope in self.semantics.alternatives("window_scope")
        ]


def _scope_key(rule: EvaluatedRule, event: LiveEvent, scope: str, *, once: bool) -> tuple[object, ...]:
    """Return what a window belongs to; under `room` a window of -1 stays the rule's own (rules.md §5.2)."""
    if scope == "viewer":
        return rule.index, event.viewer
    return ("room",) if scope == "room" and not once else (rule.index,)


class _Place(NamedTuple):
    """Where a walk is: the next group, the rules left of this one, what has happened, and the priority that fired."""

    next_group: int
    left: tuple[EvaluatedRule, ...]
    step: RuleStep
    band: tuple[int, str] | None = None


@dataclass(slots=True)
class _Walker:
    """Walks groups of rules for one event from one state, both ways where a decision is open."""

    run: RuleRun
    event: LiveEvent
    state: Marks
    groups: list[list[EvaluatedRule]]
    dispatch: str
    libraries: str
    last_resort: bool
    _count: int = 0

    def walk(self, place: _Place) -> Iterator[RuleStep]:
        """Yield every end of the walk from a place; raises UndecidableError where there are too many."""
        self._count += 1
        if self._count > 8 * MOST_STATES:
            raise UndecidableError
        next_group, left, step, band = place
        possible: list[tuple[EvaluatedRule, frozenset[bool]]] = []
        while not possible:
            while not left:
                if next_group == len(self.groups):
                    yield step
                    return
                left, next_group = tuple(self.groups[next_group]), next_group + 1
            reserved = self.last_resort and left[0].reserved
            if (reserved and step.fired) or (band is not None and band != self._band(left[0])):
                yield step
                return
            truths = [(rule, self.run.condition(rule, self.event, step, self.state)) for rule in left]
            possible = [(rule, truth) for rule, truth in truths if truth != FALSE]
            left = tuple(rule for rule, _ in possible)
        for rule, truth in possible:
            rest = place._replace(next_group=next_group, left=tuple(other for other in left if other is not rule))
            if False in truth:
                yield from self.walk(rest)
            yield from self._hit(rest, rule)

    def _band(self, rule: EvaluatedRule) -> tuple[int, str]:
        return rule.priority, rule.library if self.libraries == "per-library" else ""

    def _hit(self, place: _Place, rule: EvaluatedRule) -> Iterator[RuleStep]:
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
                        yield from self.walk(place._replace(step=after, band=band))
                continue
            marks = (*step.marks, *self.run.match_marks(rule, self.event))
            after = RuleStep(step.fired, (*step.suppressed, rule.index), step.replies, marks)
            for choice in self.run.semantics.alternatives("suppressed"):
                if choice == "consumes":
                    yield after
                else:
                    yield from self.walk(place._replace(step=after))

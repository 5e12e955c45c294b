"""Plays rules over events under one reading of the settings (docs/api/rules.md §5.1).

Where a decision is not known (an undefined setting, a pattern outside the portable subset) the run goes on both ways:
it gives a set of outcomes for each event, and its state holds every way that what it remembers may be.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.prepared_rule import EvaluatedRule
from reconciler.interaction_rules.rule_conditions import Conditions, Possible
from reconciler.interaction_rules.rule_matching import FALSE, Truth
from reconciler.interaction_rules.rule_outcome import (
    MOST_STEPS,
    SILENCE,
    SILENT,
    RuleOutcome,
    RuleStep,
    UndecidableError,
)
from reconciler.interaction_rules.rule_state import ANY, MOST_ROWS, Key, Marks, RuleStates, Value, either, values_of
from reconciler.interaction_rules.rule_walk import RuleWalk, ranked_groups
from reconciler.interaction_rules.settings import Semantics
from reconciler.late_methods import dataclass

Outcomes = frozenset[RuleOutcome] | None
"""Possible outcomes of one event in one reading; None where there are too many."""

_WINDOW_MARKS = frozenset({"fired", "matched"})


@dataclass(slots=True)
class Branches:
    """Possible outcomes of one event, not applied yet: the ways its state may be, each with a walk; None: too many."""

    found: list[tuple[Marks, RuleStep]] | None
    possible: Possible


@dataclass(slots=True)
class RuleRun:
    """One reading of the settings, played over events in the order they are given.

    `ascending` says that no event is played after a later one. `identities` stand for rules in what is remembered.
    `most_rows` bounds what is followed of keys that hang together (`RuleStates`).
    """

    rules: Sequence[EvaluatedRule]
    semantics: Semantics
    scene: str | None = None
    ascending: bool = False
    identities: Mapping[int, int] | None = None
    most_rows: int = MOST_ROWS
    state: RuleStates = field(init=False)
    _conditions: Conditions = field(init=False)
    _options: Mapping[str, tuple[str, ...]] = field(init=False)
    _names: Mapping[int, str] = field(init=False)
    _latest: int = -1

    def __post_init__(self) -> None:
        self._conditions = Conditions(self.rules, self.semantics, self.identities)
        self._names = {rule.index: rule.name for rule in self.rules}
        self.state = RuleStates(self._settled, most_rows=self.most_rows)
        self._options = {name: self.semantics.alternatives(name) for name in self.semantics.values}

    def play(self, event: LiveEvent, possible: Possible | None = None) -> Outcomes:
        """Return what the event may lead to and move on; None where the ways are too many to follow."""
        branches = self.branches(event, possible)
        self.take(event, branches)
        return self.outcomes(branches)

    def possible(self, events: Sequence[LiveEvent]) -> list[Possible]:
        """Return for each event the rules that may hold."""
        return self._conditions.possible(events, self.scene)

    def branches(self, event: LiveEvent, possible: Possible | None = None) -> Branches:
        """Note the event and return what it may lead to; nothing moves until they are taken."""
        self._latest = event.timestamp
        if self._conditions.notes:
            self._conditions.note(event)
        if possible is None:
            possible = self._conditions.possible((event,), self.scene)[0]
        if not possible:
            return Branches([], possible)
        ways = self.state.ways(lambda: self._keys(possible, event))
        return Branches(self._branches(event, possible, ways), possible)

    def peek(self, event: LiveEvent, state: RuleStates, possible: Possible) -> Outcomes:
        """Return what the event, already noted, would lead to from another run's state; nothing moves."""
        ways = state.peek(lambda: self._keys(possible, event))
        return self.outcomes(Branches(self._branches(event, possible, ways) if ways else None, possible))

    def recalled(self, rule: EvaluatedRule, event: LiveEvent) -> Marks:
        """Return one way what a rule looks at may be remembered: to tell why, not to decide."""
        return self.state.ways(lambda: self._keys([(rule, None)], event))[0]

    def outcomes(self, branches: Branches) -> Outcomes:
        """Return the outcomes of what an event may lead to."""
        if branches.found is None:
            return None
        if not branches.found:
            return SILENCE
        return frozenset(self._outcome(step) for _, step in branches.found)

    def take(self, event: LiveEvent, branches: Branches) -> None:
        """Move on by what an event may lead to."""
        if branches.found is None:
            self.state.doubt(self._marks_at_most(branches.possible, event))
        elif branches.found:
            moved = [(way, step.marks) for way, step in branches.found]
            self.state.move(moved, lambda: self._keys(branches.possible, event))

    def _outcome(self, step: RuleStep) -> RuleOutcome:
        if not step.fired and not step.suppressed:
            return SILENT
        return RuleOutcome(
            tuple(self._names[index] for index in step.fired),
            tuple(self._names[index] for index in step.suppressed),
            step.replies,
        )

    def _branches(
        self, event: LiveEvent, possible: Possible, ways: Sequence[Marks]
    ) -> list[tuple[Marks, RuleStep]] | None:
        try:
            return [(way, step) for way in ways for step in self._walk(event, way, possible)]
        except UndecidableError:
            return None

    def _walk(self, event: LiveEvent, state: Marks, possible: Possible) -> list[RuleStep]:
        """Return every way the rules that may hold may be walked for an event from one state, without repeats."""
        holding: list[tuple[EvaluatedRule, Truth]] = []
        for rule, known in possible:
            truth = self._conditions.holds(rule, event, self.scene, state.get) if known is None else known
            if truth != FALSE:
                holding.append((rule, truth))
        if not holding:
            return [RuleStep()]
        one = len(holding) == 1
        steps: dict[RuleStep, None] = {}
        for reserved in self._options["reserved"][: 1 if one else None]:
            for libraries in self._options["library_order"][: 1 if one else None]:
                ranks = self._conditions.library_ranks if libraries == "per-library" else None
                groups = ranked_groups(holding, self.semantics["tie"], ranks, last_resort=reserved == "last-resort")
                for dispatch in self._options["dispatch"][: 1 if one else None]:
                    walk = RuleWalk(self, event, state, groups, dispatch, ranks, last_resort=reserved == "last-resort")
                    for step in walk.steps():
                        steps[step] = None
                        if len(steps) > MOST_STEPS:
                            raise UndecidableError
        return list(steps)

    # Windows

    def open_windows(self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks) -> frozenset[bool]:
        """Return whether the rule's window lets it fire now."""
        return _ALWAYS_OPEN if rule.window == 0 else frozenset(self._window_answers(rule, event, step, state))

    def _window_answers(self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks) -> Iterator[bool]:
        for window in self._windows(rule):
            if window == 0:
                yield True
                continue
            for scope in self._options["window_scope"]:
                key = self._scope_key(rule, event, scope, once=window < 0)
                if window < 0:
                    yield from (last is None for last in values_of(step.mark(("fired", *key), state)))
                    continue
                for start in self._options["window_start"]:
                    value = step.mark(("matched" if start == "last-match" else "fired", *key), state)
                    for last in values_of(value):
                        yield from self._elapsed(last, event.timestamp, window * 1000, start)

    def _elapsed(self, last: int | None, now: int, window: int, start: str) -> Iterator[bool]:
        if last is None:
            yield True
        elif last == ANY:
            yield from (True, False)
        elif start == "fixed-slots":
            yield last // window != now // window
        else:
            for edge in self._options["window_edge"]:
                yield now - last > window if edge == "closed" else now - last >= window

    def _windows(self, rule: EvaluatedRule) -> tuple[int, ...]:
        """Return the rule's window in seconds (0 every time, negative once), or what its absence may mean."""
        if rule.window is not None:
            return (rule.window,)
        return tuple(0 if value == "every-time" else -1 for value in self._options["absent_window"])

    def _scope_key(self, rule: EvaluatedRule, event: LiveEvent, scope: str, *, once: bool) -> Key:
        """Return what a window belongs to; under `room` a window of -1 stays the rule's own (rules.md §5.2)."""
        if scope == "viewer":
            return self._conditions.identity(rule), event.viewer
        return ("room",) if scope == "room" and not once else (self._conditions.identity(rule),)

    def _settled(self, key: Key, value: Value) -> Value:
        """Return a remembered value as it counts for later events: None where its window, in event time, is over."""
        if value is None or not self.ascending or key[0] not in _WINDOW_MARKS:
            return value
        if isinstance(value, frozenset):
            return either(self._settled(key, one) for one in value)
        window = self._conditions.window_of(key[1])
        if window is None or window <= 0 or value == ANY:
            return value
        starts, length = self._options["window_start"], window * 1000
        elapsed = starts == ("fixed-slots",) or self._latest - value > length
        slot = "fixed-slots" not in starts or (key[1] != "room" and value // length != self._latest // length)
        return None if elapsed and slot else value

    # What is said

    def replies(self, rule: EvaluatedRule, step: RuleStep, state: Marks) -> tuple[tuple[tuple[str, ...], bool], ...]:
        """Return the possible texts of the rule, one entry for each reading, with the use of the ORDER counter."""
        spoken = rule.texts
        orders = (rule.order,) if rule.order else tuple(v.upper() for v in self._options["absent_order"])
        counters = self._options["order_counter"]
        choices: dict[tuple[tuple[str, ...], bool], None] = {}
        for source in self._options["reply_source"] if spoken and rule.audios else ("texts",):
            for order in orders if spoken else ("RANDOM",):
                moves = order != "RANDOM" and "per-room" in counters
                if source == "audios" or order == "RANDOM" or len(spoken) < 2:
                    choices[() if source == "audios" else spoken, moves] = None
                    continue
                for counter in counters:
                    key: Key = ("replies",) if counter == "per-room" else ("replies", self._conditions.identity(rule))
                    for number in _numbers(step.mark(key, state), len(spoken)):
                        choices[(spoken[number],), moves] = None
        return tuple(choices)

    # What is left behind

    def fire_marks(
        self, rule: EvaluatedRule, event: LiveEvent, step: RuleStep, state: Marks, *, moves: bool
    ) -> list[tuple[Key, Value]]:
        """Return what a firing leaves behind: window marks, the ORDER counters, the beginnings of aggregates."""
        marks: list[tuple[Key, Value]] = list(self.match_marks(rule, event))
        marks += self._fired_marks(rule, event)
        if (key := self._counter(rule)) is not None:
            marks.append((key, _next(step.mark(key, state), len(rule.texts))))
        if moves:
            marks.append((("replies",), _next(step.mark(("replies",), state), self._conditions.reply_cycle)))
        if "on-fire" in self._options["aggregate_reset"]:
            marks.extend(self._conditions.reset_marks(rule, event))
        return marks

    def _fired_marks(self, rule: EvaluatedRule, event: LiveEvent) -> list[tuple[Key, Value]]:
        marks: list[tuple[Key, Value]] = []
        scopes = self._options["window_scope"]
        if "room" in scopes and self._conditions.longest_window > 0:
            marks.append((("fired", "room"), event.timestamp))
        for once in {window < 0 for window in self._windows(rule) if window}:
            for scope in scopes:
                key = ("fired", *self._scope_key(rule, event, scope, once=once))
                marks.append((key, 0 if once else event.timestamp))
        return marks

    def _counter(self, rule: EvaluatedRule) -> Key | None:
        """Return where the rule's own ORDER counter is kept, if it has one."""
        counted = len(rule.texts) > 1 and rule.order != "RANDOM" and "per-rule" in self._options["order_counter"]
        return ("replies", self._conditions.identity(rule)) if counted else None

    def match_marks(self, rule: EvaluatedRule, event: LiveEvent) -> list[tuple[Key, Value]]:
        """Return what a match leaves behind, fired or suppressed: the start of a sliding window."""
        if "last-match" not in self._options["window_start"]:
            return []
        if (rule.window or 0) <= 0:
            shared = "room" in self._options["window_scope"] and self._conditions.longest_window > 0
            return [(("matched", "room"), event.timestamp)] if shared else []
        return [
            (("matched", *self._scope_key(rule, event, scope, once=False)), event.timestamp)
            for scope in self._options["window_scope"]
        ]

    def _marks_at_most(self, possible: Possible, event: LiveEvent) -> Marks:
        """Return everything that rules may leave behind if they fire, a counter anywhere."""
        marks: Marks = {}
        for rule, _ in possible:
            marks.update(self.match_marks(rule, event))
            marks.update(self._fired_marks(rule, event))
            if (key := self._counter(rule)) is not None:
                marks[key] = ANY
            if rule.texts and rule.order != "RANDOM" and "per-room" in self._options["order_counter"]:
                marks["replies",] = ANY
            if "on-fire" in self._options["aggregate_reset"]:
                marks.update((key, ANY) for key, _ in self._conditions.reset_marks(rule, event))
        return marks

    def _keys(self, possible: Possible, event: LiveEvent) -> set[Key]:
        """Return what the rules that may hold can read or leave behind at an event."""
        keys = set(self._marks_at_most(possible, event))
        for rule, _ in possible:
            keys.update(
                ("fired", *self._scope_key(rule, event, scope, once=False)) for scope in self._options["window_scope"]
            )
        return keys


_ALWAYS_OPEN = frozenset({True})


def _numbers(value: Value, length: int) -> Iterator[int]:
    """Yield the places of the next text, for what a counter may be."""
    for number in values_of(value):
        if number == ANY:
            yield from range(length)
        else:
            yield (number or 0) % length


def _next(value: Value, length: int) -> Value:
    """Return a counter moved on by one."""
    numbers = list(values_of(value))
    return ANY if ANY in numbers else either(((number or 0) + 1) % length for number in numbers)

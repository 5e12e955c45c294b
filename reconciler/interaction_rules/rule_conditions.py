"""The conditions of a list of rules, prepared once for one reading: candidates of an event, and whether each holds."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product

from reconciler.interaction_rules.event import LiveEvent, canonical_text
from reconciler.interaction_rules.prepared_rule import EvaluatedRule, Tag
from reconciler.interaction_rules.regex_engine import PatternSet
from reconciler.interaction_rules.rule_matching import (
    EITHER,
    FALSE,
    TRUE,
    Absent,
    AggregateSeries,
    TagReading,
    Truth,
    compare_value,
    join_tags,
    normalize_text,
    resolve_key,
    sample_of,
    tag_readings,
)
from reconciler.interaction_rules.rule_state import ANY, Key, Value, values_of
from reconciler.interaction_rules.settings import Semantics

CONDITION_SETTINGS = (*TagReading._fields, "absent_relation", "empty_tags")
"""The settings on which it turns whether a condition without aggregates holds."""

MOST_INDEXES = 4
"""Readings of comparisons for which keywords are indexed; with more, each rule is asked."""

Recall = Callable[[Key], Value]
"""Gives what a run remembers under a key."""

Possible = Sequence[tuple[EvaluatedRule, Truth | None]]
"""The rules that may hold for an event, with whether they do; None where that turns on earlier events."""


class Conditions:
    """Rules of one list in one reading of the settings."""

    def __init__(
        self, rules: Sequence[EvaluatedRule], semantics: Semantics, identities: Mapping[int, int] | None = None
    ) -> None:
        self._semantics = semantics
        self._identities = identities
        self._readings = tag_readings(semantics)
        self._by_type: dict[int, list[EvaluatedRule]] = {}
        for rule in rules:
            if rule.enabled and rule.event_type is not None:
                self._by_type.setdefault(rule.event_type, []).append(rule)
        self.library_ranks = {name: rank for rank, name in enumerate(dict.fromkeys(rule.library for rule in rules))}
        self._scenes = any(rule.scenes for rule in rules)
        self.longest_window = max((rule.window or 0 for rule in rules), default=0)
        self._window_of = {self.identity(rule): rule.window for rule in rules}
        self.reply_cycle = math.lcm(*(len(rule.texts) for rule in rules if rule.texts)) if rules else 1
        self._series: dict[tuple[int, int, TagReading], AggregateSeries] = {}
        self._aggregated = {
            kind: [(rule, place, tag) for rule in found for place, tag in enumerate(rule.tags) if tag.aggregated]
            for kind, found in self._by_type.items()
        }
        self._with_aggregates = {
            rule.index for rule in rules if not rule.reserved and any(tag.aggregated for tag in rule.tags)
        }
        self._keywords: dict[int, list[KeywordIndex]] = {}

    def identity(self, rule: EvaluatedRule) -> int:
        """Return what stands for a rule in what is remembered: its place, or the place of its earlier version."""
        return rule.index if self._identities is None else self._identities[rule.index]

    def window_of(self, scope: object) -> int | None:
        """Return the seconds of a rule's window, by what stands for it; the longest for the room."""
        if scope == "room":
            return self.longest_window
        return self._window_of.get(scope) if isinstance(scope, int) else None

    def possible(self, events: Iterable[LiveEvent], scene: str | None) -> list[Possible]:
        """Return for each event the rules that may hold; turns only on the settings of CONDITION_SETTINGS."""
        return [self._possible_for(event, scene) for event in events]

    def _possible_for(self, event: LiveEvent, scene: str | None) -> Possible:
        rules = self.candidates(event, scene)
        if not rules:
            return ()
        found: list[tuple[EvaluatedRule, Truth | None]] = []
        for rule in rules:
            if rule.index in self._with_aggregates:
                found.append((rule, None))
            elif (truth := self.holds(rule, event, scene, _forgetful)) != FALSE:
                found.append((rule, truth))
        return found

    @property
    def notes(self) -> bool:
        """Whether any rule looks at earlier events' values."""
        return any(self._aggregated.values())

    def note(self, event: LiveEvent) -> None:
        """Take an event into the aggregates of every rule of its type, reached or not."""
        for rule, place, tag in self._aggregated.get(event.type, ()):
            for reading in self._readings:
                value = sample_of(tag, event, reading)
                if value is not None:
                    self._series.setdefault((rule.index, place, reading), AggregateSeries()).add(event, value)

    def candidates(self, event: LiveEvent, scene: str | None) -> Sequence[EvaluatedRule]:
        """Return the rules of the event's type that may hold, those outside the scene left out."""
        found = self._possible(event)
        if not self._scenes:
            return found
        return [rule for rule in found if not rule.scenes or scene is None or scene in rule.scenes]

    def of_type(self, event: LiveEvent, scene: str | None) -> Sequence[EvaluatedRule]:
        """Return the rules of the event's type, those that are disabled or outside the scene left out."""
        return [
            rule
            for rule in self._by_type.get(event.type, ())
            if not rule.scenes or scene is None or scene in rule.scenes
        ]

    def _possible(self, event: LiveEvent) -> Sequence[EvaluatedRule]:
        """Return the rules that may hold in one reading of comparisons or another, in list order."""
        rules = self._by_type.get(event.type, [])
        if (indexes := self._keywords.get(event.type)) is None:
            indexed = self._readings if len(self._readings) <= MOST_INDEXES else ()
            indexes = self._keywords[event.type] = [KeywordIndex(rules, reading) for reading in indexed]
        if not indexes:
            return rules
        first, *others = (index.candidates(event) for index in indexes)
        if not others or len(first) == len(rules):
            return first
        found = {rule.index: rule for candidates in (first, *others) for rule in candidates}
        return [found[index] for index in sorted(found)]

    def holds(self, rule: EvaluatedRule, event: LiveEvent, scene: str | None, recall: Recall) -> Truth:
        """Return whether a rule's condition holds; unknown for a rule with scenes where none is given."""
        truth = TRUE if rule.reserved else self._condition(rule, event, recall)
        return EITHER if rule.scenes and scene is None and truth != FALSE else truth

    def _condition(self, rule: EvaluatedRule, event: LiveEvent, recall: Recall) -> Truth:
        relations: Sequence[str]
        if rule.relation in {"AND", "OR"}:
            relations = (rule.relation,)
        else:
            relations = tuple(value.upper() for value in self._semantics.alternatives("absent_relation"))
        answers: set[bool] = set()
        for relation in relations:
            if relation == "NEVER":
                answers |= FALSE
            elif not rule.tags:
                answers.update(value == "always" for value in self._semantics.alternatives("empty_tags"))
            else:
                answers |= self._joined(rule, event, relation, recall)
        return frozenset(answers)

    def _joined(self, rule: EvaluatedRule, event: LiveEvent, relation: str, recall: Recall) -> Truth:
        """Join what each tag may come to, apart from the others (rules.md §5.1: Kleene logic)."""
        verdicts = [self.verdicts(rule, place, event, recall) for place in range(len(rule.tags))]
        if all(len(possible) == 1 for possible in verdicts):
            return join_tags([next(iter(possible)) for possible in verdicts], relation)
        return frozenset().union(*(join_tags(list(one), relation) for one in product(*verdicts)))

    def verdicts(self, rule: EvaluatedRule, place: int, event: LiveEvent, recall: Recall) -> set[bool | Absent | None]:
        """Return everything that one tag of a rule may come to; None where it is not known."""
        tag = rule.tags[place]
        if tag.aggregated:
            return {
                one
                for number in range(len(self._readings))
                for one in self._aggregate(rule, place, event, number, recall)
            }
        return {
            compare_value(tag, resolve_key(event.content, tag.name, reading.tag_path), reading)
            for reading in self._readings
        }

    def _aggregate(
        self, rule: EvaluatedRule, place: int, event: LiveEvent, number: int, recall: Recall
    ) -> Iterator[bool | Absent | None]:
        tag, reading = rule.tags[place], self._readings[number]
        series = self._series.get((rule.index, place, reading)) or AggregateSeries()
        for scope in self._semantics.alternatives("aggregate_scope"):
            viewer = event.viewer if scope == "viewer" else None
            for reset in self._semantics.alternatives("aggregate_reset"):
                key = ("reset", self.identity(rule), place, scope, viewer, number)
                begun = values_of(recall(key)) if reset == "on-fire" else (0,)
                for since in begun:
                    if since == ANY:
                        yield None
                        continue
                    for span in self._semantics.alternatives("aggregate_span"):
                        value = series.value(
                            tag.operation, event, scope=viewer, since=since or 0, span=span, window=rule.window or 0
                        )
                        yield compare_value(tag, value, reading)

    def reset_marks(self, rule: EvaluatedRule, event: LiveEvent) -> list[tuple[Key, Value]]:
        """Return where the aggregates of a rule that fires begin anew, for the scope that fired."""
        marks: list[tuple[Key, Value]] = []
        for place, tag in enumerate(rule.tags):
            if not tag.aggregated:
                continue
            for scope in self._semantics.alternatives("aggregate_scope"):
                viewer = event.viewer if scope == "viewer" else None
                for number, reading in enumerate(self._readings):
                    series = self._series.get((rule.index, place, reading))
                    size = series.size(viewer) if series else 0
                    marks.append((("reset", self.identity(rule), place, scope, viewer, number), size))
        return marks


def _forgetful(_: Key) -> Value:
    return None


class KeywordIndex:
    """Finds the rules that may hold for an event without asking each: one pass over all patterns on one tag."""

    def __init__(self, rules: Sequence[EvaluatedRule], reading: TagReading) -> None:
        self._rules = rules
        self._reading = reading
        self._always: list[EvaluatedRule] = list(rules)
        self._by_pattern: dict[str, list[EvaluatedRule]] = {}
        self._set: PatternSet | None = None
        self._tag = ""
        if len(rules) > 1:
            self._build(reading)

    def _build(self, reading: TagReading) -> None:
        tags = [tag.name for rule in self._rules for tag in rule.tags if _keyword(tag)]
        if not tags:
            return
        self._tag = max(set(tags), key=tags.count)
        patterns = {rule.index: self._needed(rule) for rule in self._rules}
        self._set = PatternSet(
            [text for found in patterns.values() for text in found], mode=reading.regex_mode, case=reading.regex_case
        )
        known = self._set.sources
        self._always = []
        for rule in self._rules:
            needed = patterns[rule.index]
            if needed and known.issuperset(needed):
                for text in needed:
                    self._by_pattern.setdefault(text, []).append(rule)
            else:
                self._always.append(rule)

    def _needed(self, rule: EvaluatedRule) -> frozenset[str]:
        """Return patterns of which one must hit for the rule to hold; none where that cannot be said."""
        if rule.reserved or not rule.tags:
            return frozenset()
        keywords = [tag.value for tag in rule.tags if _keyword(tag) and tag.name == self._tag]
        if rule.relation == "AND" and keywords:
            return frozenset(keywords[:1])
        if len(keywords) == len(rule.tags):
            return frozenset(keywords)
        return frozenset()

    def candidates(self, event: LiveEvent) -> Sequence[EvaluatedRule]:
        """Return the rules that may hold, in list order."""
        if self._set is None or not self._by_pattern:
            return self._rules
        value = resolve_key(event.content, self._tag, self._reading.tag_path)
        if isinstance(value, Absent):
            if self._reading.missing_key != "empty-string":
                return self._always
            value = ""
        text = normalize_text(canonical_text(value) or "", self._reading.text_normalize)
        hits = self._set.matches(text)
        if hits is None:
            return self._rules
        if not hits:
            return self._always
        chosen: dict[int, EvaluatedRule] = {rule.index: rule for rule in self._always}
        for pattern in hits:
            for rule in self._by_pattern.get(pattern, ()):  # a pattern may belong to rules asked anyway alone
                chosen[rule.index] = rule
        return [chosen[index] for index in sorted(chosen)]


def _keyword(tag: Tag) -> bool:
    return tag.match == "REGEX" and not tag.aggregated and bool(tag.name)

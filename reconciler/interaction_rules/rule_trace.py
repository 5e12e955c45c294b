"""Trace of an event in one reading: each rule of its type, each tag, its value.

Also which tags held at all, for coverage.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.interaction_rules.evaluator import played_order
from reconciler.interaction_rules.event import LiveEvent
from reconciler.interaction_rules.portable_regex import parse_pattern
from reconciler.interaction_rules.prepared_rule import EvaluatedRule, Tag
from reconciler.interaction_rules.rule_conditions import Conditions
from reconciler.interaction_rules.rule_matching import FALSE, TRUE, Absent, resolve_key
from reconciler.interaction_rules.rule_outcome import RuleStep
from reconciler.interaction_rules.rule_run import RuleRun
from reconciler.interaction_rules.rule_state import Key, Value
from reconciler.interaction_rules.settings import UNDEFINED, Semantics

MOST_RULES = 30
"""Most rules of one event in a trace."""

_LONGEST = 80
_VERDICTS: Final = {True: "holds", False: "does not hold", None: "not known", Absent.RULE_ERROR: "the rule fails"}


def trace(
    rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent], place: int, semantics: Semantics, scene: str | None
) -> list[str]:
    """Return the lines that tell each rule of one event's type, after the events that are played before it."""
    reading = semantics
    if semantics["event_order"] == UNDEFINED:
        reading = semantics.swapped("event_order", semantics.alternatives("event_order")[0])
    run = RuleRun(rules, reading, scene)
    conditions = Conditions(rules, reading)
    event = events[place]
    for before in played_order(events, reading):
        conditions.note(events[before])
        if before == place:
            break
        run.play(events[before])
    concerned = [rule for rule in rules if rule.event_type == event.type]
    lines = [line for rule in concerned[:MOST_RULES] for line in _rule(rule, event, conditions, run, scene)]
    if len(concerned) > MOST_RULES:
        lines.append(f"and {len(concerned) - MOST_RULES} more rules of type {event.type}")
    others = len(rules) - len(concerned)
    if others:
        lines.append(f"{others} of another event type than {event.type}")
    return lines


def _rule(
    rule: EvaluatedRule, event: LiveEvent, conditions: Conditions, run: RuleRun, scene: str | None
) -> Iterator[str]:
    head = f"{rule.name} (priority {rule.priority})"
    if not rule.enabled:
        yield f"{head}: disabled"
        return
    if rule.scenes and scene is not None and scene not in rule.scenes:
        yield f"{head}: not in scene {scene}"
        return
    state = run.recalled(rule, event)
    truth = conditions.holds(rule, event, scene, state.get)
    said = "does not hold" if truth == FALSE else "holds" if truth == TRUE else "may hold: not known"
    if rule.reserved:
        said = "RESERVED: tags are not checked"
    if truth != FALSE:
        answers = run.open_windows(rule, event, RuleStep(), state)
        windows = {True: "window open", False: "window closed"}
        said += ", " + " or ".join(windows[answer] for answer in sorted(answers, reverse=True))
        also = [*(["calls another service"] if rule.callback else []), *(f"shows {layer}" for layer in rule.layers)]
        said += "".join(f", {one}" for one in also)
    yield f"{head}: {said}"
    if rule.reserved:
        return
    for place, tag in enumerate(rule.tags):
        verdicts = conditions.verdicts(rule, place, event, state.get)
        told = " or ".join(sorted(_VERDICTS[verdict] for verdict in verdicts))
        yield f"  {_tag(tag)}: {_value(tag, event)}: {told}{_why(tag, verdicts)}"


def _tag(tag: Tag) -> str:
    operation = f"{tag.operation} of " if tag.aggregated else ""
    return f"{operation}{tag.name or '(no tag)'} {tag.match or '(no match)'} {_short(tag.value)}"


def _value(tag: Tag, event: LiveEvent) -> str:
    value = resolve_key(event.content, tag.name, "leaf")
    return "no such key" if isinstance(value, Absent) else f"value {_short(value)}"


def _why(tag: Tag, verdicts: set[bool | Absent | None]) -> str:
    if None not in verdicts or tag.match != "REGEX":
        return ""
    parsed = parse_pattern(tag.value)
    names = ", ".join(construct.text for construct in parsed.outside)
    return f" (engines differ on {names})" if names else " (engines differ on this text)"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def tags_held(
    rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent], semantics: Semantics, scene: str | None
) -> Counter[tuple[int, int]]:
    """Return how many events each tag may hold for, by the places of its rule and itself."""
    conditions = Conditions(rules, semantics)
    found: Counter[tuple[int, int]] = Counter()
    for event in events:
        conditions.note(event)
        for rule in conditions.of_type(event, scene):
            for place in range(0 if rule.reserved else len(rule.tags)):
                if not conditions.verdicts(rule, place, event, _nothing).isdisjoint({True, None}):
                    found[rule.index, place] += 1
    return found


def _nothing(_: Key) -> Value:
    return None

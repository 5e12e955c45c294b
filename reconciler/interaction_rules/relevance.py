"""Which settings can matter at all for given rules and events: swapping any other changes nothing."""

import unicodedata
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from reconciler.interaction_rules.event import LiveEvent, canonical_text
from reconciler.interaction_rules.pattern_tree import FOLDING, LINE_BREAKS
from reconciler.interaction_rules.portable_regex import parse_pattern
from reconciler.interaction_rules.prepared_rule import EvaluatedRule
from reconciler.interaction_rules.rule_matching import Absent, resolve_key
from reconciler.interaction_rules.settings import Semantics


def relevant_swaps(
    rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent], semantics: Semantics
) -> Iterator[tuple[str, str]]:
    """Yield the swaps of a reading whose setting could matter for these rules and events."""
    used = {event.type for event in events}
    active = [rule for rule in rules if rule.enabled and rule.event_type in used]
    windows = {rule.window for rule in active}
    relevant = _of_rules(active) | _of_windows(windows) | _of_events(active, events)
    for name, value in semantics.swaps():
        if name in relevant:
            yield name, value


def _of_rules(rules: Sequence[EvaluatedRule]) -> set[str]:
    names: set[str] = set()
    ranks = [(rule.event_type, rule.priority) for rule in rules]
    if len({rule.event_type for rule in rules}) < len(rules):
        names.add("dispatch")
    if len(set(ranks)) < len(ranks):
        names.add("tie")
    if any(rule.reserved for rule in rules):
        names.add("reserved")
    if len({rule.library for rule in rules}) > 1:
        names.add("library_order")
    if any(rule.texts and rule.audios for rule in rules):
        names.add("reply_source")
    if any(len(rule.texts) > 1 and rule.order != "RANDOM" for rule in rules):
        names.add("order_counter")
        if any(rule.texts and not rule.order for rule in rules):  # one text alone may move the room's counter
            names.add("absent_order")
    compared = [rule for rule in rules if not rule.reserved]
    if any(rule.relation not in {"AND", "OR"} for rule in compared):
        names.add("absent_relation")
    if any(not rule.tags for rule in compared):
        names.add("empty_tags")
    if any(tag.aggregated for rule in compared for tag in rule.tags):
        names |= {"aggregate_span", "aggregate_scope", "aggregate_reset"}
    return names


def _of_windows(windows: Set[int | None]) -> set[str]:
    names: set[str] = set()
    if windows - {0}:
        names |= {"window_scope", "suppressed"}
    if any(window is not None and window > 0 for window in windows):
        names |= {"window_start", "window_edge"}
    if None in windows:
        names.add("absent_window")
    return names


def _of_events(rules: Sequence[EvaluatedRule], events: Sequence[LiveEvent]) -> set[str]:
    names: set[str] = set()
    if any(later.timestamp < earlier.timestamp for earlier, later in pairwise(events)):
        names.add("event_order")
    tags = {(rule.event_type, tag) for rule in rules if not rule.reserved for tag in rule.tags}
    patterns = {tag.value for _, tag in tags if tag.match == "REGEX"}
    if patterns:
        names.add("regex_mode")
    if any(text.lower() != text or text.upper() != text for text in patterns):
        names.add("regex_case")
    if any(not parse_pattern(text).portable for text in patterns):
        names.add("regex_engine")
    if any(tag.aggregated for _, tag in tags):
        names |= {"equal_on_number", "missing_key", "math_on_text"}
    if any(not tag.name for _, tag in tags):
        names.add("missing_key")
    uses: dict[int | None, dict[str, set[str]]] = {}
    for kind, tag in tags:
        if tag.name:
            uses.setdefault(kind, {}).setdefault(tag.name, set()).add(tag.match)
    for event in events:
        for name, matches in uses.get(event.type, {}).items():
            names |= _of_value(event, name, matches)
    return names


def _of_value(event: LiveEvent, name: str, matches: Set[str]) -> set[str]:
    """Return the settings that may matter for the value of a tag that is compared in some ways."""
    names: set[str] = set()
    value = resolve_key(event.content, name, "leaf")
    if not isinstance(event.content.get(name), (str, int, float)):
        others = (resolve_key(event.content, name, path) for path in ("top-then-user-gift", "dotted-too"))
        if any(other is not value and other != value for other in others):
            names.add("tag_path")
    if value is Absent.MISSING:
        names.add("missing_key")
    elif isinstance(value, str):
        if any(match.startswith("MATH_") for match in matches):
            names.add("math_on_text")
        text = canonical_text(value) or ""
        if text != text.strip() or not unicodedata.is_normalized("NFKC", text):
            names.add("text_normalize")
        if not LINE_BREAKS.isdisjoint(text):
            names.add("regex_engine")
        if not FOLDING.isdisjoint(text):
            names |= {"regex_engine", "regex_case"}
    elif "EQUAL" in matches:
        names.add("equal_on_number")
    return names

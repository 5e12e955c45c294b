"""Lints of one rule's condition: patterns, comparisons, aggregates, relations (docs/api/rules.md §7)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from reconciler.interaction_rules.event import DOCUMENTED_KEYS, EVENT_TYPES, TEXT_KEYS, as_number
from reconciler.interaction_rules.joined_lints import joined_lints
from reconciler.interaction_rules.lint_finding import LintedRule, LintFinding, as_text, error, info, warning
from reconciler.interaction_rules.pattern_tree import ParsedPattern, PatternNode
from reconciler.interaction_rules.portable_regex import parse_pattern
from reconciler.interaction_rules.prepared_rule import AGGREGATES
from reconciler.late_patterns import late_pattern
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath
from reconciler.strings import compatibility_form

_WRONG_BARS = late_pattern(r"(?<=\w)[｜、，；/](?=\w)")
_NUMBER = late_pattern(r"-?[0-9]+(\.[0-9]+)?")


def condition_lints(rule: LintedRule, extra_keys: frozenset[str] = frozenset()) -> Iterator[LintFinding]:
    """Yield findings of a rule's condition; `extra_keys` are declared keys that the reporter adds to events."""
    yield from _relation(rule)
    tags = list(rule.tags())
    for path, tag in tags:
        yield from _incomplete(rule, path, tag)
        yield from _match(path, tag)
        yield from _aggregate(rule, path, tag, extra_keys)
        yield from _name(rule, path, tag, extra_keys)
    yield from joined_lints(rule, tags)


def _relation(rule: LintedRule) -> Iterator[LintFinding]:
    tags = list(rule.tags())
    path = (*rule.path, "hit_condition")
    if rule.relation == "RESERVED":
        if tags:
            yield warning(
                (*path, "tags"),
                "reserved-tags",
                "RESERVED does not check conditions: these tags have no effect",
                "remove the tags, or use AND or OR",
            )
        if rule.window in (0, None):
            place = (*rule.path, "trigger", "time_window") if "time_window" in rule.trigger else rule.name_path
            yield warning(
                place,
                "reserved-chatty",
                "a RESERVED rule without a window may answer every event",
                "set time_window to some seconds",
            )
    elif not tags:
        place = (*path, "tags") if "tags" in rule.condition else rule.name_path
        yield warning(
            place,
            "tags-none",
            "a rule without tags fires always or never: not documented",
            "add a tag, or use RESERVED",
        )
    if len(tags) > 5:
        yield error((*path, "tags"), "tags-many", f"{len(tags)} tags; at most 5 are accepted", "split the rule")
    kind = rule.event_type
    if isinstance(kind, int) and not isinstance(kind, bool):
        if not 0 <= kind <= 100:
            yield error(
                (*rule.path, "event_type"), "event-type", f"event_type {kind} is outside 0-100", "use 1, 2, 3, 4 or 10"
            )
        elif kind not in EVENT_TYPES.values():
            yield warning(
                (*rule.path, "event_type"), "event-type", f"no rule acts on event_type {kind}", "use 1, 2, 3, 4 or 10"
            )


def _incomplete(rule: LintedRule, path: DocumentPath, tag: Mapping[str, Json]) -> Iterator[LintFinding]:
    counted = tag.get("operation") == "COUNT"
    for key in ("tag", "match", "value"):
        if key == "tag" and counted:
            continue
        value = tag.get(key)
        if value is None or value == "":
            what = f"a tag without {key}" if value is None else f"a tag with an empty {key}"
            yield warning(
                (*path, key) if key in tag else rule.name_path,
                "match-incomplete",
                f"{what}: what it matches is not documented",
                f"set {key}",
            )


def _match(path: DocumentPath, tag: Mapping[str, Json]) -> Iterator[LintFinding]:
    match, value = as_text(tag.get("match")), tag.get("value")
    if not isinstance(value, str) or not value:
        return
    place = (*path, "value")
    if match == "REGEX":
        yield from _pattern(place, value)
    elif match == "EQUAL" and ("|" in value or ".*" in value):
        yield warning(place, "equal-looks-like-regex", f"EQUAL compares {value!r} letter by letter", "use match: REGEX")
    elif match.startswith("MATH_"):
        number = as_number(compatibility_form(value))
        if number is None:
            yield error(
                place, "math-not-number", f"{match} compares with {value!r}, which is no number", "write digits"
            )
        elif not _NUMBER.fullmatch(value):
            yield warning(
                place, "math-not-number", f"parsers disagree on the number {value!r}", f"write {_plain(number)}"
            )


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f") if number != number.to_integral_value() else str(int(number))


def _pattern(place: DocumentPath, value: str) -> Iterator[LintFinding]:
    parsed = parse_pattern(value)
    if parsed.invalid:
        yield error(place, "regex-invalid", f"the pattern is refused by every engine: {parsed.invalid}", "correct it")
        return
    java = [item for item in parsed.outside if item.java_refuses]
    if java:
        hint = f"write {java[0].spelling}" if java[0].spelling else "use the portable subset"
        yield warning(place, "regex-not-java", f"Java refuses {java[0].text} at offset {java[0].offset}", hint)
    elif parsed.outside and not (parsed.slow and len(parsed.outside) == 1):
        first = parsed.outside[0]
        hint = f"write {first.spelling}" if first.spelling else "use the portable subset"
        yield warning(place, "regex-engine-dependent", f"engines read {first.text} differently", hint)
    if parsed.slow:
        yield warning(
            place,
            "regex-slow",
            "an unbounded repeat inside a repeated group may take exponential time",
            "remove the inner or the outer repeat",
        )
    yield from _branches(place, value, parsed)


def _branches(place: DocumentPath, value: str, parsed: ParsedPattern) -> Iterator[LintFinding]:
    branches = parsed.branches
    empty = len(branches) > 1 and any(branch.type == "empty" for branch in branches)
    if empty:
        yield error(
            place,
            "regex-empty-branch",
            f"{value!r} has an empty alternative: it is found in every text",
            "remove the stray bar",
        )
    elif _matches_all(parsed):
        yield warning(
            place, "regex-matches-all", f"{value!r} matches every text", "use relation: RESERVED for a fallback reply"
        )
    if len(branches) == 1 and _WRONG_BARS.search(value):
        yield warning(
            place, "regex-wrong-bar", f"{value!r} separates words with another sign than |", "separate words with |"
        )
    if len(branches) > 1 and re.search(r"\s\||\|\s", value):
        yield warning(
            place, "regex-space-at-bar", "a space beside a bar is part of the keyword", "remove the spaces at the bars"
        )
    texts = [text for branch in branches if (text := branch.literal())]
    for number, text in enumerate(texts):
        other = next(
            (
                shorter
                for at, shorter in enumerate(texts)
                if at != number and shorter in text and (shorter != text or at < number)
            ),
            None,
        )
        if other is not None:
            yield info(
                place,
                "regex-redundant-branch",
                f"the alternative {text!r} contains {other!r}: a search never needs it",
                f"remove {text!r}",
            )
            break


def _matches_all(parsed: ParsedPattern) -> bool:
    if parsed.outside and any(item.text.startswith(("look", "\\b", "\\B")) for item in parsed.outside):
        return False
    return any(_any_text(branch) for branch in parsed.branches)


def _any_text(node: PatternNode) -> bool:
    parts = node.parts if node.type == "concat" else (node,)
    rest = [part for part in parts if part.type != "assertion"]
    anchored = len(rest) < len(parts)
    if not rest:
        return not parts
    if len(rest) == 1 and _dots(rest[0]):
        return True
    return not anchored and node.nullable()


def _dots(node: PatternNode) -> bool:
    while node.type == "group":
        node = node.parts[0]
    return node.type == "any" or (
        node.type == "repeat" and node.parts[0].type == "any" and node.low <= 1 and node.high is None
    )


def _aggregate(
    rule: LintedRule, path: DocumentPath, tag: Mapping[str, Json], extra_keys: frozenset[str]
) -> Iterator[LintFinding]:
    operation, name, match = as_text(tag.get("operation")) or "NONE", as_text(tag.get("tag")), as_text(tag.get("match"))
    place = (*path, "operation")
    if operation == "NONE":
        if match.startswith("MATH_") and name in TEXT_KEYS:
            yield warning(
                (*path, "match"),
                "math-on-text",
                f"{name} is text: {match} has no number to compare",
                "use EQUAL or REGEX",
            )
        return
    if operation not in AGGREGATES:
        return
    yield info(
        place, "aggregate", f"over which events {operation} runs is not documented", "test it under each aggregate_span"
    )
    if operation in {"SUM", "AVG"} and name in TEXT_KEYS:
        yield warning(place, "aggregate-text", f"{name} is text: {operation} has nothing to add", "use COUNT")
    if operation in {"SUM", "AVG"} and rule.event_type == 3 and name not in extra_keys:
        yield warning(place, "aggregate-like", "a like carries no amount", "use COUNT")
    if match in {"EQUAL", "REGEX"}:
        yield warning(
            (*path, "match"), "aggregate-not-math", f"{operation} gives a number; {match} compares text", "use MATH_GE"
        )


def _name(
    rule: LintedRule, path: DocumentPath, tag: Mapping[str, Json], extra_keys: frozenset[str]
) -> Iterator[LintFinding]:
    name, kind = as_text(tag.get("tag")), rule.event_type
    if not name or not isinstance(kind, int) or rule.relation == "RESERVED":
        return
    place = (*path, "tag")
    if kind == 10:
        if name != "content":
            yield error(
                place, "tag-not-content", f"event_type 10 knows the tag content, not {name}", "write tag: content"
            )
        return
    known = DOCUMENTED_KEYS.get(kind)
    if known is not None and name not in known and name not in extra_keys:
        near = next((key for key in sorted(known) if name.lower().endswith(key.lower())), "")
        hint = f"use {near}" if near else f"use one of {', '.join(sorted(known))}"
        yield warning(place, "tag-foreign", f"events of type {kind} carry no documented key {name}", hint)

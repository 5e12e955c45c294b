"""Lints of a condition's tags taken together: what can never hold, and what always does (docs/api/rules.md §7)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from reconciler.interaction_rules.event import as_number
from reconciler.interaction_rules.lint_finding import LintedRule, LintFinding, as_text, error, warning
from reconciler.interaction_rules.portable_regex import parse_pattern
from reconciler.interaction_rules.regex_engine import pattern_verdict
from reconciler.model.json_types import Json
from reconciler.model.source_map import DocumentPath


def joined_lints(rule: LintedRule, tags: list[tuple[DocumentPath, Mapping[str, Json]]]) -> Iterator[LintFinding]:
    """Yield findings of tags on the same key."""
    by_name: dict[str, list[tuple[DocumentPath, Mapping[str, Json]]]] = {}
    for path, tag in tags:
        plain = as_text(tag.get("operation")) in {"", "NONE"}
        if plain and as_text(tag.get("tag")) and isinstance(tag.get("value"), str):
            by_name.setdefault(as_text(tag["tag"]), []).append((path, tag))
    for name, found in by_name.items():
        if len(found) < 2:
            continue
        if rule.relation == "AND" and (reason := _contradiction(found)):
            yield error(
                (*found[-1][0], "value"),
                "contradiction",
                f"no {name} satisfies every tag: {reason}",
                "use OR, or remove one",
                (*found[0][0], "value"),
            )
        if rule.relation == "OR" and _covers_all(found):
            yield warning(
                (*found[-1][0], "value"),
                "tautology",
                f"every number satisfies one of the tags on {name}",
                "remove the rule's condition, or tighten it",
                (*found[0][0], "value"),
            )


def _contradiction(tags: list[tuple[DocumentPath, Mapping[str, Json]]]) -> str:
    equals = [as_text(tag["value"]) for _, tag in tags if tag.get("match") == "EQUAL"]
    if len(set(equals)) > 1 and len({as_number(text) or text for text in equals}) > 1:
        return f"it cannot equal {equals[0]!r} and {equals[1]!r}"
    low, high = _interval(tags)
    if low is not None and high is not None:
        (bottom, low_open), (top, high_open) = low, high
        if bottom > top or (bottom == top and (low_open or high_open)):
            return "the numeric bounds leave nothing"
    for _, tag in tags:
        pattern = as_text(tag["value"])
        if tag.get("match") == "REGEX" and parse_pattern(pattern).portable:
            for text in equals:
                verdict = pattern_verdict(pattern, text, mode="search", engine="portable", case="insensitive")
                exact = pattern_verdict(pattern, text, mode="search", engine="portable", case="sensitive")
                if verdict is False or (verdict is None and exact is False):
                    return f"{pattern!r} is not found in {text!r}"
    return ""


Bound = tuple[Decimal, bool]


def _interval(tags: list[tuple[DocumentPath, Mapping[str, Json]]]) -> tuple[Bound | None, Bound | None]:
    lows: list[Bound] = []
    highs: list[Bound] = []
    for _, tag in tags:
        match, number = as_text(tag.get("match")), as_number(as_text(tag["value"]))
        if number is None:
            continue
        if match in {"MATH_GT", "MATH_GE", "MATH_EQ"}:
            lows.append((number, match == "MATH_GT"))
        if match in {"MATH_LT", "MATH_LE", "MATH_EQ"}:
            highs.append((number, match == "MATH_LT"))
    return max(lows, default=None), min(highs, key=lambda bound: (bound[0], not bound[1]), default=None)


def _covers_all(tags: list[tuple[DocumentPath, Mapping[str, Json]]]) -> bool:
    lows: list[Bound] = []
    highs: list[Bound] = []
    for _, tag in tags:
        match, number = as_text(tag.get("match")), as_number(as_text(tag["value"]))
        if number is None:
            continue
        if match in {"MATH_GT", "MATH_GE"}:
            lows.append((number, match == "MATH_GT"))
        if match in {"MATH_LT", "MATH_LE"}:
            highs.append((number, match == "MATH_LT"))
    return any(
        low < high or (low == high and not (low_open and high_open))
        for low, low_open in lows
        for high, high_open in highs
    )

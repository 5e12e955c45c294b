"""Lints of interaction rules: what a library or a room says that is wrong, unintended or worth knowing.

The catalogue is docs/api/rules.md §7. Nothing here needs a setting: an error holds in every reading, a warning names
the reading under which it matters.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from reconciler.interaction_rules.condition_lints import condition_lints
from reconciler.interaction_rules.lint_finding import LintedRule, LintFinding, as_mapping, as_text, error, warning
from reconciler.interaction_rules.portable_regex import parse_pattern
from reconciler.interaction_rules.regex_engine import pattern_verdict
from reconciler.interaction_rules.reply_lints import reply_lints
from reconciler.model.json_types import Json, as_list

MOST_RULES = 500
MOST_PAIRS = 20_000
"""Pairs of rules of one audience that are compared; a library beyond it is compared in part, its neighbours first."""


def lint_rules(
    spec: Mapping[str, Json], *, room: bool, extra_keys: frozenset[str] = frozenset()
) -> tuple[LintFinding, ...]:
    """Return every finding of the rules in a spec, in the order of the rules.

    `room` tells that the spec is a room's: its rules are copies, and its scenes and voices count. `extra_keys` are keys
    that the reporter of events adds.
    """
    rules = [LintedRule(i, r) for i, r in enumerate(as_list(spec.get("interaction_rules"))) if isinstance(r, Mapping)]
    found: list[LintFinding] = []
    if len(rules) > MOST_RULES:
        message = f"{len(rules)} rules; at most {MOST_RULES} are accepted"
        found.append(error(("interaction_rules",), "rules-many", message, "split the library"))
    scenes = _scene_names(spec) if room else frozenset()
    for rule in rules:
        found.extend(condition_lints(rule, extra_keys))
        found.extend(reply_lints(rule, spec if room else None))
        if scenes:
            found.extend(_scenes(rule, scenes))
    for audience in _audiences(rules):
        found.extend(_reserved(audience))
        found.extend(_pairs(audience))
    return tuple(sorted(found, key=lambda finding: [str(step).rjust(6) for step in finding.path[1:2]]))


def _scene_names(room: Mapping[str, Json]) -> frozenset[str]:
    names = (as_mapping(scene).get("script_name") for scene in as_list(room.get("scene_scripts")))
    return frozenset(name for name in names if isinstance(name, str))


def _scenes(rule: LintedRule, scenes: frozenset[str]) -> Iterator[LintFinding]:
    named = [name for name in as_list(rule.rule.get("enabled_scenes")) if isinstance(name, str)]
    unknown = [name for name in named if name not in scenes]
    for name in unknown:
        never = ": the rule never works" if len(unknown) == len(named) else ""
        path = (*rule.path, "enabled_scenes", named.index(name))
        yield warning(
            path,
            "scene-unknown",
            f"the room has no scene {name!r}{never}",
            f"use one of {', '.join(sorted(scenes)[:5])}",
        )


def _audiences(rules: Sequence[LintedRule]) -> Iterator[list[LintedRule]]:
    by_type: dict[object, list[LintedRule]] = {}
    for rule in rules:
        if rule.enabled and isinstance(rule.event_type, int):
            by_type.setdefault(rule.event_type, []).append(rule)
    yield from by_type.values()


def _reserved(audience: Sequence[LintedRule]) -> Iterator[LintFinding]:
    fallbacks = [rule for rule in audience if rule.relation == "RESERVED"]
    for rule in fallbacks[1:]:
        yield warning(
            (*rule.path, "hit_condition", "relation"),
            "reserved-twice",
            f"a second RESERVED rule for one audience, beside {fallbacks[0].name!r}",
            "keep one",
            (*fallbacks[0].path, "hit_condition", "relation"),
        )
    for rule in fallbacks:
        other = next(
            (
                one
                for one in audience
                if one is not rule and one.relation != "RESERVED" and one.priority >= rule.priority
            ),
            None,
        )
        if other is not None:
            path = (*rule.path, "hit_condition", "priority") if "priority" in rule.condition else rule.name_path
            yield warning(
                path,
                "reserved-not-last",
                f"RESERVED has priority {rule.priority}, which is not the largest: {other.name!r} has {other.priority}",
                "give RESERVED the largest priority",
                _priority_path(other),
            )


def _priority_path(rule: LintedRule) -> tuple[str | int, ...]:
    return (*rule.path, "hit_condition", "priority") if "priority" in rule.condition else rule.name_path


def _pairs(audience: Sequence[LintedRule]) -> Iterator[LintFinding]:
    seen: dict[object, LintedRule] = {}
    identities = {rule.index: _identity(rule) for rule in audience}
    witnesses = _Witnesses()
    for rule in audience:
        key = identities[rule.index]
        if key is None:
            continue
        if (first := seen.setdefault(key, rule)) is not rule:
            yield warning(
                rule.name_path,
                "duplicate",
                f"the same condition as {first.name!r}: both answer, or one never does",
                "remove one of the two",
                first.name_path,
            )
    compared = 0
    ordered = sorted(audience, key=lambda rule: (rule.priority, rule.index))
    for place, rule in enumerate(ordered):
        for other in ordered[place + 1 :]:
            compared += 1
            if compared > MOST_PAIRS:
                return
            if rule.priority == other.priority:
                if identities[rule.index] is None or identities[rule.index] != identities[other.index]:
                    yield from _tie(witnesses, *sorted((rule, other), key=lambda one: one.index))
            else:
                yield from _unreachable(rule, other)


def _identity(rule: LintedRule) -> object:
    if rule.relation == "RESERVED":
        return None
    tags = frozenset(
        (
            as_text(tag.get("tag")),
            as_text(tag.get("operation")) or "NONE",
            as_text(tag.get("match")),
            as_text(tag.get("value")),
        )
        for _, tag in rule.tags()
    )
    return (rule.relation, tags) if tags else None


class _Witnesses(dict[int, list[dict[str, str]]]):
    """Witnesses of the rules of one list, by index, each found once however many rules it is compared with."""

    def of(self, rule: LintedRule) -> list[dict[str, str]]:
        """Return what a rule holds for, as values by tag."""
        if rule.index not in self:
            self[rule.index] = list(_witnesses(rule))
        return self[rule.index]

    def joined(self, first: LintedRule, second: LintedRule) -> Iterator[dict[str, str]]:
        """Join witnesses of two rules that look at different tags: one event may carry both."""
        for one in self.of(first)[:8]:
            for two in self.of(second)[:8]:
                if not one.keys() & two.keys():
                    yield {**one, **two}


def _tie(witnesses: _Witnesses, first: LintedRule, second: LintedRule) -> Iterator[LintFinding]:
    """A tie counts only with a witness: one text that both rules hold for."""
    if first.relation == "RESERVED" or second.relation == "RESERVED":
        return
    for witness in chain(witnesses.of(first), witnesses.of(second), witnesses.joined(first, second)):
        if _holds(first, witness) and _holds(second, witness):
            shown = ", ".join(f"{name}={value!r}" for name, value in witness.items())
            yield warning(
                _priority_path(second),
                "tie",
                f"{shown} hits {first.name!r} too, also at priority {first.priority}: which answers is not documented",
                "give them different priorities",
                _priority_path(first),
            )
            return


def _witnesses(rule: LintedRule) -> Iterator[dict[str, str]]:
    choices: list[dict[str, str]] = [{}]
    for _, tag in rule.tags():
        name, values = as_text(tag.get("tag")), _examples(tag)
        if rule.relation == "OR":
            choices.extend({name: value} for value in values)
        else:
            choices = [{**known, name: known.get(name, "") + value} for known in choices for value in values[:3]][:16]
    yield from (choice for choice in choices if choice)


def _examples(tag: Mapping[str, Json]) -> list[str]:
    value, match = as_text(tag.get("value")), as_text(tag.get("match"))
    if (as_text(tag.get("operation")) or "NONE") != "NONE":
        return []
    if match == "EQUAL":
        return [value]
    if match == "REGEX":
        texts = [text for branch in parse_pattern(value).branches if (text := branch.literal()) is not None]
        return texts if parse_pattern(value).portable else []
    try:
        number = int(value)
    except ValueError:
        return []
    return [str(number + {"MATH_GT": 1, "MATH_LT": -1}.get(match, 0))] if match.startswith("MATH_") else []


def _holds(rule: LintedRule, witness: Mapping[str, str]) -> bool:
    verdicts = [_tag_holds(tag, witness) for _, tag in rule.tags()]
    if not verdicts:
        return False
    return any(verdicts) if rule.relation == "OR" else all(verdicts)


def _tag_holds(tag: Mapping[str, Json], witness: Mapping[str, str]) -> bool:
    text, value, match = witness.get(as_text(tag.get("tag"))), as_text(tag.get("value")), as_text(tag.get("match"))
    if text is None or (as_text(tag.get("operation")) or "NONE") != "NONE":
        return False
    if match == "EQUAL":
        return text == value
    if match == "REGEX":
        return pattern_verdict(value, text, mode="search", engine="portable", case="sensitive") is True
    try:
        number, bound = int(text), int(value)
    except ValueError:
        return False
    return {
        "MATH_GT": number > bound,
        "MATH_GE": number >= bound,
        "MATH_LT": number < bound,
        "MATH_LE": number <= bound,
        "MATH_EQ": number == bound,
    }.get(match, False)


def _unreachable(strong: LintedRule, weak: LintedRule) -> Iterator[LintFinding]:
    """A stronger rule covers a weaker one: under `search` and `first`, while its window is 0 or it consumes."""
    if strong.relation == "RESERVED" or weak.relation == "RESERVED":
        return
    tags, others = [tag for _, tag in strong.tags()], [tag for _, tag in weak.tags()]
    if len(tags) != 1 or not _is_keyword(tags[0]):
        return
    parsed = parse_pattern(as_text(tags[0].get("value")))
    if parsed.invalid:
        return
    every = any(branch.nullable() or branch.literal() == "" for branch in parsed.branches)
    literals = (
        None
        if len(others) != 1 or not _is_keyword(others[0])
        else parse_pattern(as_text(others[0].get("value"))).literals
    )
    covered = (
        parsed.literals is not None
        and literals is not None
        and all(any(short in text for short in parsed.literals) for text in literals)
    )
    if not every and not covered:
        return
    condition = "" if strong.window == 0 else " where it has window 0 or suppressed: consumes"
    yield warning(
        weak.name_path,
        "unreachable",
        f"{strong.name!r} (priority {strong.priority}) covers it: under dispatch: first and regex_mode: search "
        f"it never answers{condition}",
        "give it a smaller priority, or narrow the other rule",
        strong.name_path,
    )


def _is_keyword(tag: Mapping[str, Json]) -> bool:
    return (
        tag.get("match") == "REGEX"
        and tag.get("tag") == "content"
        and (as_text(tag.get("operation")) or "NONE") == "NONE"
    )

"""Checks between the fields of interaction rules, in groups and in rooms alike."""

from collections.abc import Iterator, Mapping

from reconciler.kinds.base.problem import Check, SpecProblem, about, objects, value_at
from reconciler.kinds.media_layers import CANVASES, layer_problems
from reconciler.model.json_types import Json

PRESET = 10
"""The event type whose tags are always `content` (seed 003)."""


@about("interaction_rules")
def names(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check that rule names are unique in their group, since rules pair by name."""
    first: dict[tuple[str, str], int] = {}
    for index, rule in objects(spec, "interaction_rules"):
        name, group = rule.get("rule_name"), rule.get("group_name") or rule.get("group_id") or ""
        path = ("interaction_rules", index, "rule_name")
        if name == "":
            yield SpecProblem(path, "E_FIELD_REQUIRED", "rule_name is empty", "give the rule a name: rules pair by it")
        elif isinstance(name, str) and isinstance(group, str) and first.setdefault((group, name), index) != index:
            where = f"rule {first[group, name] + 1} of this list"
            hint = "rename one: rules of one group pair by name"
            yield SpecProblem(path, "E_RULE_DUPLICATE", f"the rule name {name!r} is taken by {where}", hint)


@about("interaction_rules")
def preset_tags(spec: Mapping[str, Json]) -> Iterator[SpecProblem]:
    """Check that with event type 10 the only tag is `content` (seed 003: tag)."""
    for index, rule in objects(spec, "interaction_rules"):
        if rule.get("event_type") != PRESET:
            continue
        for number, tag in objects(rule, "hit_condition", "tags"):
            if tag.get("tag") != "content":
                path = ("interaction_rules", index, "hit_condition", "tags", number, "tag")
                message = f"with event_type {PRESET} the tag must be 'content', not {tag.get('tag')!r}"
                yield SpecProblem(path, "E_RULE_TAG", message, "write tag: content")


@about("interaction_rules")
def layers(spec: Mapping[str, Json], canvases: tuple[tuple[int, int], ...] = CANVASES) -> Iterator[SpecProblem]:
    """Check that layers of replies are inside the picture."""
    for index, rule in objects(spec, "interaction_rules"):
        for name in ("layer_config", "extra_layer_config"):
            path = ("interaction_rules", index, "trigger", name)
            yield from layer_problems(path, value_at(rule, "trigger", name), canvases)


CHECKS: tuple[Check, ...] = (names, preset_tags, layers)

"""A rule prepared for evaluation: what it compares, when it may fire, what it says.

Built from the API's own shape (`InteractionRule` of a group or a room); a field of a wrong type counts as absent, as
`validate` reports it.
"""

from collections.abc import Iterable, Mapping

from reconciler.kinds.base.problem import as_integer, as_text
from reconciler.late_methods import dataclass
from reconciler.model.json_types import Json, as_list, as_object

DEFAULT_PRIORITY = 500
SPEAKING = frozenset({"", "SYSTEM_REPLY", "SYSTEM_REPLY_AND_CALLBACK"})
"""Reply modes that say a preset text; a rule without a mode is read as one of them."""

CALLBACKS = frozenset({"CALLBACK", "SYSTEM_REPLY_AND_CALLBACK"})
AGGREGATES = frozenset({"SUM", "AVG", "COUNT"})


@dataclass(frozen=True, slots=True)
class Tag:
    """One comparison of a rule's condition; `operation` is NONE, SUM, AVG or COUNT."""

    name: str
    match: str
    value: str
    operation: str = "NONE"

    @property
    def aggregated(self) -> bool:
        """Whether it looks at earlier events too."""
        return self.operation in AGGREGATES


@dataclass(frozen=True, slots=True)
class EvaluatedRule:
    """One rule. `index` is its place in the list; `relation` is AND, OR, RESERVED or "" where it is absent.

    `window` is in seconds, None where it is absent. `texts` are what it may say, `audios` counts its recordings.
    """

    index: int
    name: str
    event_type: int | None
    enabled: bool
    relation: str
    priority: int
    tags: tuple[Tag, ...]
    window: int | None
    texts: tuple[str, ...]
    audios: int
    order: str
    mode: str
    layers: tuple[str, ...]
    library: str
    scenes: tuple[str, ...] | None

    @property
    def reserved(self) -> bool:
        """Whether it is a fallback reply, whose tags are not checked."""
        return self.relation == "RESERVED"

    @property
    def callback(self) -> bool:
        """Whether it calls another service."""
        return self.mode in CALLBACKS


def prepare_rules(rules: Iterable[Json]) -> tuple[EvaluatedRule, ...]:
    """Prepare the rules of a library or a room, in their order; items that are no objects are left out."""
    return tuple(_rule(index, item) for index, item in enumerate(rules) if isinstance(item, Mapping))


def _rule(index: int, rule: Mapping[str, Json]) -> EvaluatedRule:
    condition, trigger = as_object(rule.get("hit_condition")), as_object(rule.get("trigger"))
    mode = as_text(trigger.get("reply_mode"))
    speaks = mode in SPEAKING
    return EvaluatedRule(
        index=index,
        name=as_text(rule.get("rule_name")) or f"#{index + 1}",
        event_type=as_integer(rule.get("event_type")),
        enabled=rule.get("enabled") is not False,
        relation=as_text(condition.get("relation")).upper(),
        priority=DEFAULT_PRIORITY if (priority := as_integer(condition.get("priority"))) is None else priority,
        tags=tuple(_tag(item) for item in as_list(condition.get("tags")) if isinstance(item, Mapping)),
        window=as_integer(trigger.get("time_window")),
        texts=tuple(text for text in as_list(trigger.get("reply_texts")) if isinstance(text, str)) if speaks else (),
        audios=len(as_list(trigger.get("reply_audios"))) if speaks else 0,
        order=as_text(trigger.get("reply_order")),
        mode=mode,
        layers=tuple(name for name in ("layer_config", "extra_layer_config") if trigger.get(name)),
        library=as_text(rule.get("group_name")) or as_text(rule.get("group_id")),
        scenes=_scenes(rule.get("enabled_scenes")),
    )


def _tag(item: Mapping[str, Json]) -> Tag:
    return Tag(
        name=as_text(item.get("tag")),
        match=as_text(item.get("match")),
        value=as_text(item.get("value")),
        operation=as_text(item.get("operation")) or "NONE",
    )


def _scenes(value: Json) -> tuple[str, ...] | None:
    return tuple(scene for scene in value if isinstance(scene, str)) if isinstance(value, list) and value else None

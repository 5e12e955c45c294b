"""Interaction rules: conditions on events of a live room, and their actions.

A rule stands in a rule group, or as a copy inside a room; both makes share everything here. Sources: seed 003
(ListInteractionRuleGroups), SDK objects InteractionRuleDetailInfo and LiveRoomInteractionRuleInfo.
"""

from typing import Annotated, Literal

from reconciler.kinds.base.field_builders import (
    SET,
    SpecModel,
    choice,
    flag,
    integer,
    item_text,
    items,
    nested_object,
    text,
)
from reconciler.kinds.media_layers import SmartLayerConfig

TIME = "RFC 3339 UTC, seconds, Z (exactly 20 characters)"
EVENTS = {1: "on-screen comment", 2: "user joins", 3: "like", 4: "gift", 10: "preset script"}
"""The event types that mean anything; the API takes 0-100 (api.md §9)."""

WRITTEN_ALONE = frozenset({"rule_name", "event_type", "hit_condition", "trigger"})
"""Fields of the calls for single rules: neither `enabled` nor `review_config` (SDK: CreateInteractionRuleReq)."""


class HitConditionTag(SpecModel):
    """One comparison with a value out of the event."""

    tag: str | None = text(
        0,
        256,
        examples=("content", "level"),
        doc="Event types 1-4: a key inside event.content, such as content or level; event type 10: content.",
    )
    operation: Literal["SUM", "AVG", "COUNT", "NONE"] | None = choice(
        default="NONE", doc="What is done with the values: summed, averaged, counted, nothing."
    )
    match: Literal["EQUAL", "REGEX", "MATH_GT", "MATH_GE", "MATH_LT", "MATH_LE", "MATH_EQ"] | None = choice(
        doc="How the value is compared; REGEX is advised for keywords."
    )
    value: str | None = text(
        0,
        1024,
        examples=("price|how much|多少钱",),
        doc="What it is compared with, always a text; keywords are joined with |.",
    )


class HitCondition(SpecModel):
    """Condition of a rule."""

    relation: Literal["AND", "OR", "RESERVED"] | None = choice(
        doc="How the tags are joined; RESERVED is the fallback reply, whose tags are not looked at."
    )
    priority: int | None = integer(0, 999, default=500, doc="The lower number wins.")
    tags: list[HitConditionTag] | None = items(1, 5, rule=SET, doc="The comparisons; their order means nothing.")


class ReplyAudioInfo(SpecModel):
    """A recorded reply."""

    audio_url: str | None = text(0, 2048, volatile_url=True, doc="Address of the recording.")
    audio_name: str | None = text(0, 256, doc="Name of the recording.")


class TriggerProcess(SpecModel):
    """Action of a rule."""

    time_window: int | None = integer(
        -1,
        7200,
        unit="second",
        examples=(60,),
        doc="-1 = once per broadcast, 0 = every time, n = at most once in n seconds.",
    )
    reply_mode: (
        Literal["SYSTEM_REPLY", "CALLBACK", "SYSTEM_REPLY_AND_CALLBACK", "SHOW_LAYER", "INTELLIGENT_REPLY"] | None
    ) = choice(
        doc="SYSTEM_REPLY speaks, CALLBACK tells another service, SHOW_LAYER only shows, INTELLIGENT_REPLY thinks."
    )
    layer_config: SmartLayerConfig | None = nested_object(doc="The layer that is shown.")
    extra_layer_config: SmartLayerConfig | None = nested_object(doc="A second layer, for dynamic product text.")
    reply_texts: list[Annotated[str, item_text(0, 1024)]] | None = items(
        0,
        5,
        examples=(["The price is in the lower left corner."],),
        doc="Replies, spoken at random or in order; a repeated one is chosen more often.",
    )
    reply_audios: list[ReplyAudioInfo] | None = items(
        0, 5, doc="Recorded replies. They have no key: audio_url may be signed anew at every read."
    )
    reply_order: Literal["RANDOM", "ORDER"] | None = choice(
        doc="How a reply is chosen: at random, or one after the other."
    )
    reply_role: Literal["STREAMER", "CO_STREAMER"] | None = choice(
        default="STREAMER", doc="Who speaks it; the assistant is a voice alone."
    )
    robot_id: str | None = text(
        0, 64, required_when="reply_mode == 'INTELLIGENT_REPLY'", doc="The robot that thinks of an answer."
    )
    play_type: Literal["APPEND", "INSERT", "PLAY_NOW"] | None = choice(
        default="PLAY_NOW", doc="APPEND: last in the queue; INSERT: after the sentence; PLAY_NOW: at once."
    )


class ReviewConfig(SpecModel):
    """Whether content is reviewed before it is used."""

    no_need_review: bool | None = flag(
        server_may_override=True,
        doc="Only for white-listed accounts; for others the service keeps to its own policy, whatever is sent.",
    )


class InteractionRule(SpecModel):
    """Fields of every rule."""

    rule_name: str = text(
        0, 256, required=True, examples=("price",), doc="Name of the rule, unique in its group; rules pair by it."
    )
    enabled: bool | None = flag(default=True, doc="Whether the rule is looked at.")
    event_type: int | None = integer(
        0,
        100,
        recommended_values=tuple(EVENTS),
        doc="; ".join(f"{number} = {meaning}" for number, meaning in EVENTS.items()) + ".",
    )
    hit_condition: HitCondition | None = nested_object(doc="When the rule applies.")
    trigger: TriggerProcess | None = nested_object(doc="What it does.")
    review_config: ReviewConfig | None = nested_object(doc="Whether its texts are reviewed.")

"""The kind InteractionRuleGroup: a library of interaction rules.

Sources: seed 003 (ListInteractionRuleGroups), SDK objects InteractionRuleGroup and InteractionRuleGroupDetail. Seed 003
documents the rules in the list; since 2025-05-22 the API text says that the list leaves them out (api.md §1), so
that they are marked `list_may_hide`: absent is unknown, never empty.
"""

from typing import ClassVar

from reconciler.kinds.base.field import FieldRole
from reconciler.kinds.base.field_builders import SpecModel, items, keyed_by, text
from reconciler.kinds.base.kind import Endpoints, ItemCollection, Kind, ListFilter, TableColumn
from reconciler.kinds.base.probe_bodies import MARKED_ITEMS, MARKED_TEXT, ProbeBodies
from reconciler.kinds.interaction_rule_group.checks import CHECKS
from reconciler.kinds.interaction_rule_group.rule import TIME, WRITTEN_ALONE, InteractionRule
from reconciler.kinds.interaction_rule_group.rule_sentence import rule_sentence
from reconciler.model.json_types import Json


class InteractionRuleDetailInfo(InteractionRule):
    """A rule of a group."""

    rule_name: str = text(
        0, 256, required=True, role=FieldRole.IDENTITY, doc="Name of the rule, unique in its group; rules pair by it."
    )

    class Answer(SpecModel):
        """Fields of a rule that the service assigns; a PUT sends back the index alone."""

        rule_id: str | None = text(1, 64, doc="Given by the service, anew at every PUT of the group.")
        rule_index: str | None = text(0, 64, in_create=True, in_update=True, doc="Given by the service.")
        create_time: str | None = text(20, 20, format=TIME, doc="When it was made.")
        update_time: str | None = text(20, 20, format=TIME, doc="When it was last written.")


class InteractionRuleGroupAnswer(SpecModel):
    """Fields outside a manifest's spec: the name, which is metadata.name, and computed fields."""

    api_object = "InteractionRuleGroupDetail"
    group_id: str | None = text(1, 64, in_list=True, doc="Id of the group.")
    group_name: str | None = text(
        1,
        256,
        role=FieldRole.IDENTITY,
        required_in=("create", "update"),
        in_list=True,
        in_create=True,
        in_update=True,
        doc="Name of the group.",
    )
    create_time: str | None = text(20, 20, format=TIME, in_list=True, doc="When it was made.")
    update_time: str | None = text(20, 20, format=TIME, in_list=True, doc="When it was last written.")


class InteractionRuleGroup(SpecModel):
    """A library of interaction rules."""

    api_object = "InteractionRuleGroupDetail"
    Answer: ClassVar = InteractionRuleGroupAnswer

    interaction_rules: list[InteractionRuleDetailInfo] | None = items(
        0,
        500,
        rule=keyed_by("rule_name", server=("rule_id", "rule_index")),
        in_list=True,
        list_may_hide=True,
        doc="The rules; hit_condition.priority decides, not their order. At most 500 (100 before 2025-04).",
    )


def _rule(name: str, *keywords: str, text: str = "doctor", **more: Json) -> dict[str, Json]:
    tags: list[Json] = [{"tag": "content", "match": "EQUAL", "value": keyword} for keyword in keywords or ("doctor",)]
    return {
        "rule_name": name,
        "event_type": 1,
        "hit_condition": {"relation": "OR", "tags": tags},
        "trigger": {"time_window": 60, "reply_mode": "SYSTEM_REPLY", "reply_texts": [text], "reply_order": "RANDOM"},
        **more,
    }


def _body(first: dict[str, Json]) -> dict[str, Json]:
    return {"interaction_rules": [first, _rule("second", enabled=False), _rule("third")]}


_PROBE = ProbeBodies(
    plain=_body(_rule("first")),
    marked=_body(_rule("first", *MARKED_ITEMS, text=MARKED_TEXT)),
    overridden=_body(_rule("first", review_config={"no_need_review": True})),
    mistyped=_body(_rule("first", event_type="doctor")),
    added_item=_rule("fourth"),
    changed_item=_rule("second", text="changed"),
)
"""Bodies of the group that `doctor --probe-writes` creates and deletes; no live room refers to it."""

_COLLECTION = "/v1/{project_id}/smart-live-interaction-rule-groups"

KIND = Kind(
    name="InteractionRuleGroup",
    title="Interaction rule group",
    model=InteractionRuleGroup,
    id_field="group_id",
    name_field="group_name",
    endpoints=Endpoints(
        collection=_COLLECTION,
        items="interaction_rule_groups",
        count="count",
        summary=_COLLECTION + "-summary",
        filters=(
            ListFilter(
                parameter="group_name",
                field="group_name",
                max_length=256,
                doc="Name of the group, or a part of it: the documentation does not tell which.",
            ),
            ListFilter(
                parameter="create_since",
                field="create_time",
                match="since",
                max_length=20,
                doc="Created then or later.",
            ),
            ListFilter(
                parameter="create_until",
                field="create_time",
                match="until",
                max_length=20,
                doc="Created then or earlier.",
            ),
        ),
    ),
    item_collection=ItemCollection(
        path=_COLLECTION + "/{id}/rules",
        field="interaction_rules",
        id_field="rule_id",
        create_fields=WRITTEN_ALONE,
        update_fields=WRITTEN_ALONE,
    ),
    checks=CHECKS,
    version_fields=("update_time",),
    example="examples/kinds/InteractionRuleGroup.yaml",
    source="docs/api/fields.yaml, resources.interaction_rule_group",
    probe=_PROBE,
    plural="rule-groups",
    columns=(TableColumn(title="Created", field="create_time"),),
    sentences={"interaction_rules": rule_sentence},
)

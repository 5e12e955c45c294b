"""Walks of a field tree: steps, fields and values, on a real kind's table and on the compiled one."""

import pytest

from reconciler.kinds.registry import all_kinds, kind_named
from reconciler.model.field_path import ItemKey
from reconciler.model.field_tree import (
    Visit,
    child_at,
    field_at,
    field_at_printed,
    is_undescribed,
    map_parts,
    rewrite,
    walk_fields,
)
from reconciler.semantics.compiled_field import compiled

GROUP = kind_named("InteractionRuleGroup")
RULE = {"rule_name": "price", "trigger": {"reply_texts": ["a", "b"]}, "new": {"x": 1}}
SPEC = {"group_name": "g", "interaction_rules": [RULE], "unheard_of": [1]}


@pytest.mark.parametrize("root", [GROUP.root, compiled(GROUP)])
def test_a_field_is_found_by_name_index_key_and_printed_step(root):
    texts = root.children["interaction_rules"].item.children["trigger"].children["reply_texts"].item
    for step in (0, 7, ItemKey(("price",))):
        assert field_at(root, ("interaction_rules", step, "trigger", "reply_texts", 0)) is texts
    for step in (0, "[price]", '["3"]#2'):
        assert field_at_printed(root, ("interaction_rules", step, "trigger", "reply_texts", "[0]")) is texts
    assert field_at(root, ()) is root


@pytest.mark.parametrize(
    "path", [("no",), ("interaction_rules", "[0]"), ("interaction_rules", 0, 0), ("no", "more", 1)]
)
def test_a_path_that_the_table_does_not_have_leads_nowhere(path):
    assert field_at(GROUP.root, path) is None
    assert child_at(None, "anything") is None


def test_the_walk_visits_every_field_of_every_kind_once():
    for kind in all_kinds().values():
        walked = list(walk_fields(kind.root))
        assert len({id(field) for field in walked}) == len(walked)
        assert {field.path for field in walked if field.name} == kind.fields.keys()


def test_a_visitor_that_goes_into_everything_changes_nothing():
    assert rewrite(GROUP.root, SPEC, lambda field, part: part if field is None else Visit.INTO) == SPEC


def test_a_visitor_drops_replaces_and_keeps():
    def visit(field, part):
        if field is None:
            return Visit.DROP
        return part.upper() if field.path.endswith("reply_texts[]") else Visit.INTO

    wished = {"rule_name": "price", "trigger": {"reply_texts": ["A", "B"]}}
    assert rewrite(GROUP.root, SPEC, visit) == {"group_name": "g", "interaction_rules": [wished]}
    assert SPEC["interaction_rules"] == [RULE]


def test_an_item_can_be_dropped_and_the_outermost_value_is_null_then():
    texts = GROUP.fields["interaction_rules[].trigger.reply_texts"]
    assert rewrite(texts, ["a", "b"], lambda _, part: Visit.DROP if part == "a" else Visit.INTO) == ["b"]
    assert rewrite(texts, ["a"], lambda _field, _part: Visit.DROP) is None


@pytest.mark.parametrize("value", [None, 1, "x", True, [1], {}])
def test_a_value_of_another_type_has_no_parts(value):
    name = GROUP.fields["group_name"]
    assert map_parts(name, value, lambda _field, _part: Visit.DROP) == value


def test_an_object_that_the_table_does_not_describe_is_one():
    assert is_undescribed(GROUP.fields["group_name"], {"a": 1})
    assert not is_undescribed(GROUP.root, {"a": 1})
    assert not is_undescribed(GROUP.fields["group_name"], "a")

"""Leaves of a value: every one, with a path that leads to it, and changed in place."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.field_path import iter_leaves, map_leaves, schema_path

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


def at(value, path):
    for step in path:
        value = value[step]
    return value


@given(VALUES)
def test_every_leaf_is_at_its_path(value):
    for path, leaf in iter_leaves(value):
        assert at(value, path) is leaf
        assert not isinstance(leaf, (dict, list))


@given(VALUES)
def test_changing_each_leaf_to_itself_changes_nothing(value):
    assert map_leaves(value, lambda leaf: leaf) == value


@given(VALUES)
def test_each_leaf_is_changed_once_and_nothing_else(value):
    changed = map_leaves(value, lambda leaf: (leaf,))
    assert [(path, (leaf,)) for path, leaf in iter_leaves(value)] == list(iter_leaves(changed))


def test_a_path_is_printed_as_in_the_table():
    assert (
        schema_path(("interaction_rules", 3, "trigger", "reply_texts", 0))
        == "interaction_rules[].trigger.reply_texts[]"
    )

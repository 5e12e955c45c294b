"""Leaves of a value: every one, with a path that leads to it, and known where it has to be."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import NoValue, without_unknown
from reconciler.model.field_path import iter_leaves, schema_path

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)


def inside(inner):
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)


VALUES = st.recursive(SCALARS, inside)


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
def test_plain_json_has_nothing_unknown(value):
    assert without_unknown(value) == value


@given(st.recursive(SCALARS | st.sampled_from(NoValue), inside))
def test_what_is_unknown_becomes_null_and_nothing_else_changes(value):
    expected = [(path, None if isinstance(leaf, NoValue) else leaf) for path, leaf in iter_leaves(value)]
    assert list(iter_leaves(without_unknown(value))) == expected


def test_a_path_is_printed_as_in_the_table():
    assert (
        schema_path(("interaction_rules", 3, "trigger", "reply_texts", 0))
        == "interaction_rules[].trigger.reply_texts[]"
    )
